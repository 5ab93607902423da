import { RequestPool } from './request-pool.ts';

/** Threads of Node's pool that long work leaves alone: one reads and compiles, two look at files. */
const threadsForOthers = 3;

/**
 * What work off the event loop takes one of before it begins. It is not left to the thread pool's own line, from which nobody can step
 * back, and where files and loads would stand behind.
 * @param poolThreads that the process's pool has
 */
export function workThreads(poolThreads: number): RequestPool<number> {
  const free = Math.max(1, poolThreads - threadsForOthers);
  return new RequestPool(
    Array.from({ length: free }, (_, i) => i),
    Number.POSITIVE_INFINITY,
  );
}
