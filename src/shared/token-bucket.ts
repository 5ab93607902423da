export interface TokenBucketOptions {
  /** How many it holds; it is full at first. */
  readonly burst: number;
  /** How many come back, fractions of one too. */
  readonly perSecond: number;
}

/** Bounds how often something happens over time, and lets a burst pass. All times in milliseconds of one clock. */
export class TokenBucket {
  readonly #burst: number;
  readonly #perMs: number;
  #tokens: number;
  #at = Number.NEGATIVE_INFINITY;

  constructor({ burst, perSecond }: TokenBucketOptions) {
    this.#burst = burst;
    this.#perMs = perSecond / 1000;
    this.#tokens = burst;
  }

  /** Takes one if there is one. */
  tryTake(now: number): boolean {
    this.#refill(now);
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  /** Takes one in any case, if need be one that is still to come. @returns milliseconds until it is there */
  reserve(now: number): number {
    this.#refill(now);
    this.#tokens--;
    return this.#tokens >= 0 ? 0 : -this.#tokens / this.#perMs;
  }

  /** As good as new: whoever forgets such a bucket loses nothing. */
  isFull(now: number): boolean {
    this.#refill(now);
    return this.#tokens === this.#burst;
  }

  #refill(now: number): void {
    if (now <= this.#at) return;
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) * this.#perMs);
    this.#at = now;
  }
}
