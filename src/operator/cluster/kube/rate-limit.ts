import { type Clock, sleep } from '../../../shared/clock.ts';
import { TokenBucket, type TokenBucketOptions } from '../../../shared/token-bucket.ts';

/** Lets callers through at a bounded rate, in the order in which they came. */
export class RateLimit {
  readonly #clock: Clock;
  readonly #bucket: TokenBucket;

  constructor(clock: Clock, options: TokenBucketOptions) {
    this.#clock = clock;
    this.#bucket = new TokenBucket(options);
  }

  /** Resolves when it is the caller's turn; rejects with the signal's reason. A turn that was given up is spent. */
  async turn(signal?: AbortSignal): Promise<void> {
    const waitMs = this.#bucket.reserve(this.#clock.now());
    if (waitMs > 0) await sleep(this.#clock, waitMs, signal);
  }
}
