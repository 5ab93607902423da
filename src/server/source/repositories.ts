import { isDeepStrictEqual } from 'node:util';
import type { ModelConfig } from '../config/model-config.ts';
import { isBucketPath } from '../model/bucket-path.ts';
import type { Repository, Wanted } from '../model/wanted.ts';
import { LocalFolders } from './local-folders.ts';
import { RepositoryWatch } from './repository-watch.ts';
import type { VersionFolders } from './version-folders.ts';
import type { WatchOptions } from './watch-options.ts';

const notLookedAt: Repository = { state: 'unknown' };
const takenOut: Repository = { state: 'unloaded' };

/** Each look at an object store is paid for, and takes its time. */
const leastCloudPollMs = 5000;

/** The repositories of the configured models: tells the complete set of what is wanted whenever it is another one. */
export class Repositories {
  readonly #options: WatchOptions;
  readonly #cacheDir: string | undefined;
  readonly #openBucket: (basePath: string) => VersionFolders;
  readonly #want: (wanted: Wanted) => void;
  #watches = new Map<string, RepositoryWatch>();
  #models: readonly ModelConfig[] = [];
  #revision: string | undefined;
  /** Models that someone took out of service, by name. */
  readonly #unloaded = new Set<string>();

  /** @param openBucket the folders of a base path that is a `BucketPath` */
  constructor(
    options: WatchOptions,
    cacheDir: string | undefined,
    openBucket: (basePath: string) => VersionFolders,
    want: (wanted: Wanted) => void,
  ) {
    this.#options = options;
    this.#cacheDir = cacheDir;
    this.#openBucket = openBucket;
    this.#want = want;
  }

  /**
   * From now on these models, which is told at once. One that was unloaded is served again if it is configured otherwise than before.
   * Resolves when each has been looked at and that has been told as well.
   * @param revision of the config file that says so; undefined if none does
   */
  async configure(models: readonly ModelConfig[], revision?: string): Promise<void> {
    const watches = new Map<string, RepositoryWatch>();
    const begun: Promise<void>[] = [];
    for (const model of models) {
      const { name, basePath, notes } = model;
      for (const note of notes) this.#options.log.warn({ model: name }, note);
      const key = keyOf(model);
      let watch = this.#watches.get(key);
      if (!watch) {
        watch = this.#watch(name, basePath);
        begun.push(watch.start());
      }
      watches.set(key, watch);
    }
    for (const name of this.#unloaded) {
      if (!isDeepStrictEqual(byName(models, name), byName(this.#models, name))) this.#unloaded.delete(name);
    }
    const ended = [...this.#watches].filter(([key]) => !watches.has(key)).map(([, watch]) => watch.stop());
    this.#watches = watches;
    this.#models = models;
    this.#revision = revision;
    this.#tell();
    await Promise.all([...begun, ...ended]);
  }

  #watch(name: string, basePath: string): RepositoryWatch {
    const changed = () => this.#tell();
    if (!isBucketPath(basePath)) {
      return new RepositoryWatch(name, basePath, new LocalFolders(basePath), this.#options, changed);
    }
    const { pollMs } = this.#options;
    const options = { ...this.#options, mode: 'poll', pollMs: pollMs && Math.max(pollMs, leastCloudPollMs) } as const;
    return new RepositoryWatch(name, basePath, this.#openBucket(basePath), options, changed);
  }

  has(name: string): boolean {
    return byName(this.#models, name) !== undefined;
  }

  /** Takes a model out of service. @returns whether there is one of that name */
  unload(name: string): boolean {
    if (!this.has(name)) return false;
    this.#unloaded.add(name);
    this.#tell();
    return true;
  }

  /** Has a model served again, and looks at it now. Resolves as `rescan` does. */
  async load(name: string): Promise<void> {
    if (this.#unloaded.delete(name)) this.#tell();
    await this.#watchOf(name)?.rescan();
  }

  /** All that is configured is to be served again; to be told by `configure`. */
  forgetUnloads(): void {
    this.#unloaded.clear();
  }

  /** Why a model's base path cannot be read, if it cannot. */
  unreadable(name: string): string[] {
    const repository = this.#watchOf(name)?.repository;
    return repository?.state === 'unreadable' ? [`base path cannot be read - ${repository.cause}`] : [];
  }

  /** Looks at all of them now; resolves when what is just being written has had the time to settle. */
  async rescan(): Promise<void> {
    await Promise.all([...this.#watches.values()].map((watch) => watch.rescan()));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#watches.values()].map((watch) => watch.stop()));
  }

  /** Only ever the complete set. Of a model that has not been looked at yet nothing is known: what is loaded stays. */
  #tell(): void {
    const models = this.#models.map(({ basePath: _, notes: __, options, required, ...model }) => {
      const isUnloaded = this.#unloaded.has(model.name);
      const repository = isUnloaded ? takenOut : (this.#watchOf(model.name)?.repository ?? notLookedAt);
      const loadOptions = this.#cacheDir === undefined ? options : { ...options, cacheDir: this.#cacheDir };
      return { ...model, required: required && !isUnloaded, options: loadOptions, repository };
    });
    this.#want({ models, ...(this.#revision === undefined ? {} : { revision: this.#revision }) });
  }

  #watchOf(name: string): RepositoryWatch | undefined {
    const model = byName(this.#models, name);
    return model && this.#watches.get(keyOf(model));
  }
}

function byName(models: readonly ModelConfig[], name: string): ModelConfig | undefined {
  return models.find((model) => model.name === name);
}

/** Another base path has another watch. */
function keyOf({ name, basePath }: ModelConfig): string {
  return JSON.stringify([name, basePath]);
}
