import { ServingError } from '../model/error.ts';

interface Waiter<T> {
  readonly resolve: (item: T) => void;
  readonly reject: (error: unknown) => void;
  readonly forget: () => void;
}

/**
 * Infer requests to be had one at a time, first come, first served. The line is bounded; whoever gives up leaves it.
 */
export class RequestPool<T> {
  readonly #free: T[];
  readonly #all: readonly T[];
  readonly #mostWaiting: number;
  /** In order of arrival; a Set, because those who give up leave from the middle. */
  readonly #waiting = new Set<Waiter<T>>();
  #drained: (() => void) | undefined;
  #closed = false;

  /** @param mostWaiting how many may wait beside those that have an item */
  constructor(items: readonly T[], mostWaiting: number) {
    this.#all = items;
    this.#free = [...items];
    this.#mostWaiting = mostWaiting;
  }

  get size(): number {
    return this.#all.length;
  }

  get inUse(): number {
    return this.#all.length - this.#free.length;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** One that is free now, if there is; most recently used first, whose memory is in the caches. */
  tryTake(): T | undefined {
    return this.#closed ? undefined : this.#free.pop();
  }

  /**
   * Waits for one.
   * @throws ServingError `resource-exhausted` if too many wait already; the signal's reason once that is aborted;
   *   `version-retired` once it drains
   */
  take(signal: AbortSignal | undefined): Promise<T> {
    if (signal?.aborted) return Promise.reject(reasonOf(signal));
    if (this.#closed) return Promise.reject(retired());
    const item = this.tryTake();
    if (item !== undefined) return Promise.resolve(item);
    if (this.#waiting.size >= this.#mostWaiting) {
      return Promise.reject(
        new ServingError(
          'resource-exhausted',
          `Too many requests wait for an infer request - Limit: ${this.#mostWaiting}; infer requests: ${this.#all.length}`,
        ),
      );
    }
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#waiting.delete(waiter);
        reject(reasonOf(signal!));
      };
      const forget = () => signal?.removeEventListener('abort', abort);
      const waiter: Waiter<T> = { resolve, reject, forget };
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiting.add(waiter);
    });
  }

  give(item: T): void {
    for (const next of this.#waiting) {
      this.#waiting.delete(next);
      next.forget();
      next.resolve(item);
      return;
    }
    this.#free.push(item);
    if (this.#free.length === this.#all.length) this.#drained?.();
  }

  /** Gives out no more, refuses those who wait, and resolves with all the items once every one is back. */
  async drain(): Promise<readonly T[]> {
    this.#closed = true;
    for (const { forget, reject } of this.#waiting) {
      forget();
      reject(retired());
    }
    this.#waiting.clear();
    if (this.#free.length < this.#all.length) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
    }
    return this.#all;
  }
}

function reasonOf(signal: AbortSignal): ServingError {
  if (signal.reason instanceof ServingError) return signal.reason;
  return new ServingError('cancelled', 'Request was cancelled', { cause: signal.reason });
}

function retired(): ServingError {
  return new ServingError('version-retired', 'Model with requested version is retired');
}
