import type { ModelServer } from '../api/model-server.ts';

export type ModelSpec = NonNullable<ModelServer['spec']['models']>[number];

/** The folder of a model's versions, in the server's container. */
export function modelFolder(model: ModelSpec, { repository }: ModelServer['spec']): string {
  if (model.image) return join(ownMount(model), model.image.subPath ?? '');
  if (model.persistentVolumeClaim) return ownMount(model);
  return join(repository?.mountPath ?? '/models', model.path ?? model.name);
}

/** Where the volume that a model brings along is mounted. */
export function ownMount({ name }: ModelSpec): string {
  return `/model-volumes/${name}`;
}

function join(...parts: string[]): string {
  return parts
    .filter((part) => part !== '')
    .join('/')
    .replace(/\/+/g, '/');
}
