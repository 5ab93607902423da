/** Time as the rest of the program may see it, so that tests can have their own. */
export interface Clock {
  /** Milliseconds that only ever grow; the origin means nothing. */
  now(): number;
  /** Calls back once, `ms` milliseconds from now or a little later, unless cancelled. Does not keep the process alive. */
  after(ms: number, callback: () => void): Timer;
}

export interface Timer {
  cancel(): void;
}

/** What Node's timers can hold: 24.8 days. */
const longestTimer = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, callback) {
    // Node reckons in whole milliseconds, and may call up to one too early; what it cannot wait for, it calls at once.
    const timeout = setTimeout(callback, Math.min(Math.ceil(ms) + 1, longestTimer));
    timeout.unref();
    return { cancel: () => clearTimeout(timeout) };
  },
};

/** Milliseconds since 1970, as deadlines on the wire count them. */
export function wallTime(): number {
  return Date.now();
}

/** Resolves after `ms` milliseconds of the clock; rejects with the signal's reason if that is aborted before. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const timer = clock.after(ms, () => {
      signal?.removeEventListener('abort', abort);
      resolve();
    });
    const abort = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
  });
}
