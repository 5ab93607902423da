import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sleep, wallTime } from '../../shared/clock.ts';
import type { Repository, WantedVersion } from '../model/wanted.ts';
import { type Fingerprint, fingerprint } from './fingerprint.ts';
import { Looker } from './looker.ts';
import { scanNames } from './scan-names.ts';
import type { WatchOptions } from './watch-options.ts';

/** A version's files as last seen, since when they are so, and as last reported. */
interface Seen {
  readonly digest: string;
  readonly since: number;
  readonly reported: string | undefined;
  /** Of the completion marker, when the files were reported: a new one says that they are complete anew. */
  readonly marker: string | undefined;
}

/** Why a directory whose name is a version's holds none; undefined for one that is gone. */
type NoVersion = string | undefined;

/** Watches the folder of a model's versions and tells which are there, each once its files have settled. */
export class RepositoryWatch {
  readonly #name: string;
  readonly #basePath: string;
  readonly #options: WatchOptions;
  readonly #changed: () => void;
  readonly #looker: Looker;
  #seen = new Map<number, Seen>();
  #repository: Repository | undefined;
  #complaint = '';
  readonly #stopped = new AbortController();

  /**
   * @param name of the model, for the log
   * @param changed called when `repository` is another one
   */
  constructor(name: string, basePath: string, options: WatchOptions, changed: () => void) {
    this.#name = name;
    this.#basePath = basePath;
    this.#options = options;
    this.#changed = changed;
    this.#looker = new Looker(basePath, () => this.#look(), options);
  }

  /** What is there; undefined before the first look. */
  get repository(): Repository | undefined {
    return this.#repository;
  }

  /** Resolves after the first look; if all that it saw was just being written, after that has had the time to settle. */
  async start(): Promise<void> {
    await this.#looker.start();
    const { clock, pollMs, settleMs } = this.#options;
    const reported = [...this.#seen.values()].filter((version) => version.reported !== undefined);
    if (this.#seen.size === 0 || reported.length > 0 || pollMs === 0) return;
    await sleep(clock, settleMs, this.#stopped.signal).catch(() => {});
    await this.#looker.now();
  }

  stop(): Promise<void> {
    this.#stopped.abort();
    return this.#looker.stop();
  }

  /** Looks now; resolves when what is just being written has had the time to settle. */
  async rescan(): Promise<void> {
    await this.#looker.now();
    if ([...this.#seen.values()].every(({ digest, reported }) => digest === reported)) return;
    await sleep(this.#options.clock, this.#options.settleMs, this.#stopped.signal).catch(() => {});
    await this.#looker.now();
  }

  async #look(): Promise<void> {
    const repository = await this.#scan();
    if (JSON.stringify(repository) === JSON.stringify(this.#repository)) return;
    this.#repository = repository;
    this.#changed();
  }

  async #scan(): Promise<Repository> {
    let names: string[];
    try {
      names = await readdir(this.#basePath);
    } catch (error) {
      const cause = (error as Error).message;
      this.#complain(`The base path cannot be read, what is loaded stays - ${cause}`);
      return { state: 'unreadable', cause };
    }
    const { versions, ignored } = scanNames(names);
    const first = this.#repository === undefined;
    const seen = new Map<number, Seen>();
    const listed: WantedVersion[] = [];
    const unusable: string[] = [];
    for (const { version, name } of versions) {
      const directory = join(this.#basePath, name);
      const now = await this.#inspect(version, directory, first);
      if (typeof now !== 'object') {
        if (now) unusable.push(`${name} (${now})`);
        continue;
      }
      seen.set(version, now);
      const { reported } = now;
      if (reported === undefined) continue;
      listed.push({
        version,
        directory,
        fingerprint: reported,
        unchanged: () => this.#isUnchanged(directory, reported),
      });
    }
    this.#seen = seen;
    this.#complain(complaint(seen.size, unusable, ignored));
    return { state: 'listed', versions: listed.sort((a, b) => a.version - b.version) };
  }

  async #inspect(version: number, directory: string, first: boolean): Promise<Seen | NoVersion> {
    const { clock, completionMarker, settleMs } = this.#options;
    const found = await lookAt(directory);
    if (!found) return undefined;
    if (found.files === 0) return 'no files';
    const marker = completionMarker === undefined ? undefined : await stampOf(join(directory, completionMarker));
    if (completionMarker !== undefined && marker === undefined) return `without the file ${completionMarker}`;
    const before = this.#seen.get(version);
    const since = before?.digest === found.digest ? before.since : clock.now();
    const settled =
      // With a marker, a version is complete when it is seen; after that, changes settle, unless the marker is a new one.
      (marker !== undefined && (before?.reported === undefined || before.marker !== marker)) ||
      clock.now() - since >= settleMs ||
      (first && wallTime() - found.changedAt >= settleMs);
    if (settled) return { digest: found.digest, since, reported: found.digest, marker };
    this.#looker.within(settleMs - (clock.now() - since));
    return { digest: found.digest, since, reported: before?.reported, marker: before?.marker };
  }

  async #isUnchanged(directory: string, digest: string): Promise<boolean> {
    const found = await lookAt(directory);
    if (found?.digest === digest) return true;
    this.#looker.within(0);
    return false;
  }

  /** Says it once, until there is something else to say. */
  #complain(text: string): void {
    if (text === this.#complaint) return;
    this.#complaint = text;
    if (text) this.#options.log.warn({ model: this.#name, base_path: this.#basePath }, text);
  }
}

function complaint(usable: number, unusable: readonly string[], ignored: readonly string[]): string {
  const list = (names: readonly string[]) => names.slice(0, 5).join(', ');
  const parts: string[] = [];
  if (usable === 0) {
    parts.push(
      "No version found for model in path - expected a folder whose name is a number, such as 1, with the model's files in it",
    );
  }
  if (unusable.length > 0) parts.push(`Not complete: ${list(unusable)}`);
  if (ignored.length > 0) parts.push(`Not version folders, ignored: ${list(ignored)}`);
  return parts.join('; ');
}

/** @returns undefined if it is gone, or no directory; what cannot be looked at is there, and its load will say what is wrong */
async function lookAt(directory: string): Promise<Fingerprint | undefined> {
  try {
    return await fingerprint(directory);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? undefined : { digest: code, files: 1, changedAt: 0 };
  }
}

/** Another one when the file has been written or replaced; undefined if there is none. */
async function stampOf(file: string): Promise<string | undefined> {
  try {
    const { ino, mtimeMs } = await stat(file);
    return `${ino} ${mtimeMs}`;
  } catch {
    return undefined;
  }
}
