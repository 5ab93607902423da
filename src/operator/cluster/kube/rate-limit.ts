import { type Clock, sleep } from '../../../shared/clock.ts';

export interface RateLimitOptions {
  /** So many a second, in the long run. */
  readonly perSecond: number;
  /** So many at once, after a while of rest. */
  readonly burst: number;
}

/** Lets callers through at a bounded rate, in the order in which they came. */
export class RateLimit {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #allowanceMs: number;
  /** When the next one would be due if there had never been a burst. */
  #next = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, { perSecond, burst }: RateLimitOptions) {
    this.#clock = clock;
    this.#intervalMs = 1000 / perSecond;
    this.#allowanceMs = this.#intervalMs * (burst - 1);
  }

  /** Resolves when it is the caller's turn; rejects with the signal's reason. A turn that was given up is spent. */
  async turn(signal?: AbortSignal): Promise<void> {
    const now = this.#clock.now();
    const due = Math.max(this.#next, now);
    this.#next = due + this.#intervalMs;
    const waitMs = due - this.#allowanceMs - now;
    if (waitMs > 0) await sleep(this.#clock, waitMs, signal);
  }
}
