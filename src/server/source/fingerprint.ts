import { createHash } from 'node:crypto';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface Fingerprint {
  /** The same as long as no file below the directory is added, removed, written or replaced. */
  readonly digest: string;
  readonly files: number;
  /** When something below the directory changed last, in milliseconds since 1970. */
  readonly changedAt: number;
}

/**
 * What a directory holds, by names, sizes, times and inodes: nothing is read. Links are followed, so that a swapped link counts
 * as a change of what it points to, but not round and round. What cannot be looked at counts as such, and does not fail.
 * @throws the file system's error if the directory itself cannot be read
 */
export async function fingerprint(directory: string): Promise<Fingerprint> {
  const hash = createHash('sha1');
  let files = 0;
  let changedAt = 0;
  const visit = async (folder: string, around: readonly string[]): Promise<void> => {
    for (const entry of (await readdir(folder)).sort()) {
      const path = join(folder, entry);
      try {
        const found = await stat(path);
        const { size, mtimeMs, ctimeMs, ino, dev, mode } = found;
        changedAt = Math.max(changedAt, mtimeMs, ctimeMs);
        const place = `${dev}:${ino}`;
        if (found.isDirectory() && !around.includes(place)) {
          hash.update(`${path}/\n`);
          await visit(path, [...around, place]);
        } else {
          files++;
          hash.update(`${path} ${size} ${mtimeMs} ${ctimeMs} ${place} ${mode}\n`);
        }
      } catch (error) {
        hash.update(`${path} ${(error as NodeJS.ErrnoException).code}\n`);
      }
    }
  };
  const root = await realpath(directory);
  const { dev, ino } = await stat(root);
  await visit(root, [`${dev}:${ino}`]);
  return { digest: hash.digest('base64'), files, changedAt };
}
