import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../../support/operator.ts';
import type { Condition } from '../../support/truth-table.ts';
import type { ControlPlane } from '../control-plane.ts';
import { Daemon } from '../daemon.ts';
import { freePorts } from '../free-ports.ts';
import { waitFor } from '../is-ready.ts';
import { kubernetesBinaries } from '../kubernetes-binaries.ts';
import { Artifacts } from './artifacts.ts';
import { customResources } from './custom-resources.ts';

const namespace = 'flux-system';

export interface Kustomization {
  readonly metadata: { readonly name: string; readonly generation: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly lastAttemptedRevision?: string;
    readonly lastAppliedRevision?: string;
    readonly conditions?: readonly Condition[];
  };
}

/** Flux's own kustomize-controller, and in place of its source-controller the test, which says what was committed. */
export class Flux {
  readonly #plane: ControlPlane;
  readonly #artifacts: Artifacts;
  #controller: Daemon;

  private constructor(plane: ControlPlane, artifacts: Artifacts, controller: Daemon) {
    this.#plane = plane;
    this.#artifacts = artifacts;
    this.#controller = controller;
  }

  static async start(plane: ControlPlane): Promise<Flux> {
    const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [...customResources, object] });
    await plane.kubectl(['apply', '--server-side', '--filename=-'], { input });
    await plane.kubectl(['wait', 'customresourcedefinitions', '--all', '--for=condition=Established', '--timeout=20s']);
    const artifacts = await Artifacts.start(plane.directory);
    return new Flux(plane, artifacts, await runController(plane));
  }

  /** Starts the controller anew, with other features than it has by default. */
  async restart(...features: readonly string[]): Promise<void> {
    await this.#controller.kill();
    this.#controller = await runController(this.#plane, features);
  }

  /**
   * @param repository a GitRepository that is there
   * @param files all that is in it then: text by path
   * @returns the revision
   */
  async commit(repository: string, files: Readonly<Record<string, string>>): Promise<string> {
    const artifact = this.#artifacts.add(repository, files);
    const patch = `--patch=${JSON.stringify({ status: { artifact } })}`;
    const object = [`gitrepository/${repository}`, `--namespace=${namespace}`];
    await this.#plane.kubectl(['patch', ...object, '--subresource=status', '--type=merge', patch]);
    return artifact.revision;
  }

  /** As `flux reconcile kustomization` asks. */
  async reconcile(name: string): Promise<void> {
    const annotation = `reconcile.fluxcd.io/requestedAt=${new Date().toISOString()}`;
    const object = [`kustomization/${name}`, `--namespace=${namespace}`];
    await this.#plane.kubectl(['annotate', ...object, '--overwrite', annotation]);
  }

  async kustomization(name: string): Promise<Kustomization> {
    const parameters = ['get', `kustomization/${name}`, `--namespace=${namespace}`, '--output=json'];
    return JSON.parse(await this.#plane.kubectl(parameters));
  }

  /** @returns the Kustomization, once that revision has been applied and all that it waits for is there */
  async untilReady(name: string, revision: string, ms = 60_000): Promise<Kustomization> {
    return this.#until(name, ms, (kustomization) => {
      return kustomization.status?.lastAppliedRevision === revision && readyOf(kustomization)?.status === 'True';
    });
  }

  /** @returns what it says, once it has given that revision up */
  async untilFailed(name: string, revision: string, ms = 60_000): Promise<Condition> {
    const failed = await this.#until(name, ms, (kustomization) => {
      return kustomization.status?.lastAttemptedRevision === revision && readyOf(kustomization)?.status === 'False';
    });
    return readyOf(failed)!;
  }

  async stop(): Promise<void> {
    this.#artifacts.stop();
    await this.#controller.kill();
  }

  #until(name: string, ms: number, isSo: (kustomization: Kustomization) => boolean): Promise<Kustomization> {
    return eventually(() => this.kustomization(name), isSo, ms);
  }
}

export function readyOf({ status }: Kustomization): Condition | undefined {
  return status?.conditions?.find(({ type }) => type === 'Ready');
}

async function runController(plane: ControlPlane, features: readonly string[] = []): Promise<Daemon> {
  const [health] = await freePorts(1);
  const scratch = join(plane.directory, 'flux');
  mkdirSync(scratch, { recursive: true });
  const flags = [
    ...['--events-addr=', '--metrics-addr=0', `--health-addr=127.0.0.1:${health}`],
    // Half a minute by default, which is long to look on.
    '--requeue-dependency=2s',
    ...features.map((feature) => `--feature-gates=${feature}=true`),
  ];
  const controller = new Daemon(
    plane.directory,
    'kustomize-controller',
    [join(kubernetesBinaries(), 'kustomize-controller'), ...flags],
    { environment: { KUBECONFIG: plane.kubeconfig, RUNTIME_NAMESPACE: namespace, TMPDIR: scratch, HOME: scratch } },
  );
  const answers = async () => (await fetch(`http://127.0.0.1:${health}/readyz`).catch(() => undefined))?.ok ?? false;
  await waitFor(answers, [controller]);
  return controller;
}
