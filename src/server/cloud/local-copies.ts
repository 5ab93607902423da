import { randomUUID } from 'node:crypto';
import { renameSync } from 'node:fs';
import { lstat, mkdir, mkdtemp, readdir, rename, rm, rmdir, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Logger } from '../../shared/log.ts';
import type { Fetched } from '../model/wanted.ts';

/** Files of which there is to be a copy. */
export interface CopyOrder {
  /** The folder of a base path; what is in it belongs to the copies. */
  readonly home: string;
  /** Where the copy is to be: two levels below `home`. Its name stands for the contents. */
  readonly directory: string;
  readonly files: readonly { readonly path: string; readonly size: number }[];
  /** Writes them all into an empty folder. */
  readonly bring: (folder: string, signal: AbortSignal) => Promise<void>;
}

interface Copy {
  ready: Promise<void>;
  readonly aborted: AbortController;
  holders: number;
  isWhole: boolean;
}

const unfinished = '.partial-';
const leaving = '.removed-';

/**
 * Copies of version folders on the local disk: each is there as a whole or not at all, as long as somebody holds it. What is
 * complete outlives the process, and is found again.
 */
export class LocalCopies {
  readonly #log: Logger;
  readonly #copies = new Map<string, Copy>();
  readonly #homes = new Map<string, Promise<void>>();
  /** What is being written or removed. */
  readonly #work = new Set<Promise<unknown>>();
  #ended = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  /**
   * Resolves when the copy is there. Several who ask for one share it.
   * @throws the signal's reason, or why there can be no copy
   */
  async hold(order: CopyOrder, signal: AbortSignal): Promise<Fetched> {
    signal.throwIfAborted();
    const { directory } = order;
    const copy = this.#copies.get(directory) ?? this.#begin(order);
    copy.holders++;
    let held = true;
    const release = () => {
      if (!held) return;
      held = false;
      copy.holders--;
      if (copy.holders === 0) this.#end(order, copy);
    };
    try {
      await either(this.#whenWhole(order, copy), signal);
      copy.isWhole = true;
      return { release };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Whether the copy is there as a whole, by the names and sizes of its files. */
  async isWhole({ directory, files }: Pick<CopyOrder, 'directory' | 'files'>): Promise<boolean> {
    try {
      for (const { path, size } of files) {
        const found = await stat(join(directory, path));
        if (!found.isFile() || found.size !== size) return false;
      }
      return true;
    } catch {
      return false;
    }
  }

  /** Removes the copies in the folder of a base path that are neither held nor in the list. */
  sweep(home: string, listed: ReadonlySet<string>): void {
    if (!this.#ended) this.#do(this.#sweep(home, listed));
  }

  /** From now on nothing is removed: what is there is for the next start. Resolves when no more is written. */
  async close(): Promise<void> {
    this.#ended = true;
    for (const { aborted } of this.#copies.values()) aborted.abort(new Error('The server ends'));
    await Promise.allSettled(this.#work);
  }

  #begin(order: CopyOrder): Copy {
    const aborted = new AbortController();
    const ready = this.#do(this.#bring(order, aborted.signal));
    const copy: Copy = { ready, aborted, holders: 0, isWhole: false };
    this.#copies.set(order.directory, copy);
    return copy;
  }

  /** Cleaners of temporary folders take what they think is old, also of what others hold. */
  async #whenWhole(order: CopyOrder, copy: Copy): Promise<void> {
    await copy.ready;
    if (await this.isWhole(order)) return;
    copy.ready = this.#do(this.#bring(order, copy.aborted.signal));
    await copy.ready;
  }

  #end({ home, directory }: CopyOrder, copy: Copy): void {
    if (this.#copies.get(directory) === copy) this.#copies.delete(directory);
    copy.aborted.abort(new Error('Nobody needs the copy any more'));
    if (this.#ended || !copy.isWhole) return;
    this.#discard(home, directory);
    // And what an earlier process had needed, and none has since.
    this.sweep(home, new Set());
  }

  async #bring(order: CopyOrder, signal: AbortSignal): Promise<void> {
    const { home, directory, files, bring } = order;
    await this.#openHome(home);
    await mkdir(home, { recursive: true, mode: 0o700 });
    if (await this.isWhole(order)) return;
    this.#discard(home, directory);
    await checkSpace(home, files);
    signal.throwIfAborted();
    const folder = await mkdtemp(join(home, unfinished));
    try {
      await bring(folder, signal);
      signal.throwIfAborted();
      await mkdir(dirname(directory), { recursive: true });
      await rename(folder, directory);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      // Somebody else may have been faster.
      if (signal.aborted || !(await this.isWhole(order))) throw error;
    }
  }

  /** Once for each base path: its folder is there and ours, and what an earlier process left unfinished is gone. */
  #openHome(home: string): Promise<void> {
    let opened = this.#homes.get(home);
    if (!opened) {
      opened = openHome(home);
      opened.catch(() => this.#homes.delete(home));
      this.#homes.set(home, opened);
    }
    return opened;
  }

  async #sweep(home: string, listed: ReadonlySet<string>): Promise<void> {
    for (const version of await namesIn(home)) {
      for (const name of await namesIn(join(home, version))) {
        const directory = join(home, version, name);
        if (!listed.has(directory) && !this.#copies.has(directory)) this.#discard(home, directory);
      }
    }
  }

  /** At once as far as anybody sees: who asks for the copy next finds none, and not half of one. */
  #discard(home: string, directory: string): void {
    const removed = join(home, leaving + randomUUID());
    try {
      renameSync(directory, removed);
    } catch {
      return;
    }
    const gone = async () => {
      await rm(removed, { recursive: true, force: true });
      await rmdir(dirname(directory)).catch(() => {});
    };
    this.#do(gone().catch((error) => this.#log.warn({ err: error, directory }, 'A local copy cannot be removed')));
  }

  #do<T>(work: Promise<T>): Promise<T> {
    const done = work.finally(() => this.#work.delete(done));
    done.catch(() => {});
    this.#work.add(done);
    return done;
  }
}

async function openHome(home: string): Promise<void> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  const { uid } = await lstat(home);
  const own = process.getuid?.();
  // Folders for temporary files are everybody's: nobody else is to say what is served.
  if (own !== undefined && uid !== own) {
    throw new Error(`${home} belongs to another user - Expected: ${own}; Actual: ${uid}`);
  }
  for (const name of await readdir(home)) {
    if (!name.startsWith(unfinished) && !name.startsWith(leaving)) continue;
    await rm(join(home, name), { recursive: true, force: true });
  }
}

/** Better known before a disk is full, which others may write to. */
async function checkSpace(folder: string, files: CopyOrder['files']): Promise<void> {
  const needed = files.reduce((sum, { size }) => sum + size, 0);
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (needed > free)
    throw new Error(`Not enough space in ${folder} - Expected: ${needed} bytes; Actual: ${free} bytes`);
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => !name.startsWith('.'));
  } catch {
    return [];
  }
}

/** Whichever comes first. */
function either<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
