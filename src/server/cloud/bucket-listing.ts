import { createHash } from 'node:crypto';
import { hasControls } from '../model/bucket-path.ts';
import type { StoredObject } from './object-store.ts';

/** What a folder of a bucket holds, by names, sizes and tags. */
export interface BucketFolder {
  /** The same as long as no object is added, removed or written. */
  readonly digest: string;
  /** By their paths in the folder, ascending. */
  readonly files: readonly { readonly path: string; readonly object: StoredObject }[];
  /** When one of them was written last. */
  readonly changedAt: number;
  /** Why it cannot be a folder of the file system, if it cannot. */
  readonly problem: string | undefined;
}

/** More are nobody's model repository, and a listing is held in memory. */
export const mostObjects = 20_000;

/**
 * The folders at a base path: what stands before the first `/` of each key, and what is below.
 * @throws Error if there are more objects than `mostObjects`
 */
export async function readListing(
  objects: AsyncIterable<StoredObject>,
  prefix: string,
): Promise<ReadonlyMap<string, BucketFolder>> {
  const folders = new Map<string, Map<string, StoredObject>>();
  let count = 0;
  for await (const object of objects) {
    if (++count > mostObjects) {
      throw new Error(`More than ${mostObjects} objects are below it: it is no folder of a model's versions`);
    }
    const [name = '', ...rest] = object.key.slice(prefix.length).split('/');
    if (name === '' || rest.length === 0) continue;
    const files = folders.get(name) ?? new Map<string, StoredObject>();
    folders.set(name, files);
    // Consoles and tools make objects that stand for empty folders.
    if (rest.at(-1) !== '') files.set(rest.join('/'), object);
  }
  return new Map([...folders].map(([name, files]) => [name, describe(files)]));
}

function describe(objects: ReadonlyMap<string, StoredObject>): BucketFolder {
  const files = [...objects].map(([path, object]) => ({ path, object })).sort((a, b) => (a.path < b.path ? -1 : 1));
  const hash = createHash('sha256');
  let changedAt = 0;
  let problem: string | undefined;
  for (const { path, object } of files) {
    hash.update(`${JSON.stringify([path, object.size, object.tag])}\n`);
    changedAt = Math.max(changedAt, object.modifiedAt);
    if (!isPath(path, objects)) problem ??= `the key of an object is no path of a file: ${JSON.stringify(path)}`;
  }
  return { digest: hash.digest('hex').slice(0, 32), files, changedAt, problem };
}

/** Whether a file can lie there: within the folder, and below no other file. */
function isPath(path: string, all: ReadonlyMap<string, StoredObject>): boolean {
  const parts = path.split('/');
  if (hasControls(path) || parts.some((part) => part === '' || part === '.' || part === '..')) return false;
  return !parts.some((_, i) => i > 0 && all.has(parts.slice(0, i).join('/')));
}
