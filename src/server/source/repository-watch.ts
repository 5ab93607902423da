import { readdir } from 'node:fs/promises';
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
}

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
    await sleep(clock, settleMs);
    await this.#looker.now();
  }

  stop(): Promise<void> {
    return this.#looker.stop();
  }

  /** Looks now. */
  rescan(): Promise<void> {
    return this.#looker.now();
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
    for (const { version, name } of versions) {
      const directory = join(this.#basePath, name);
      const now = await this.#inspect(version, directory, first);
      if (!now) continue;
      seen.set(version, now);
      if (now.reported !== undefined) listed.push({ version, directory, fingerprint: now.reported });
    }
    this.#seen = seen;
    this.#complain(complaint(versions.length, ignored));
    return { state: 'listed', versions: listed.sort((a, b) => a.version - b.version) };
  }

  /** @returns undefined for what is no version: a file, an empty directory, one that is gone again */
  async #inspect(version: number, directory: string, first: boolean): Promise<Seen | undefined> {
    const { clock, completionMarker, settleMs } = this.#options;
    let found: Fingerprint;
    try {
      found = await fingerprint(directory);
      if (found.files === 0) return undefined;
      if (completionMarker !== undefined && !(await readdir(directory)).includes(completionMarker)) return undefined;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EACCES' && code !== 'EIO') return undefined;
      found = { digest: code, files: 0, changedAt: 0 };
    }
    const before = this.#seen.get(version);
    const since = before?.digest === found.digest ? before.since : clock.now();
    const settled =
      completionMarker !== undefined ||
      clock.now() - since >= settleMs ||
      (first && wallTime() - found.changedAt >= settleMs);
    if (!settled) this.#looker.within(settleMs - (clock.now() - since));
    return { digest: found.digest, since, reported: settled ? found.digest : before?.reported };
  }

  /** Says it once, until there is something else to say. */
  #complain(text: string): void {
    if (text === this.#complaint) return;
    this.#complaint = text;
    if (text) this.#options.log.warn({ model: this.#name, base_path: this.#basePath }, text);
  }
}

function complaint(versions: number, ignored: readonly string[]): string {
  if (versions === 0) {
    const found = ignored.length > 0 ? `; found: ${ignored.slice(0, 5).join(', ')}` : '';
    return `No version found for model in path - expected a folder whose name is a number, such as 1, with the model's files in it${found}`;
  }
  return ignored.length > 0 ? `Not version folders, ignored: ${ignored.slice(0, 5).join(', ')}` : '';
}
