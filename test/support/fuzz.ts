import assert from 'node:assert/strict';
import { scrape } from './scrape.ts';

/**
 * How fuzzers run: the same cases each time, in a number that `make test` has the time for. `FUZZ_SEED` gives others, `FUZZ_RUNS` so many
 * times as many.
 */
export function fuzzing(numRuns: number): { readonly seed: number; readonly numRuns: number } {
  const { FUZZ_SEED = '20', FUZZ_RUNS = '1' } = process.env;
  return { seed: Number(FUZZ_SEED), numRuns: numRuns * Number(FUZZ_RUNS) };
}

/** Fails if it takes longer than any request may. */
export async function inTime<T>(answer: Promise<T>, what: () => string, ms = 15_000): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms: ${what()}`)), ms);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Holds what a server has taken against what it had: more than this is not garbage that waits to be collected. */
export class MemoryWatch {
  readonly #port: number;
  readonly #mostGrowth = 300 * 1024 ** 2;
  #before = 0;

  /** @param port for REST, with metrics */
  constructor(port: number) {
    this.#port = port;
  }

  async begin(): Promise<void> {
    this.#before = await this.#resident();
  }

  async check(): Promise<void> {
    const grown = (await this.#resident()) - this.#before;
    assert.ok(grown < this.#mostGrowth, `the server has grown by ${grown} bytes`);
  }

  async #resident(): Promise<number> {
    return (await scrape(this.#port)).value('process_resident_memory_bytes')!;
  }
}
