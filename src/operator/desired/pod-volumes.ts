import { contentHash } from '../../shared/content-hash.ts';
import type { ModelServer } from '../api/model-server.ts';
import { type ModelSpec, ownMount } from './models.ts';
import { present } from './present.ts';
import { clientCaFolder, configFolder, tlsFolder } from './server-arguments.ts';

export type Free = Readonly<Record<string, unknown>>;

export interface Volumes {
  readonly volumes: readonly Free[];
  readonly mounts: readonly Free[];
}

/** Of the Secrets with certificates. Names that begin like this are not for users. */
export const tlsVolume = 'model-server-tls';
export const clientCaVolume = 'model-server-client-ca';

/** Everything that is mounted into the server's container. Models are mounted for reading only. */
export function podVolumes({ metadata, spec }: ModelServer): Volumes {
  const volumes: Free[] = [
    { name: 'config', configMap: { name: `${metadata.name}-config` } },
    { name: 'tmp', emptyDir: {} },
  ];
  const mounts: Free[] = [
    { name: 'config', mountPath: configFolder, readOnly: true },
    { name: 'tmp', mountPath: '/tmp' },
  ];
  const { tls } = spec.server;
  for (const [name, secretName, mountPath] of [
    [tlsVolume, tls?.secretName, tlsFolder],
    [clientCaVolume, tls?.clientCASecretName, clientCaFolder],
  ] as const) {
    if (secretName === undefined) continue;
    // Kubelets mount it: the operator need not be allowed to read it.
    volumes.push({ name, secret: { secretName } });
    mounts.push({ name, mountPath, readOnly: true });
  }
  if (spec.repository) {
    volumes.push(repositoryVolume(spec.repository));
    mounts.push(
      present({
        name: 'models',
        mountPath: spec.repository.mountPath,
        subPath: spec.repository.persistentVolumeClaim?.subPath,
        readOnly: true,
      }),
    );
  }
  // By name: models in another order are the same pods.
  for (const model of (spec.models ?? []).toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const volume = ownVolume(model);
    if (!volume) continue;
    volumes.push(volume);
    mounts.push(
      present({
        name: volume.name,
        mountPath: ownMount(model),
        subPath: model.persistentVolumeClaim?.subPath,
        readOnly: true,
      }),
    );
  }
  return {
    volumes: [...volumes, ...(spec.template.extraVolumes ?? [])],
    mounts: [...mounts, ...(spec.template.extraVolumeMounts ?? [])],
  };
}

/** The names of the claims that the pods cannot start without. */
export function volumeClaims({ repository, models = [] }: ModelServer['spec']): string[] {
  const claims = [repository, ...models].map((source) => source?.persistentVolumeClaim?.claimName);
  return [...new Set(claims.filter((name) => name !== undefined))];
}

/** Whether anything comes from an OCI image, which not every cluster can mount. */
export function usesImageVolumes({ repository, models = [] }: ModelServer['spec']): boolean {
  return [repository, ...models].some((source) => source?.image);
}

function repositoryVolume(repository: NonNullable<ModelServer['spec']['repository']>): Free {
  const { persistentVolumeClaim, hostPath, image } = repository;
  if (persistentVolumeClaim) return claimVolume('models', persistentVolumeClaim.claimName);
  if (hostPath) return { name: 'models', hostPath: present({ path: hostPath.path, type: hostPath.type }) };
  return imageVolume('models', image!);
}

function ownVolume(model: ModelSpec): Free | undefined {
  // Names of models may hold what names of volumes may not.
  const name = `model-${contentHash(model.name)}`;
  if (model.persistentVolumeClaim) return claimVolume(name, model.persistentVolumeClaim.claimName);
  if (model.image) return imageVolume(name, model.image);
  return undefined;
}

function claimVolume(name: string, claimName: string): Free {
  return { name, persistentVolumeClaim: { claimName, readOnly: true } };
}

function imageVolume(name: string, image: { readonly reference: string; readonly pullPolicy?: string }): Free {
  return { name, image: present({ reference: image.reference, pullPolicy: image.pullPolicy }) };
}
