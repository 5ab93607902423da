import type { Span } from '../../shared/span.ts';
import type { Inference, InferOptions } from '../engine/engine.ts';
import type { ServableSpec, TakeMemory } from '../model/inference.ts';
import type { Signature } from '../model/signature.ts';
import type { Tensor } from '../model/tensor.ts';
import type { VersionStatus } from '../model/version-status.ts';

/** What requests are served from. */
export interface Catalogue {
  /**
   * Pins what a request names; it stays loaded until `release`, which must be called exactly once.
   * @throws ServingError `servable-not-found`, `version-not-found`, `version-retired`, `not-loaded`
   */
  acquire(spec: ServableSpec): PinnedServable;
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
   * Of which config something is served, or is told to fail: the revision that came with what was wanted then; `none` if it has not
   * been served by any yet. Undefined where what is wanted came with none.
   */
  revisionInForce(name: string): string | undefined;
  /** Undefined until it is known what is wanted. */
  readiness(): Readiness | undefined;
  /** Calls back after every change of a version's state, until the returned function is called. */
  subscribe(listener: () => void): () => void;
}

export interface Readiness {
  /** Whether requests may be sent to the server as a whole: see decision 7. */
  readonly isReady: boolean;
  /** By name, for everything that is wanted: whether a version of it is available. */
  readonly models: ReadonlyMap<string, boolean>;
}

/** What cannot be unloaded until it is released. */
export interface PinnedServable {
  readonly kind: 'model' | 'pipeline';
  readonly name: string;
  readonly version: number;
  readonly model: Runnable;
  release(): void;
}

/** What takes tensors and gives others: a loaded model, or a pipeline of some. */
export interface Runnable {
  readonly signature: Signature;
  /**
   * Runs it once; answers at once, not by a promise, if it can.
   * @param inputs one tensor for each input of the signature, in its order, each valid for it; the bytes must not change
   *   until it is done
   * @throws ServingError
   */
  infer(inputs: readonly Tensor[], options: RunOptions): Inference | Promise<Inference>;
}

/** What a request brings along for what it runs. */
export interface RunOptions extends InferOptions {
  readonly takeMemory: TakeMemory;
  readonly span?: Span | undefined;
}
