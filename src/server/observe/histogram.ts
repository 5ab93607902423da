/** Upper bounds of the buckets in µs, those of OpenVINO Model Server: from 10 µs to 25 minutes, each 1.8 times the one before. */
export const bounds: readonly number[] = Array.from({ length: 33 }, (_, i) => Math.floor(10 * 1.8 ** i));

/**
 * By how many bits the whole microseconds take, the first bucket that such a time may belong to. A bucket is less than twice as wide as
 * the one before, so that at most two more are looked at.
 */
const firstByBits: readonly number[] = Array.from({ length: 33 }, (_, bits) => {
  const least = bits === 0 ? 0 : 2 ** (bits - 1);
  const index = bounds.findIndex((bound) => bound >= least);
  return index < 0 ? bounds.length : index;
});

/**
 * Times by buckets. Observing takes a few nanoseconds and no memory, which prom-client's histogram does not: that one checks and joins
 * labels each time.
 */
export class Histogram {
  /** How many fell into each bucket, the last being for what is beyond all bounds; and behind those the sum. */
  readonly #figures = new Float64Array(bounds.length + 2);

  /** @param us microseconds, 0 or more */
  observe(us: number): void {
    let bucket = us < 2 ** 31 ? firstByBits[32 - Math.clz32(us)]! : bounds.length;
    while (bucket < bounds.length && us > bounds[bucket]!) bucket++;
    this.#figures[bucket]!++;
    this.#figures[bounds.length + 1]! += us;
  }

  /** How many there are in each bucket and those below it: one for each bound, and one for all. */
  cumulative(): number[] {
    let count = 0;
    return Array.from(this.#figures.subarray(0, bounds.length + 1), (more) => {
      count += more;
      return count;
    });
  }

  get sum(): number {
    return this.#figures[bounds.length + 1]!;
  }
}
