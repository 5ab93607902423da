import type { WantedVersion } from '../model/wanted.ts';
import type { Fingerprint } from './fingerprint.ts';

/** Where the folders of a model's versions are: a folder of the file system, or of an object store. */
export interface VersionFolders {
  /**
   * Looks at the base path.
   * @param isAsked whether somebody asks just now: an earlier failure is no answer then
   * @returns the names of what is in it
   * @throws Unreadable, or another error that says why it cannot be read
   */
  list(isAsked: boolean): Promise<readonly string[]>;
  /** What a folder holds, of those that the last list had; undefined if it is gone or none, a text if it cannot be a version. */
  lookAt(name: string): Promise<Fingerprint | string | undefined>;
  /** Another text when that file of the folder has been written or replaced; undefined if there is none. */
  stampOf(name: string, file: string): Promise<string | undefined>;
  /** How the files can be had that a folder held when it was looked at last, with this digest. */
  open(name: string, digest: string): Pick<WantedVersion, 'directory' | 'unchanged' | 'fetch'>;
  /** Ends what is under way. */
  close(): void;
}

/** Why a base path cannot be read, and when it is worth while to look again, even if nobody looks at intervals. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
  readonly retryMs: number;

  constructor(message: string, retryMs: number, options?: { cause?: unknown }) {
    super(message, options);
    this.retryMs = retryMs;
  }
}
