import type { Layouts } from './layout.ts';
import type { Preprocessing } from './preprocessing.ts';
import type { Reshape } from './reshape.ts';
import type { VersionPolicy } from './version-policy.ts';

/**
 * What a source wants served: always the complete set. A model that is left out is to be drained and unloaded.
 * Sources emit it, the registry brings it about; neither knows the other.
 */
export interface Wanted {
  readonly models: readonly WantedModel[];
  /** Stands for the config that says so: another one, another revision. Absent where none does. */
  readonly revision?: string;
}

export interface WantedModel {
  readonly name: string;
  /** Whether the server as a whole is ready for requests only with it. */
  readonly required: boolean;
  readonly policy: VersionPolicy;
  /** Versions by their labels; they are served whatever the policy picks. */
  readonly labels: ReadonlyMap<string, number>;
  readonly options: LoadOptions;
  readonly repository: Repository;
}

/**
 * The versions on disk, in any order; or, while the base path cannot be read, why; or that nobody has looked yet. In these two
 * cases what is loaded stays. Or that someone took the model out of service: then nothing of it does.
 */
export type Repository =
  | { readonly state: 'listed'; readonly versions: readonly WantedVersion[] }
  | { readonly state: 'unreadable'; readonly cause: string }
  | { readonly state: 'unknown' }
  | { readonly state: 'unloaded' };

export interface WantedVersion {
  readonly version: number;
  /** Absolute path of the version's directory. */
  readonly directory: string;
  /**
   * Changes when the directory's files change (names, sizes, times, inodes): the version is then loaded anew beside the old
   * one, and a version that failed is tried again at once.
   */
  readonly fingerprint: string;
  /** Whether the files are those of the fingerprint still: what was read while someone wrote may be half old, half new. */
  readonly unchanged: () => Promise<boolean>;
  /**
   * For files that are kept elsewhere: brings them to `directory`, where they stay until they are let go of. Whoever asks while
   * they are there has them at once.
   * @throws FilesChanged if they are not any more as they were seen
   */
  readonly fetch?: (signal: AbortSignal) => Promise<Fetched>;
}

/** Files were written while they were fetched: they will be seen anew, and a failure is not to be told. */
export class FilesChanged extends Error {
  override readonly name = 'FilesChanged';
}

/** Files that are in their place as long as somebody needs them. */
export interface Fetched {
  /** Once: they may go, as far as the caller is concerned. */
  release(): void;
}

/** How a model is to be loaded. Versions are loaded anew when any of it changes. */
export interface LoadOptions {
  /** An OpenVINO device: `CPU`, `GPU.1`, `AUTO:GPU,CPU`, … */
  readonly targetDevice: string;
  /** OpenVINO properties, as given; what the server adds when they are silent is the engine's. */
  readonly pluginConfig: Readonly<Record<string, string>>;
  /** How many infer requests; 0 asks the device for its optimum. */
  readonly inferRequests: number;
  /** What dimensions are, instead of what its files say. */
  readonly layouts?: Layouts;
  /** What its inputs are to be instead of what its files say, as clients see them. */
  readonly reshape?: Reshape;
  /** For a model whose requests belong to sequences. */
  readonly stateful?: StatefulOptions;
  /** What its input goes through before it sees it. */
  readonly preprocessing?: Preprocessing;
  /** Where the engine may keep compiled models. */
  readonly cacheDir?: string;
}

/** How a stateful model serves its sequences. */
export interface StatefulOptions {
  /** How many may live at a time. */
  readonly mostSequences: number;
  /** Whether those that nobody uses are ended. */
  readonly endsIdle: boolean;
  /** Whether the model's loops are to be made into states first (OpenVINO's LowLatency2). */
  readonly lowLatency: boolean;
}
