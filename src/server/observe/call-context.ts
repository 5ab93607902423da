import type { TakeMemory } from '../model/inference.ts';
import type { Meter } from './meter.ts';
import type { Span } from './span.ts';

/** What a request brings along beside its message. */
export interface CallContext {
  /** Aborted, with a ServingError as its reason, when the caller has gone or its deadline has passed. */
  readonly signal?: AbortSignal;
  readonly span?: Span | undefined;
  readonly takeMemory: TakeMemory;
  /** Of what the request asks for: set by who finds that, if metrics are on, and told by `measured` how the request ends. */
  meter?: Meter | undefined;
  /** Tells something beside the answer, in its headers; absent where the transport has none for each message. */
  readonly tell?: (name: string, value: string) => void;
}
