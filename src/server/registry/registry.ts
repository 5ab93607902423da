import type { LoadedModel } from '../engine/engine.ts';
import type { ServableSpec } from '../model/inference.ts';
import type { VersionStatus } from '../model/version-status.ts';
import type { Wanted } from '../model/wanted.ts';

/** What is served, and what has become of all that was ever to be. */
export interface Registry {
  /** From now on this, and nothing else, is to be served. Returns at once. */
  want(wanted: Wanted): void;
  /**
   * Pins the version that a request names; it stays loaded until `release`, which must be called exactly once.
   * @throws ServingError `servable-not-found`, `version-not-found`, `version-retired`, `not-loaded`
   */
  acquire(spec: ServableSpec): Pinned;
  /**
   * Resolves when the version that a request names has become available or will not soon.
   * @throws ServingError `resource-exhausted` if too many wait for that model already; the signal's reason, once that is aborted
   */
  whenLoaded(spec: ServableSpec, ms: number, signal: AbortSignal | undefined): Promise<void>;
  /**
   * One version, or all that there ever were, ascending.
   * @throws ServingError `servable-not-found`, `version-not-found`
   */
  status(spec: ServableSpec): VersionStatus[];
  /**
   * Of which config a model is served, or is told to fail: the revision that came with what was wanted then; `none` if it has not
   * been served by any yet. Undefined where what is wanted came with none.
   */
  revisionInForce(name: string): string | undefined;
  /** Undefined until it is known what is wanted. */
  readiness(): Readiness | undefined;
  /** Calls back after every change of a version's state, until the returned function is called. */
  subscribe(listener: () => void): () => void;
  /** Resolves once everything that is wanted has been loaded or has failed; what failed may be tried again then. */
  settled(): Promise<void>;
  /** Begins no more loads: the server is about to end. */
  stopLoading(): void;
  /** Unloads everything; waits `ms` milliseconds at most for requests under way. @returns whether nothing is left */
  close(ms: number): Promise<boolean>;
}

export interface Readiness {
  /** Whether requests may be sent to the server as a whole: see decision 7. */
  readonly isReady: boolean;
  /** By name, for every model that is wanted: whether a version of it is available. */
  readonly models: ReadonlyMap<string, boolean>;
}

/** A version that cannot be unloaded until it is released. */
export interface Pinned {
  readonly name: string;
  readonly version: number;
  readonly model: LoadedModel;
  release(): void;
}
