import type { WatchEvent, WatchOptions } from '../../../src/operator/cluster/cluster.ts';
import type { KubeObject } from '../../../src/operator/cluster/kube-object.ts';
import type { Clock, Timer } from '../../../src/shared/clock.ts';
import { overTheWire } from './json.ts';

/** Something that happened to an object. */
export interface Change {
  readonly version: string;
  /** As `kindKey` names it. */
  readonly kind: string;
  /** Absent if it was created. */
  readonly before?: KubeObject;
  /** As it is now, or for a deletion as it was at last, with the resource version of the deletion. */
  readonly object: KubeObject;
  readonly deleted: boolean;
}

type OnEvent = (event: WatchEvent<KubeObject>) => void;
export type Matches = (object: KubeObject) => boolean;

/** One that is open. Events are delivered in turns of their own, never inside of the write that they tell of. */
class Watch {
  readonly kind: string;
  readonly closed: Promise<void>;
  hung = false;
  readonly #matches: Matches;
  readonly #onEvent: OnEvent;
  readonly #end = Promise.withResolvers<void>();
  readonly #waiting: (() => void)[] = [];
  #draining = false;

  constructor(kind: string, matches: Matches, onEvent: OnEvent) {
    this.kind = kind;
    this.#matches = matches;
    this.#onEvent = onEvent;
    this.closed = this.#end.promise;
  }

  tell(change: Change): void {
    const matched = change.before !== undefined && this.#matches(change.before);
    const matches = !change.deleted && this.#matches(change.object);
    if (!matched && !matches) return;
    const type = matched ? (matches ? 'modified' : 'deleted') : 'added';
    this.#enqueue(() => this.#onEvent({ type, object: overTheWire(change.object) }));
  }

  bookmark(resourceVersion: string): void {
    this.#enqueue(() => this.#onEvent({ type: 'bookmark', resourceVersion }));
  }

  /** After what has been told so far. */
  end(): void {
    this.#enqueue(() => this.#end.resolve());
  }

  /** At once. */
  fail(error: unknown): void {
    this.hung = true;
    this.#end.reject(error);
  }

  #enqueue(step: () => void): void {
    if (this.hung) return;
    this.#waiting.push(step);
    if (this.#draining) return;
    this.#draining = true;
    setImmediate(() => {
      this.#draining = false;
      try {
        for (const next of this.#waiting.splice(0)) if (!this.hung) next();
      } catch (error) {
        this.fail(error);
      }
    });
  }
}

/** All that are open. */
export class Watches {
  readonly #clock: Clock;
  readonly #open = new Set<Watch>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#open.size;
  }

  /** @param past what has happened since the resource version that the watch goes on from */
  async run(
    kind: string,
    matches: Matches,
    past: readonly Change[],
    current: () => string,
    options: WatchOptions,
    onEvent: OnEvent,
  ): Promise<void> {
    const watch = new Watch(kind, matches, onEvent);
    const abort = () => watch.fail(options.signal?.reason);
    options.signal?.addEventListener('abort', abort, { once: true });
    const timer: Timer = this.#clock.after(options.timeoutSeconds * 1000, () => {
      watch.bookmark(current());
      watch.end();
    });
    this.#open.add(watch);
    for (const change of past) if (change.kind === kind) watch.tell(change);
    try {
      await watch.closed;
    } finally {
      this.#open.delete(watch);
      timer.cancel();
      options.signal?.removeEventListener('abort', abort);
    }
  }

  tell(change: Change): void {
    for (const watch of this.#open) if (watch.kind === change.kind) watch.tell(change);
  }

  bookmark(version: string): void {
    for (const watch of this.#open) watch.bookmark(version);
  }

  end(): void {
    for (const watch of this.#open) watch.end();
  }

  cut(error: () => Error): void {
    for (const watch of this.#open) watch.fail(error());
  }

  hang(): void {
    for (const watch of this.#open) watch.hung = true;
  }
}
