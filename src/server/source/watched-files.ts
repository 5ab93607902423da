import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileContent, Renewed } from '../security/renewed.ts';
import { Looker } from './looker.ts';
import type { WatchOptions } from './watch-options.ts';

/** Certificates and keys are small; what is not is none. */
const largestFile = 1024 ** 2;

export interface WatchedFilesOptions<T> extends WatchOptions {
  /** What they are, for the log. */
  readonly what: string;
  readonly paths: readonly string[];
  /**
   * Makes something of the files, in the order of `paths`.
   * @param current what has been in force until now; undefined at the start
   * @throws Error that says what is wrong with them
   */
  readonly read: (files: readonly FileContent[], current: T | undefined) => T;
}

/**
 * A few small files that mean something together. They are read at each interval, whatever file events there are: a network file
 * system, or a link that Kubernetes swaps above them, tells none. What they say is taken once two looks in a row have found the
 * same bytes, for they are written one after the other; what cannot be used is told, and what was in force stays.
 */
export class WatchedFiles<T> implements Renewed<T> {
  readonly #options: WatchedFilesOptions<T>;
  readonly #looker: Looker;
  readonly #listeners: ((value: T) => void)[] = [];
  #current: T;
  /** The files that were made something of last, whether or not it could be used; and what has been seen since. */
  #judged: string;
  #seen: string;
  #problem: string | undefined;

  /** @throws Error if the files cannot be used */
  static async start<T>(options: WatchedFilesOptions<T>): Promise<WatchedFiles<T>> {
    const files = await readAll(options.paths);
    return new WatchedFiles(options, files, options.read(files, undefined));
  }

  private constructor(options: WatchedFilesOptions<T>, files: readonly FileContent[], current: T) {
    this.#options = options;
    this.#current = current;
    this.#judged = this.#seen = digest(files);
    const { clock, log, pollMs, settleMs } = options;
    this.#looker = new Looker('', () => this.#look(), { clock, log, pollMs, settleMs, mode: 'poll' });
    if (pollMs > 0) this.#looker.within(pollMs);
  }

  get current(): T {
    return this.#current;
  }

  /** Why the files as they are now are not in force. */
  get problem(): string | undefined {
    return this.#problem;
  }

  subscribe(changed: (value: T) => void): void {
    this.#listeners.push(changed);
  }

  stop(): Promise<void> {
    return this.#looker.stop();
  }

  async #look(): Promise<void> {
    const files = await readAll(this.#options.paths).catch((error: Error) => error);
    const seen = files instanceof Error ? files.message : digest(files);
    const isSettled = seen === this.#seen;
    this.#seen = seen;
    if (!isSettled || seen === this.#judged) return;
    this.#judged = seen;
    const { log, what, paths, read } = this.#options;
    try {
      if (files instanceof Error) throw files;
      const next = read(files, this.#current);
      this.#problem = undefined;
      this.#current = next;
      for (const changed of this.#listeners) changed(next);
    } catch (error) {
      this.#problem = (error as Error).message;
      log.error({ files: paths, problem: this.#problem }, `The ${what} cannot be used; what was in force stays so`);
    }
  }
}

async function readAll(paths: readonly string[]): Promise<FileContent[]> {
  return Promise.all(paths.map(async (path) => ({ path, bytes: await readSmall(path) })));
}

/** Without waiting for who writes into a pipe, and no more than was there, however the file grows meanwhile. */
async function readSmall(path: string): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new Error(`${path} is not a file`);
    if (found.size > largestFile) throw new Error(`${path} is larger than ${largestFile} bytes`);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(found.size), 0, found.size, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Says whether they are the same, and is no secret itself. */
function digest(files: readonly FileContent[]): string {
  const hash = createHash('sha256');
  for (const { bytes } of files) hash.update(`${bytes.byteLength} `).update(bytes);
  return hash.digest('base64');
}
