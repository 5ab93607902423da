import { backoff } from '../../shared/backoff.ts';
import type { Clock, Timer } from '../../shared/clock.ts';
import { TokenBucket, type TokenBucketOptions } from '../../shared/token-bucket.ts';

/** What a queue tells of itself as it happens. */
export interface QueueMetrics {
  added(): void;
  retried(): void;
  taken(waitedSeconds: number): void;
  done(workedSeconds: number): void;
}

export interface QueueOptions {
  readonly clock: Clock;
  readonly metrics?: QueueMetrics;
  /** Milliseconds before a key's first retry, and the most before a later one. */
  readonly backoff?: { readonly first: number; readonly most: number };
  /** What bounds the retries of all keys together. */
  readonly retries?: TokenBucketOptions;
}

/**
 * Keys that somebody is to look at, each at most once in line however often it was added, and never taken by two at once:
 * one that is added while it is worked on comes back into line when that is done. First come, first served.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #metrics: QueueMetrics | undefined;
  readonly #backoff: { readonly first: number; readonly most: number };
  readonly #retries: TokenBucket;
  /** Keys and since when they wait: those in line, and those to come back into it when the work on them is done. */
  readonly #line = new Map<string, number>();
  readonly #again = new Map<string, number>();
  /** Since when each is worked on. */
  readonly #working = new Map<string, number>();
  readonly #later = new Map<string, { readonly at: number; readonly timer: Timer }>();
  readonly #failures = new Map<string, number>();
  #takers: ((key: string | undefined) => void)[] = [];
  #stopped = false;

  constructor(options: QueueOptions) {
    this.#clock = options.clock;
    this.#metrics = options.metrics;
    this.#backoff = options.backoff ?? { first: 5, most: 1_000_000 };
    this.#retries = new TokenBucket(options.retries ?? { burst: 100, perSecond: 10 });
  }

  /** How many are in line. */
  get depth(): number {
    return this.#line.size;
  }

  /** How many are to come into line later. */
  get delayed(): number {
    return this.#later.size;
  }

  /** How many seconds the keys that are being worked on have taken so far: all together, and the one that takes longest. */
  unfinished(): { readonly total: number; readonly longest: number } {
    const now = this.#clock.now();
    let total = 0;
    let longest = 0;
    for (const since of this.#working.values()) {
      const seconds = (now - since) / 1000;
      total += seconds;
      longest = Math.max(longest, seconds);
    }
    return { total, longest };
  }

  add(key: string): void {
    if (this.#stopped || this.#line.has(key) || this.#again.has(key)) return;
    this.#metrics?.added();
    const now = this.#clock.now();
    if (this.#working.has(key)) this.#again.set(key, now);
    else this.#enter(key, now);
  }

  /** Adds it `ms` milliseconds from now. Of several such wishes for a key the earliest counts, and the others are forgotten. */
  addAfter(key: string, ms: number): void {
    if (this.#stopped) return;
    if (ms <= 0) {
      this.add(key);
      return;
    }
    const at = this.#clock.now() + ms;
    const before = this.#later.get(key);
    if (before && before.at <= at) return;
    before?.timer.cancel();
    const timer = this.#clock.after(ms, () => {
      this.#later.delete(key);
      this.add(key);
    });
    this.#later.set(key, { at, timer });
  }

  /**
   * Adds a key whose work failed, the later the oftener it did in a row.
   * @param leastMs milliseconds to wait in any case
   */
  retry(key: string, leastMs = 0): void {
    if (this.#stopped) return;
    this.#metrics?.retried();
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    const { first, most } = this.#backoff;
    const own = backoff(failures, { first, most, factor: 2, jitter: 0 });
    // A key that comes back by itself already takes no share: one that events bring back all the time would take it all.
    const shared = this.#later.has(key) ? 0 : this.#retries.reserve(this.#clock.now());
    this.addAfter(key, Math.max(own, shared, leastMs));
  }

  /** Its work succeeded, or cannot: the next failure counts as its first. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** How often in a row the work on it has failed. */
  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** The next key, to be given back with `done`; undefined once the queue is stopped. */
  take(): Promise<string | undefined> {
    if (this.#stopped) return Promise.resolve(undefined);
    for (const [key, since] of this.#line) {
      this.#line.delete(key);
      this.#begin(key, since);
      return Promise.resolve(key);
    }
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  /** The work on it is over, however it went. */
  done(key: string): void {
    const began = this.#working.get(key);
    if (began === undefined) return;
    this.#working.delete(key);
    this.#metrics?.done((this.#clock.now() - began) / 1000);
    const since = this.#again.get(key);
    if (since === undefined) return;
    this.#again.delete(key);
    this.#enter(key, since);
  }

  /** Forgets all that is in line or to come, takes nothing more and wakes those who wait. */
  stop(): void {
    this.#stopped = true;
    for (const { timer } of this.#later.values()) timer.cancel();
    for (const keys of [this.#line, this.#again, this.#later, this.#failures]) keys.clear();
    const takers = this.#takers;
    this.#takers = [];
    for (const take of takers) take(undefined);
  }

  #enter(key: string, since: number): void {
    const taker = this.#takers.shift();
    if (!taker) {
      this.#line.set(key, since);
      return;
    }
    this.#begin(key, since);
    taker(key);
  }

  #begin(key: string, since: number): void {
    const now = this.#clock.now();
    this.#working.set(key, now);
    this.#metrics?.taken((now - since) / 1000);
  }
}
