import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Fingerprint, fingerprint } from './fingerprint.ts';
import type { VersionFolders } from './version-folders.ts';

/** Version folders in a folder of the file system. */
export class LocalFolders implements VersionFolders {
  readonly #basePath: string;

  constructor(basePath: string) {
    this.#basePath = basePath;
  }

  list(): Promise<readonly string[]> {
    return readdir(this.#basePath);
  }

  /** What cannot be looked at is there, and its load will say what is wrong. */
  async lookAt(name: string): Promise<Fingerprint | undefined> {
    try {
      return await fingerprint(join(this.#basePath, name));
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      return code === 'ENOENT' || code === 'ENOTDIR' ? undefined : { digest: code, files: 1, changedAt: 0 };
    }
  }

  async stampOf(name: string, file: string): Promise<string | undefined> {
    try {
      const { ino, mtimeMs } = await stat(join(this.#basePath, name, file));
      return `${ino} ${mtimeMs}`;
    } catch {
      return undefined;
    }
  }

  open(name: string, digest: string) {
    const unchanged = async () => (await this.lookAt(name))?.digest === digest;
    return { directory: join(this.#basePath, name), unchanged };
  }

  close(): void {}
}
