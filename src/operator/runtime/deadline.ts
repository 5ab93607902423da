import type { Clock, Timer } from '../../shared/clock.ts';

/** Something took longer than it may. */
export class TimeoutError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TimeoutError';
  }
}

/** A signal that is aborted when the time is up, with a `TimeoutError`, or when the parent is, with its reason. */
export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
  /** The time counts from now again. */
  postpone(): void;
}

/**
 * Starts to wait. Whoever starts it disposes of it, or its timer and its listener stay.
 * @param message of the `TimeoutError`
 */
export function startDeadline(clock: Clock, ms: number, message: string, parent?: AbortSignal): Deadline {
  const controller = new AbortController();
  let end = clock.now() + ms;
  let timer: Timer | undefined;
  // Postponed for each event of a watch: moving the end costs less than a new timer.
  const wait = () => {
    timer = clock.after(end - clock.now(), () => {
      if (clock.now() < end) wait();
      else controller.abort(new TimeoutError(message));
    });
  };
  const follow = () => controller.abort(parent?.reason);
  if (parent?.aborted) follow();
  else {
    parent?.addEventListener('abort', follow, { once: true });
    wait();
  }
  return {
    signal: controller.signal,
    postpone() {
      end = clock.now() + ms;
    },
    [Symbol.dispose]() {
      timer?.cancel();
      parent?.removeEventListener('abort', follow);
    },
  };
}

/** What `work` comes to, or the signal's reason as soon as that is aborted, whether `work` heeds it or not. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
