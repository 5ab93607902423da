import type { Notes } from './notes.ts';
import { isFields, type OldFields } from './old-fields.ts';
import { present, unless } from './present.ts';

type Quantities = Record<string, unknown>;

/** An amount as Kubernetes writes them: `500m`, `2Gi`, `1e3`. */
const quantity = /^\d+(\.\d+)?([eE][+-]?\d+|[KMGTPE]i|[numkMGTPE])?$/;

/** `template`: what the pods have beside the server, and where they run. */
export function convertTemplate(fields: OldFields, notes: Notes): object | undefined {
  const parameters = 'deployment_parameters';
  const affinity = present({
    nodeAffinity: fields.object(`${parameters}.node_affinity`),
    podAffinity: fields.object(`${parameters}.pod_affinity`),
    podAntiAffinity: fields.object(`${parameters}.pod_antiaffinity`),
  });
  const runAs = (name: string) => fields.integer(`models_repository.${name}`, 0, 2 ** 31 - 1);
  const runAsUser = runAs('runAsUser');
  if (runAsUser === 0) {
    const advice =
      'Pods that run as root are refused unless template.podSecurityContext.runAsNonRoot is false and the namespace allows it.';
    notes.todo('models_repository.runAsUser', runAsUser, advice);
  }
  const mesh = fields.boolean(`${parameters}.openshift_service_mesh`) ?? false;
  return present({
    resources: convertResources(fields, notes),
    affinity,
    podSecurityContext: present({ runAsUser, runAsGroup: runAs('runAsGroup') }),
    annotations: mesh ? { 'sidecar.istio.io/inject': 'true' } : undefined,
  });
}

function convertResources(fields: OldFields, notes: Notes): object | undefined {
  const path = 'deployment_parameters.resources';
  const quantityOf = (field: string) => {
    const text = fields.text(field, 32);
    if (text === undefined || quantity.test(text)) return text;
    notes.todo(field, text, 'This is no quantity; write one by hand, such as 500m or 2Gi.');
    return undefined;
  };
  const read = (kind: string): Quantities => ({
    cpu: quantityOf(`${path}.${kind}.cpu`),
    memory: quantityOf(`${path}.${kind}.memory`),
  });
  const limits = read('limits');
  const requests = read('requests');
  for (const kind of ['requests', 'limits']) {
    const device = fields.text(`${path}.${kind}.xpu_device`);
    const count = fields.integer(`${path}.${kind}.xpu_device_quantity`, 0, 1000) ?? 1;
    if (device === undefined) continue;
    // Kubernetes wants devices among the limits, and asks for as many as these say.
    if (limits[device] !== undefined && limits[device] !== count) {
      notes.todo(
        `${path}.${kind}.xpu_device_quantity`,
        count,
        'Limits and requests of a device must be the same; check the limit.',
      );
    }
    limits[device] = count;
  }
  return present({ limits: present(limits), requests: present(requests) });
}

/** `envFrom`: Secrets and ConfigMaps whose keys become variables. */
export function convertEnvFrom(fields: OldFields): object[] | undefined {
  const secret = fields.text('deployment_parameters.extra_envs_secret');
  const configMap = fields.text('deployment_parameters.extra_envs_configmap');
  const sources = [
    ...(secret === undefined ? [] : [{ secretRef: { name: secret } }]),
    ...(configMap === undefined ? [] : [{ configMapRef: { name: configMap } }]),
  ];
  return sources.length > 0 ? sources : undefined;
}

/** `rollout`, out of a Deployment's strategy. */
export function convertRollout(fields: OldFields, notes: Notes): object | undefined {
  const field = 'deployment_parameters.update_strategy';
  const strategy = fields.object(field);
  if (!strategy) return undefined;
  const { type, rollingUpdate, ...others } = strategy;
  if (type === 'Recreate') {
    notes.todo(
      field,
      strategy,
      'Old pods serve until new ones do here; write rollout.maxUnavailable where there is no room for both.',
    );
    return undefined;
  }
  if ((type !== undefined && type !== 'RollingUpdate') || Object.keys(others).length > 0) {
    notes.todo(field, strategy, 'This is no strategy of a Deployment; write rollout by hand.');
    return undefined;
  }
  if (!isFields(rollingUpdate)) return undefined;
  const read = (name: string): number | string | undefined => {
    const value = rollingUpdate[name];
    if (value === undefined) return undefined;
    const text = String(value);
    if (/^(\d{1,3}|1000)$/.test(text)) return Number(text);
    if (/^(100|[1-9]?\d)%$/.test(text)) return text;
    notes.todo(
      `${field}.rollingUpdate.${name}`,
      value,
      `Write rollout.${name} by hand: a number or a share such as "25%".`,
    );
    return undefined;
  };
  const maxSurge = read('maxSurge');
  const maxUnavailable = read('maxUnavailable');
  const isZero = (value: unknown) => value === 0 || value === '0%';
  if (isZero(maxSurge) && isZero(maxUnavailable ?? 0)) {
    // Where nothing was written, a Deployment has 25 % for either.
    return { maxSurge, maxUnavailable: maxUnavailable === undefined ? '25%' : 1 };
  }
  return present({ maxSurge: unless(maxSurge, 1), maxUnavailable: unless(maxUnavailable, 0) });
}
