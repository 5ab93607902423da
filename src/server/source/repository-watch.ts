import { sleep, wallTime } from '../../shared/clock.ts';
import { FilesChanged, type Repository, type WantedVersion } from '../model/wanted.ts';
import { Looker } from './looker.ts';
import { scanNames } from './scan-names.ts';
import { Unreadable, type VersionFolders } from './version-folders.ts';
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

/** Watches the folders of a model's versions and tells which are there, each once its files have settled. */
export class RepositoryWatch {
  readonly #name: string;
  readonly #basePath: string;
  readonly #folders: VersionFolders;
  readonly #options: WatchOptions;
  readonly #changed: () => void;
  readonly #looker: Looker;
  #seen = new Map<number, Seen>();
  #repository: Repository | undefined;
  #complaint = '';
  #isAsked = false;
  readonly #stopped = new AbortController();

  /**
   * @param name of the model, for the log
   * @param changed called when `repository` is another one
   */
  constructor(name: string, basePath: string, folders: VersionFolders, options: WatchOptions, changed: () => void) {
    this.#name = name;
    this.#basePath = basePath;
    this.#folders = folders;
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
    this.#folders.close();
    return this.#looker.stop();
  }

  /** Looks now; resolves when what is just being written has had the time to settle. */
  async rescan(): Promise<void> {
    this.#isAsked = true;
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
    const isAsked = this.#isAsked;
    this.#isAsked = false;
    let names: readonly string[];
    try {
      names = await this.#folders.list(isAsked);
    } catch (error) {
      if (error instanceof Unreadable) this.#looker.within(error.retryMs);
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
      const now = await this.#inspect(version, name, first);
      if (typeof now !== 'object') {
        if (now) unusable.push(`${name} (${now})`);
        continue;
      }
      seen.set(version, now);
      const { reported } = now;
      if (reported === undefined) continue;
      listed.push({ version, fingerprint: reported, ...this.#open(name, reported) });
    }
    this.#seen = seen;
    this.#complain(complaint(seen.size, unusable, ignored));
    return { state: 'listed', versions: listed.sort((a, b) => a.version - b.version) };
  }

  async #inspect(version: number, name: string, first: boolean): Promise<Seen | NoVersion> {
    const { clock, completionMarker, settleMs } = this.#options;
    const found = await this.#folders.lookAt(name);
    if (typeof found !== 'object') return found;
    if (found.files === 0) return 'no files';
    const marker = completionMarker === undefined ? undefined : await this.#folders.stampOf(name, completionMarker);
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

  /** Whoever finds files changed has them looked at anew. */
  #open(name: string, digest: string): ReturnType<VersionFolders['open']> {
    const { directory, unchanged, fetch } = this.#folders.open(name, digest);
    const isUnchanged = async () => {
      if (await unchanged()) return true;
      this.#looker.within(0);
      return false;
    };
    if (!fetch) return { directory, unchanged: isUnchanged };
    const fetchUnchanged = async (signal: AbortSignal) => {
      try {
        return await fetch(signal);
      } catch (error) {
        if (error instanceof FilesChanged) this.#looker.within(0);
        throw error;
      }
    };
    return { directory, unchanged: isUnchanged, fetch: fetchUnchanged };
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
