import { type FSWatcher, watch } from 'chokidar';
import type { Timer } from '../../shared/clock.ts';
import type { WatchOptions } from './watch-options.ts';

/** File events come in bursts: one look serves them all. */
const burstMs = 20;

/**
 * Calls `look` again and again: when files below a path change, at intervals, and when it is asked to. Never two at a time.
 */
export class Looker {
  readonly #path: string;
  readonly #look: () => Promise<void>;
  readonly #options: WatchOptions;
  #watcher: FSWatcher | undefined;
  #timer: Timer | undefined;
  #due = Number.POSITIVE_INFINITY;
  #running: Promise<void> | undefined;
  #stopped = false;
  #eventsFail = false;

  /** @param look never rejects */
  constructor(path: string, look: () => Promise<void>, options: WatchOptions) {
    this.#path = path;
    this.#look = look;
    this.#options = options;
  }

  /** Resolves after the first look. */
  async start(): Promise<void> {
    const { mode, pollMs } = this.#options;
    if (pollMs > 0 && mode !== 'poll') this.#listen();
    await this.now();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#watcher?.close();
    await this.#running;
  }

  /** Looks; resolves after a look that began after the call. */
  async now(): Promise<void> {
    await this.#running;
    if (this.#stopped) return;
    // Several who waited for the same look to end share the next one.
    this.#running ??= this.#run();
    await this.#running;
  }

  /** Looks in `ms` milliseconds at the latest. */
  within(ms: number): void {
    const due = this.#options.clock.now() + ms;
    if (this.#stopped || due >= this.#due) return;
    this.#due = due;
    this.#timer?.cancel();
    this.#timer = this.#options.clock.after(ms, () => void this.now());
  }

  async #run(): Promise<void> {
    this.#timer?.cancel();
    this.#due = Number.POSITIVE_INFINITY;
    try {
      await this.#look();
    } finally {
      this.#running = undefined;
    }
    const { mode, pollMs } = this.#options;
    if (pollMs > 0 && (mode !== 'events' || this.#eventsFail)) this.within(pollMs);
  }

  #listen(): void {
    this.#watcher = watch(this.#path, { ignoreInitial: true, ignorePermissionErrors: true });
    this.#watcher.on('all', () => this.within(burstMs));
    this.#watcher.on('error', (error) => {
      if (this.#eventsFail) return;
      this.#eventsFail = true;
      this.#options.log.warn({ err: error, path: this.#path }, 'File events are not to be had; looking at intervals');
      this.within(this.#options.pollMs);
    });
  }
}
