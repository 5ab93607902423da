import type { ModelConfig } from '../config/model-config.ts';
import { isBucketPath } from '../model/bucket-path.ts';
import type { Repository, Wanted } from '../model/wanted.ts';
import { LocalFolders } from './local-folders.ts';
import { RepositoryWatch } from './repository-watch.ts';
import type { VersionFolders } from './version-folders.ts';
import type { WatchOptions } from './watch-options.ts';

const notLookedAt: Repository = { state: 'unknown' };

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
   * From now on these models, which is told at once. Resolves when each has been looked at and that has been told as well.
   * @param revision of the config file that says so; undefined if none does
   */
  async configure(models: readonly ModelConfig[], revision?: string): Promise<void> {
    const watches = new Map<string, RepositoryWatch>();
    const begun: Promise<void>[] = [];
    for (const { name, basePath, notes } of models) {
      for (const note of notes) this.#options.log.warn({ model: name }, note);
      const key = JSON.stringify([name, basePath]);
      let watch = this.#watches.get(key);
      if (!watch) {
        watch = this.#watch(name, basePath);
        begun.push(watch.start());
      }
      watches.set(key, watch);
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

  /** Why base paths cannot be read, for those that cannot. */
  unreadable(): string[] {
    return [...this.#watches.values()].flatMap(({ repository }) =>
      repository?.state === 'unreadable' ? [`base path cannot be read - ${repository.cause}`] : [],
    );
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
    const models = this.#models.map(({ basePath, notes: _, options, ...model }) => {
      const { name } = model;
      const repository = this.#watches.get(JSON.stringify([name, basePath]))?.repository ?? notLookedAt;
      const loadOptions = this.#cacheDir === undefined ? options : { ...options, cacheDir: this.#cacheDir };
      return { ...model, options: loadOptions, repository };
    });
    this.#want({ models, ...(this.#revision === undefined ? {} : { revision: this.#revision }) });
  }
}
