import type { Notes } from './notes.ts';
import type { OldFields } from './old-fields.ts';

/** Where the old operator mounted its volume, which is where the new one does by default. */
const mountPath = '/models';

const field = 'models_settings.model_path';

const longestPath = 512;

/** What the old resource had where nothing was written: a text to be replaced. */
const pathByDefault = 'gs://<bucket_name>/<model_dir>';

/** The volume of the models; undefined if there was none. */
export function convertVolume(fields: OldFields, notes: Notes): object | undefined {
  const hostPath = fields.text('models_repository.models_host_path', longestPath);
  const claimName = fields.text('models_repository.models_volume_claim');
  if (hostPath !== undefined) {
    if (claimName !== undefined) {
      const advice = 'Beside models_host_path it had no effect, and it is left out.';
      notes.tell('models_repository.models_volume_claim', claimName, advice);
    }
    const path = hostPath.replace(/\/+/g, '/').replace(/(.)\/$/, '$1');
    if (/^(\/[^/]+)+$/.test(path) && !path.split('/').includes('..')) {
      const advice = 'The operator refuses folders of nodes unless it is started with --allow-host-path.';
      notes.todo('models_repository.models_host_path', hostPath, advice);
      return { hostPath: { path, type: 'Directory' } };
    }
    const advice = 'This is no absolute path of a folder; write repository.hostPath.path or a claim by hand.';
    notes.todo('models_repository.models_host_path', hostPath, advice);
    return undefined;
  }
  if (claimName === undefined) return undefined;
  if (/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(claimName)) return { persistentVolumeClaim: { claimName } };
  const advice = 'This is no name of a claim; write repository.persistentVolumeClaim.claimName by hand.';
  notes.todo('models_repository.models_volume_claim', claimName, advice);
  return undefined;
}

/** A claim to be made, for models that were on no volume. */
export function missingVolume(resource: string): object {
  return { persistentVolumeClaim: { claimName: placeholder(resource) } };
}

/** @param resource name of the ModelServer */
function placeholder(resource: string): string {
  return `${resource}-models`;
}

/**
 * The folder of the single model inside the volume.
 * @param hasVolume whether the old resource had one
 */
export function convertPath(fields: OldFields, notes: Notes, resource: string, hasVolume: boolean): string | undefined {
  const written = fields.text(field, longestPath);
  const path = written ?? pathByDefault;
  const copy = hasVolume
    ? 'copy it onto the volume.'
    : `copy it onto a volume whose claim is called ${placeholder(resource)}, or write another one into repository.`;
  if (/^[a-z0-9]+:\/\//i.test(path)) {
    const shown = written === undefined ? `${path} (the default)` : path;
    notes.todo(field, shown, `Models are served from volumes here, not from cloud storage: ${copy}`);
    return written === undefined ? undefined : inside(path.replace(/\?.*$/, '').split('/').at(-1) ?? '');
  }
  if (path === mountPath || path.startsWith(`${mountPath}/`)) {
    if (!hasVolume) notes.todo(field, path, `The model was in the image, or nowhere: ${copy}`);
    const folder = inside(path.slice(mountPath.length));
    if (folder.split('/').includes('..')) {
      notes.todo(field, path, 'The path must not leave the volume; write models[0].path by hand.');
      return undefined;
    }
    return folder === '' ? '.' : folder;
  }
  notes.todo(field, path, `The model was not on the volume, which is at ${mountPath}, but in the image: ${copy}`);
  return inside(
    path
      .split('/')
      .filter((part) => part !== '' && part !== '.' && part !== '..')
      .at(-1) ?? '',
  );
}

/** A path without what says nothing. */
function inside(path: string): string {
  return path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}
