import { join } from 'node:path';
import { type BackoffOptions, backoff } from '../../shared/backoff.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log.ts';
import type { Turns } from '../../shared/turns.ts';
import { type Fetched, FilesChanged } from '../model/wanted.ts';
import type { Fingerprint } from '../source/fingerprint.ts';
import { Unreadable, type VersionFolders } from '../source/version-folders.ts';
import { type BucketFolder, readListing } from './bucket-listing.ts';
import { copyObjects } from './copy-objects.ts';
import type { LocalCopies } from './local-copies.ts';
import { type ObjectStore, StoreError } from './object-store.ts';

/** A store that is down is asked ever more seldom. */
const retry: BackoffOptions = { first: 5000, most: 60_000, factor: 2, jitter: 0.2 };
const longestListMs = 60_000;

export interface BucketFoldersOptions {
  /** As its user wrote it, for texts. */
  readonly basePath: string;
  /** What the keys at the base path begin with. */
  readonly prefix: string;
  /** The bucket; called for each look and each version that is fetched. */
  readonly store: () => Promise<ObjectStore>;
  /** Where copies of this base path are kept. */
  readonly home: string;
  readonly copies: LocalCopies;
  /** Taken for each object that is copied. */
  readonly turns: Turns;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Version folders in an object store, each copied to the local disk when it is to be loaded. */
export class BucketFolders implements VersionFolders {
  readonly #options: BucketFoldersOptions;
  readonly #closed = new AbortController();
  #folders: ReadonlyMap<string, BucketFolder> = new Map();
  /** What has been opened since the last list, and since the one before: what is reported stays so while it is written anew. */
  #opened = new Map<string, BucketFolder>();
  #openedBefore = new Map<string, BucketFolder>();
  #failure: { readonly message: string; readonly cause: unknown; readonly retryAt: number } | undefined;
  #failures = 0;

  constructor(options: BucketFoldersOptions) {
    this.#options = options;
  }

  async list(isAsked: boolean): Promise<readonly string[]> {
    const { basePath, clock, home, copies } = this.#options;
    if (isAsked || !this.#failure || clock.now() >= this.#failure.retryAt) {
      try {
        this.#folders = await this.#read();
        this.#failure = undefined;
        this.#failures = 0;
      } catch (error) {
        const retryAt = clock.now() + backoff(++this.#failures, retry);
        this.#failure = { message: `${basePath}: ${(error as Error).message}`, cause: error, retryAt };
      }
    }
    if (this.#failure) {
      const { message, cause, retryAt } = this.#failure;
      throw new Unreadable(message, Math.max(0, retryAt - clock.now()), { cause });
    }
    this.#openedBefore = this.#opened;
    this.#opened = new Map();
    copies.sweep(home, new Set([...this.#folders].map(([name, { digest }]) => join(home, name, digest))));
    return [...this.#folders.keys()];
  }

  async lookAt(name: string): Promise<Fingerprint | string | undefined> {
    const folder = this.#folders.get(name);
    if (!folder) return undefined;
    const { digest, files, changedAt, problem } = folder;
    return problem ?? { digest, files: files.length, changedAt };
  }

  async stampOf(name: string, file: string): Promise<string | undefined> {
    const found = this.#folders.get(name)?.files.find(({ path }) => path === file);
    return found && `${found.object.tag} ${found.object.modifiedAt}`;
  }

  open(name: string, digest: string) {
    const { home, copies } = this.#options;
    const key = `${name}/${digest}`;
    const now = this.#folders.get(name);
    const folder = now?.digest === digest ? now : (this.#opened.get(key) ?? this.#openedBefore.get(key));
    if (!folder) throw new Error(`${key} has never been looked at`);
    this.#opened.set(key, folder);
    const directory = join(home, key);
    const files = folder.files.map(({ path, object: { size } }) => ({ path, size }));
    return {
      directory,
      unchanged: () => copies.isWhole({ directory, files }),
      fetch: (signal: AbortSignal) => this.#fetch(name, folder, { directory, files }, signal),
    };
  }

  close(): void {
    this.#closed.abort(new Error('Nobody looks at it any more'));
  }

  async #read(): Promise<ReadonlyMap<string, BucketFolder>> {
    const { clock, prefix, store } = this.#options;
    const late = new AbortController();
    const timer = clock.after(longestListMs, () =>
      late.abort(new StoreError('unavailable', `the store has not listed its objects in ${longestListMs / 1000} s`)),
    );
    try {
      const signal = AbortSignal.any([this.#closed.signal, late.signal]);
      const objects = (await store()).list(prefix, { signal });
      return await readListing(objects, prefix);
    } finally {
      timer.cancel();
    }
  }

  async #fetch(
    name: string,
    folder: BucketFolder,
    { directory, files }: { directory: string; files: readonly { path: string; size: number }[] },
    signal: AbortSignal,
  ): Promise<Fetched> {
    const { basePath, clock, copies, home, log, turns } = this.#options;
    const bytes = files.reduce((sum, { size }) => sum + size, 0);
    const fields = { base_path: basePath, version: name, objects: files.length, bytes };
    const bring = async (target: string, ended: AbortSignal) => {
      const begin = clock.now();
      log.info(fields, 'Fetching the files of a model version');
      await copyObjects(folder, target, { store: await this.#options.store(), turns, clock, signal: ended });
      log.info({ ...fields, ms: Math.round(clock.now() - begin) }, 'Fetched the files of a model version');
    };
    try {
      return await copies.hold({ home, directory, files, bring }, signal);
    } catch (error) {
      signal.throwIfAborted();
      const { message } = error as Error;
      if (error instanceof StoreError && error.code === 'changed') throw new FilesChanged(message, { cause: error });
      throw new Error(`The files of ${basePath}/${name} cannot be fetched - ${message}`, { cause: error });
    }
  }
}
