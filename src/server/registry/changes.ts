import type { Clock } from '../../shared/clock.ts';

/** Those who want to know when something has changed, and those who wait for it. */
export class Changes {
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns ends it */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  announce(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /**
   * Resolves once `condition` holds, or when the time is up.
   * @param ms milliseconds; Infinity for no end
   * @throws the signal's reason, once that is aborted
   */
  until(condition: () => boolean, ms: number, signal?: AbortSignal): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = ms === Number.POSITIVE_INFINITY ? undefined : this.#clock.after(ms, () => end(resolve));
      const unsubscribe = this.subscribe(() => {
        if (condition()) end(resolve);
      });
      const abort = () => end(() => reject(signal?.reason));
      const end = (finish: () => void) => {
        unsubscribe();
        timer?.cancel();
        signal?.removeEventListener('abort', abort);
        finish();
      };
      if (signal?.aborted) return abort();
      signal?.addEventListener('abort', abort, { once: true });
    });
  }
}
