import { ServingError } from '../../model/error.ts';
import type { NodeWorker } from './node-worker.ts';

interface Waiter {
  readonly resolve: (worker: NodeWorker) => void;
  readonly reject: (error: unknown) => void;
  readonly forget: () => void;
}

export interface WorkerPoolOptions {
  /** Of the library, for those who are refused. */
  readonly name: string;
  /** Workers at most; they are started as they are needed. */
  readonly most: number;
  /** How many may wait beside those that have a worker. */
  readonly mostWaiting: number;
  readonly start: () => NodeWorker;
}

/** Workers to be had one at a time, first come, first served. One that has ended is replaced when the next is needed. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #idle: NodeWorker[] = [];
  readonly #all = new Set<NodeWorker>();
  /** In order of arrival; a Set, because those who give up leave from the middle. */
  readonly #waiting = new Set<Waiter>();
  #closed = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
  }

  /**
   * @throws ServingError `resource-exhausted` if too many wait already, `not-loaded` once the pool is closed; the signal's reason once that
   *   is aborted
   */
  async take(signal?: AbortSignal): Promise<NodeWorker> {
    if (signal?.aborted) throw reasonOf(signal);
    if (this.#closed) throw this.#closedError();
    const { most, mostWaiting, name } = this.#options;
    const worker = this.#takeIdle() ?? (this.#all.size < most ? this.#start() : undefined);
    if (worker) return worker;
    if (this.#waiting.size >= mostWaiting) {
      throw new ServingError(
        'resource-exhausted',
        `Too many requests wait for a custom node - Limit: ${mostWaiting}; library: ${name}; workers: ${most}`,
      );
    }
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#waiting.delete(waiter);
        reject(reasonOf(signal!));
      };
      const forget = () => signal?.removeEventListener('abort', abort);
      const waiter: Waiter = { resolve, reject, forget };
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiting.add(waiter);
    });
  }

  /**
   * One that stands in no line: another one if none is free, however many there are. For what is seldom, and must not be refused.
   * @throws ServingError `not-loaded` once the pool is closed
   */
  takeAtOnce(): NodeWorker {
    if (this.#closed) throw this.#closedError();
    return this.#takeIdle() ?? this.#start();
  }

  give(worker: NodeWorker): void {
    const { most } = this.#options;
    if (!worker.isAlive || this.#all.size > most) {
      this.#all.delete(worker);
      void worker.end();
    } else if (!this.#closed) this.#idle.push(worker);
    for (const next of this.#waiting) {
      const free = this.#takeIdle();
      if (!free && this.#all.size >= most) return;
      this.#waiting.delete(next);
      next.forget();
      try {
        next.resolve(free ?? this.#start());
      } catch (error) {
        next.reject(error);
      }
    }
  }

  /** Ends all workers, whatever they do. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { forget, reject } of this.#waiting) {
      forget();
      reject(this.#closedError());
    }
    this.#waiting.clear();
    await Promise.all([...this.#all].map((worker) => worker.end()));
    this.#all.clear();
  }

  /** The one used last, whose memory is in the caches. One may have ended while it was idle. */
  #takeIdle(): NodeWorker | undefined {
    for (;;) {
      const worker = this.#idle.pop();
      if (!worker || worker.isAlive) return worker;
      this.#all.delete(worker);
    }
  }

  #start(): NodeWorker {
    const worker = this.#options.start();
    this.#all.add(worker);
    return worker;
  }

  #closedError(): ServingError {
    return new ServingError('not-loaded', `The custom node library is closed - library: ${this.#options.name}`);
  }
}

/** What a request that was aborted is answered. */
export function reasonOf(signal: AbortSignal): ServingError {
  if (signal.reason instanceof ServingError) return signal.reason;
  return new ServingError('cancelled', 'Request was cancelled', { cause: signal.reason });
}
