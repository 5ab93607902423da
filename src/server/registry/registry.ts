import type { LoadedModel } from '../engine/engine.ts';
import type { ServableSpec } from '../model/inference.ts';
import type { Wanted } from '../model/wanted.ts';
import type { Catalogue, PinnedServable } from './catalogue.ts';

/** The models that are served, and what has become of all that were ever to be. */
export interface Registry extends Catalogue {
  /** From now on this, and nothing else, is to be served. Returns at once. */
  want(wanted: Wanted): void;
  /**
   * Pins the version that a request names; it stays loaded until `release`, which must be called exactly once.
   * @throws ServingError `servable-not-found`, `version-not-found`, `version-retired`, `not-loaded`
   */
  acquire(spec: ServableSpec): Pinned;
  /** Whether the version that a request names is not available, but being loaded or in line for it; also while nothing is known. */
  isComing(spec: ServableSpec): boolean;
  /** Resolves once everything that is wanted has been loaded or has failed; what failed may be tried again then. */
  settled(): Promise<void>;
  /** What of a model failed to load counts as never tried: it need not wait for its turn. */
  tryAgain(name: string): void;
  /** Why versions of a model do not load, for those that do not; that files are just being written is no reason. */
  causes(name: string): string[];
  /** Begins no more loads: the server is about to end. */
  stopLoading(): void;
  /** Unloads everything; waits `ms` milliseconds at most for requests under way. @returns whether nothing is left */
  close(ms: number): Promise<boolean>;
}

/** A version that cannot be unloaded until it is released. */
export interface Pinned extends PinnedServable {
  readonly kind: 'model';
  readonly model: LoadedModel;
}
