import type { TakeMemory } from '../model/inference.ts';
import type { Span } from './span.ts';

/** What a request brings along beside its message. */
export interface CallContext {
  /** Aborted, with a ServingError as its reason, when the caller has gone or its deadline has passed. */
  readonly signal?: AbortSignal;
  readonly span?: Span | undefined;
  readonly takeMemory: TakeMemory;
}
