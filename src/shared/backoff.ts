export interface BackoffOptions {
  /** Milliseconds before the first retry. */
  readonly first: number;
  /** Milliseconds that no wait exceeds. */
  readonly most: number;
  /** By how much each wait is longer than the one before. */
  readonly factor: number;
  /** The share of the wait that is drawn at random, so that many who failed together do not return together. */
  readonly jitter: number;
}

/**
 * Milliseconds to wait before the next attempt.
 * @param failures how many attempts have failed so far, ≥ 1
 */
export function backoff(failures: number, options: BackoffOptions, random: () => number = Math.random): number {
  const full = Math.min(options.most, options.first * options.factor ** (failures - 1));
  return full * (1 - options.jitter * random());
}
