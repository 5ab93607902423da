import type { Span } from './span.ts';

/**
 * Counts bytes that a call takes beside its message, until it is answered.
 * @throws ServingError `resource-exhausted` if they are not to be had
 */
export type TakeMemory = (bytes: number) => void;

/** What a request brings along beside its message. */
export interface CallContext {
  /** Aborted, with a ServingError as its reason, when the caller has gone or its deadline has passed. */
  readonly signal?: AbortSignal;
  readonly span?: Span | undefined;
  readonly takeMemory: TakeMemory;
}
