import type { LoadedModel } from './engine.ts';

/**
 * Runs a model that has been loaded before anyone else may. Whatever goes wrong is part of the outcome.
 * @param directory of the version
 * @param signal aborted when nobody waits for it any more
 */
export type WarmUp = (model: LoadedModel, directory: string, signal: AbortSignal) => Promise<WarmUpOutcome>;

export interface WarmUpOutcome {
  readonly kind: 'recorded' | 'synthetic' | 'none';
  /** How many requests it has answered. */
  readonly requests: number;
  /** Why others were not, or could not be made; the first few of them. */
  readonly failures: readonly string[];
}
