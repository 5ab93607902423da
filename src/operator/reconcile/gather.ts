import type { ModelServer } from '../api/model-server.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { configMaps } from '../cluster/kinds.ts';
import type { KubeObject } from '../cluster/kube-object.ts';
import { usesImageVolumes, volumeClaims } from '../desired/pod-volumes.ts';
import { serverConfig } from '../desired/server-config.ts';
import type { Caches } from './caches.ts';
import type { Capabilities } from './capabilities.ts';
import { noImageVolumes } from './image-volumes.ts';
import type { ModelWish } from './judge-model.ts';
import { configuredModels, listedModels } from './models-of.ts';
import type { Trouble } from './pod-facts.ts';

/** What must be read beside the caches before it can be said what the children are to be. */
export interface Prerequisites {
  /** The text of config.json; undefined if there is none to be had. */
  readonly config: string | undefined;
  readonly models: readonly ModelWish[];
  /** Something that the pods cannot do without. `stops`: applying the children would only do harm. */
  readonly obstacle: (Trouble & { readonly stops: boolean }) | undefined;
}

export interface GatherOptions {
  readonly caches: Pick<Caches, 'hasClaim'>;
  readonly allowHostPath: boolean;
  readonly capabilities: Capabilities;
}

/** @throws where the cluster gives no answer */
export async function gatherPrerequisites(
  { metadata, spec }: ModelServer,
  cluster: Cluster,
  { caches, allowHostPath, capabilities }: GatherOptions,
  signal: AbortSignal,
): Promise<Prerequisites> {
  const namespace = metadata.namespace!;
  const config = await readConfig(spec, namespace, cluster, signal);
  const models = typeof config === 'string' ? modelsOf(spec, config) : config;
  const readable = { config: typeof config === 'string' ? config : undefined };
  if ('reason' in models) return { ...readable, models: [], obstacle: { ...models, stops: true } };
  const forbidden = refuse(spec, allowHostPath, capabilities);
  if (forbidden) return { ...readable, models, obstacle: { ...forbidden, stops: true } };
  for (const name of volumeClaims(spec)) {
    if (caches.hasClaim({ namespace, name })) continue;
    const message = `there is no PersistentVolumeClaim ${name} in namespace ${namespace}; create it, or name another`;
    return { ...readable, models, obstacle: { reason: 'VolumeClaimNotFound', message, stops: false } };
  }
  return { ...readable, models, obstacle: undefined };
}

type ConfigMap = KubeObject & { readonly data?: Readonly<Record<string, string>> };

async function readConfig(
  spec: ModelServer['spec'],
  namespace: string,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<string | Trouble> {
  if (!spec.config) return serverConfig(spec);
  const { name, key } = spec.config.configMapRef;
  const configMap = await cluster.get<ConfigMap>(configMaps, { namespace, name }, { signal });
  const text = configMap?.data?.[key];
  if (text !== undefined) return text;
  const what = configMap
    ? `the ConfigMap ${name} has no key ${key}`
    : `there is no ConfigMap ${name} in namespace ${namespace}`;
  return { reason: 'ConfigNotFound', message: `${what}; spec.config.configMapRef names it` };
}

function modelsOf(spec: ModelServer['spec'], config: string): ModelWish[] | Trouble {
  return spec.config ? configuredModels(config) : listedModels(spec);
}

function refuse(
  spec: ModelServer['spec'],
  allowHostPath: boolean,
  { imageVolumes }: Capabilities,
): Trouble | undefined {
  if (spec.repository?.hostPath && !allowHostPath) {
    const message =
      'spec.repository.hostPath: folders of nodes are not allowed here; use persistentVolumeClaim, or start the operator with --allow-host-path';
    return { reason: 'HostPathNotAllowed', message };
  }
  if (usesImageVolumes(spec) && imageVolumes === 'no') return noImageVolumes;
  return undefined;
}
