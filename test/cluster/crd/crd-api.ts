import assert from 'node:assert/strict';
import { crdFile } from '../../../scripts/crd-schema.ts';
import type { Written } from '../../crds/examples.ts';
import { crdsEstablished } from '../established.ts';
import { type Answer, ApiClient } from './api-client.ts';

/** What the suites need of a control plane, however it was started. */
export interface Plane {
  /** Path of a kubeconfig that may do everything, with a client certificate. */
  readonly kubeconfig: string;
  readonly kubectl: (parameters: readonly string[]) => Promise<string>;
}

export interface Cause {
  readonly field: string;
  readonly message: string;
}

/** Where the suites work. */
export const namespace = 'crd-scenario';
const at = `/apis/modelserver.dev/v1alpha1/namespaces/${namespace}/modelservers`;

/** ModelServers of a namespace of their own, on an API server that has the CRD. */
export class CrdApi {
  readonly #plane: Plane;
  readonly #client: ApiClient;

  private constructor(plane: Plane) {
    this.#plane = plane;
    this.#client = new ApiClient(plane.kubeconfig);
  }

  static async open(plane: Plane): Promise<CrdApi> {
    await plane.kubectl(['apply', '--server-side', '--filename', crdFile]);
    await crdsEstablished(plane.kubectl);
    const api = new CrdApi(plane);
    const { status } = await api.call('POST', '/api/v1/namespaces', { body: { metadata: { name: namespace } } });
    assert.ok(status === 201 || status === 409, `the namespace: ${status}`);
    // An established resource is served a moment later.
    await until(async () => (await api.call('GET', at)).status === 200);
    return api;
  }

  call(...parameters: Parameters<ApiClient['call']>): Promise<Answer> {
    return this.#client.call(...parameters);
  }

  /** kubectl in the namespace. @returns what it prints */
  kubectl(...parameters: string[]): Promise<string> {
    return this.#plane.kubectl([`--namespace=${namespace}`, ...parameters]);
  }

  /** What would become of it; unknown fields are refused. */
  dryRun(body: Written): Promise<Answer> {
    return this.call('POST', `${at}?dryRun=All&fieldValidation=Strict`, { body });
  }

  /** @param beside the spec */
  async create(name: string, spec: object, beside: object = {}): Promise<Answer> {
    const answer = await this.call('POST', at, { body: { ...modelServer(name, spec), ...beside } });
    assert.equal(answer.status, 201, answer.body.message);
    return answer;
  }

  /** @param path its name, or that and a subresource */
  get(path: string): Promise<Answer> {
    return this.call('GET', `${at}/${path}`);
  }

  /** @param path its name, or that and a subresource */
  replace(path: string, body: object): Promise<Answer> {
    return this.call('PUT', `${at}/${path}`, { body });
  }

  /** @param path its name, or that and a subresource */
  merge(path: string, body: object): Promise<Answer> {
    return this.call('PATCH', `${at}/${path}`, { body, type: 'application/merge-patch+json' });
  }

  /** Server-side apply, as from Git. */
  apply(name: string, spec: object): Promise<Answer> {
    const body = modelServer(name, spec);
    return this.call('PATCH', `${at}/${name}?fieldManager=git`, { body, type: 'application/apply-patch+yaml' });
  }

  /** What `kubectl get` shows of it. */
  table(name: string): Promise<Answer> {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    return this.call('GET', `${at}?fieldSelector=metadata.name%3D${name}`, { accept });
  }

  close(): void {
    this.#client.close();
  }
}

export function modelServer(name: string, spec: object): Written {
  return { apiVersion: 'modelserver.dev/v1alpha1', kind: 'ModelServer', metadata: { name }, spec: { ...spec } };
}

/** The least that is accepted. */
export function minimal() {
  return { repository: { persistentVolumeClaim: { claimName: 'models' } }, models: [{ name: 'digits' }] };
}

/**
 * What the API server complains of: not that it left rules out for that; and the scale subresource's own complaints under the
 * field that they are about.
 */
export function causesOf({ body }: Answer): Cause[] {
  return body.details.causes
    .filter(({ field }: Cause) => field !== '<nil>')
    .map(({ field, message }: Cause) => ({ field: field.replace(/^\./, ''), message }));
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('not there after 60 s');
}
