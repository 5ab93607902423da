import { backoff } from '../../shared/backoff.ts';
import { type Clock, sleep } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log.ts';
import type { Cluster, WatchEvent } from '../cluster/cluster.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import type { Kind, KubeObject } from '../cluster/kube-object.ts';
import { toKey } from '../cluster/object-key.ts';
import { orAborted, startDeadline, TimeoutError } from './deadline.ts';
import { Mirror, type MirrorOptions } from './mirror.ts';

export interface ReflectorOptions<T extends KubeObject> extends MirrorOptions<T> {
  readonly cluster: Pick<Cluster, 'list' | 'watch'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly kind: Kind;
  readonly labelSelector?: string;
  readonly timings?: Partial<ReflectorTimings>;
  /** Between 0 and 1. */
  readonly random?: () => number;
}

/** All in milliseconds. */
export interface ReflectorTimings {
  /** How long a watch lasts: between half of this and the whole, so that not all of them end together. */
  readonly watch: number;
  /** How much longer than that it may take to end. */
  readonly slack: number;
  /**
   * A watch that brings nothing for this long may be dead, and is begun anew from its last version. API servers send a
   * bookmark each minute, but of a kind that nothing happens to none at all, and then this costs a request.
   */
  readonly silence: number;
  /** How long one page of a list may take. */
  readonly list: number;
  /** Before it is tried again after a failure: at first, and at most. */
  readonly retry: { readonly first: number; readonly most: number };
  /** Before a kind that the API server does not know is asked for again. */
  readonly absent: number;
  /** Two watches begin no closer than this. */
  readonly between: number;
  /** A watch that lasted this long went well. */
  readonly settled: number;
  /** After this long the next end of a watch is followed by a list, should anything have been missed. */
  readonly relist: number;
}

const usual: ReflectorTimings = {
  watch: 600_000,
  slack: 30_000,
  silence: 100_000,
  list: 60_000,
  retry: { first: 800, most: 30_000 },
  absent: 30_000,
  between: 1000,
  settled: 60_000,
  relist: 3_600_000,
};

const pageSize = 500;

/** After so many failures in a row, what the version means may have been lost with what failed (a restored backup). */
const mostFailures = 10;

/** Keeps a store like what the API server has of one kind, come what may, and tells each change. */
export class Reflector<T extends KubeObject> {
  readonly #options: ReflectorOptions<T>;
  readonly #log: Logger;
  readonly #mirror: Mirror<T>;
  readonly #timings: ReflectorTimings;
  readonly #stopped = new AbortController();
  readonly #synced = Promise.withResolvers<void>();
  readonly #answered = Promise.withResolvers<void>();
  #running: Promise<void> | undefined;
  #hasSynced = false;
  #served: boolean | undefined;
  #refusal: string | undefined;
  #lastAliveAt = Number.NEGATIVE_INFINITY;
  /** Where a watch goes on from; undefined if all is to be listed. */
  #version: string | undefined;
  #listedAt = 0;
  #failures = 0;
  #relists = 0;
  /** Whether the next list is to be one page: its pages had gone too old to be continued. */
  #whole = false;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#timings = { ...usual, ...options.timings };
    this.#log = options.log.child({ kind: options.kind.kind, watchedNamespace: options.namespace });
    this.#mirror = new Mirror(options, this.#log);
    // Nobody need wait for them.
    this.#synced.promise.catch(() => {});
    this.#answered.promise.catch(() => {});
  }

  /** Resolves once the store has had it all, or the API server has said that there is no such kind; rejects if stopped before. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** Resolves once it has synced, or the API server has refused to tell; rejects if stopped before. */
  get answered(): Promise<void> {
    return this.#answered.promise;
  }

  /** What the API server said when it last refused to tell; undefined where it tells. It is asked again all the while. */
  get refusal(): string | undefined {
    return this.#refusal;
  }

  /** Whether the API server knows the kind; undefined before it was asked. */
  get served(): boolean | undefined {
    return this.#served;
  }

  /**
   * By the clock, when it last got anything from the API server, a failure too. Only what is broken in here lets this grow
   * older than some minutes, so it says whether a restart would help.
   */
  get lastAliveAt(): number {
    return this.#lastAliveAt;
  }

  start(): void {
    this.#lastAliveAt = this.#options.clock.now();
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    const reason = new Error('The reflector is stopped');
    this.#stopped.abort(reason);
    this.#synced.reject(reason);
    this.#answered.reject(reason);
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      let wait: number;
      try {
        wait = await this.#listAndWatch();
      } catch (error) {
        if (signal.aborted) break;
        wait = this.#judge(error);
      }
      this.#alive();
      if (wait > 0) await sleep(this.#options.clock, wait, signal).catch(() => {});
    }
  }

  /** @returns milliseconds to wait before the next turn */
  async #listAndWatch(): Promise<number> {
    if (this.#version === undefined) {
      try {
        this.#version = await this.#list();
      } catch (error) {
        if (error instanceof ClusterError && error.code === 'not-found') return this.#miss();
        throw error;
      }
      this.#failures = 0;
      this.#listedAt = this.#options.clock.now();
      this.#sync(true);
    }
    return this.#watch(this.#version);
  }

  /** @returns the resource version that the list was made at */
  async #list(): Promise<string> {
    const { cluster, clock, kind, namespace, labelSelector } = this.#options;
    const seen = new Set<string>();
    let next: string | undefined;
    do {
      using deadline = startDeadline(clock, this.#timings.list, 'The list took too long', this.#stopped.signal);
      const page = cluster.list<T>(kind, {
        ...(namespace === undefined ? {} : { namespace }),
        ...(labelSelector === undefined ? {} : { labelSelector }),
        ...(this.#whole ? {} : { limit: pageSize }),
        ...(next === undefined ? {} : { continue: next }),
        signal: deadline.signal,
      });
      const {
        items,
        resourceVersion,
        continue: more,
      } = await orAborted(page, deadline.signal).catch((error) => {
        if (next !== undefined && error instanceof ClusterError && error.code === 'gone') this.#whole = true;
        throw error;
      });
      this.#alive();
      for (const object of items) seen.add(this.#mirror.put(object));
      next = more === '' ? undefined : more;
      if (next === undefined) {
        this.#whole = false;
        this.#mirror.keep(seen);
        return resourceVersion;
      }
    } while (!this.#stopped.signal.aborted);
    throw this.#stopped.signal.reason;
  }

  async #watch(resourceVersion: string): Promise<number> {
    const { cluster, clock, kind, namespace, labelSelector, random } = this.#options;
    const { watch, slack, silence, between, settled, retry, relist } = this.#timings;
    const lasts = backoff(1, { first: watch, most: watch, factor: 1, jitter: 0.5 }, random);
    const began = clock.now();
    let heard = 0;
    let over = false;
    using whole = startDeadline(clock, lasts + slack, 'The watch did not end in time', this.#stopped.signal);
    using quiet = startDeadline(clock, silence, 'The watch has gone silent', whole.signal);
    try {
      const watching = cluster.watch<T>(
        kind,
        {
          ...(namespace === undefined ? {} : { namespace }),
          ...(labelSelector === undefined ? {} : { labelSelector }),
          resourceVersion,
          timeoutSeconds: Math.round(lasts / 1000),
          signal: quiet.signal,
        },
        (event) => {
          // Late words of a watch that was given up would take the store back in time.
          if (over || quiet.signal.aborted) return;
          heard++;
          this.#refusal = undefined;
          this.#failures = 0;
          this.#alive();
          quiet.postpone();
          this.#take(event);
        },
      );
      await orAborted(watching, quiet.signal);
    } catch (error) {
      if (this.#stopped.signal.aborted || !(error instanceof TimeoutError)) throw error;
      this.#log.debug({ resourceVersion: this.#version }, `${error.message}; watching on from its last version`);
    } finally {
      over = true;
      if (clock.now() - began >= settled) this.#relists = 0;
    }
    if (clock.now() - this.#listedAt >= relist) this.#version = undefined;
    const lasted = clock.now() - began;
    if (lasted >= between) {
      this.#failures = 0;
      return 0;
    }
    if (heard > 0) return between - lasted;
    this.#failures++;
    return Math.max(between, backoff(this.#failures, { ...retry, factor: 2, jitter: 0.5 }, random));
  }

  #take(event: WatchEvent<T>): void {
    try {
      if (event.type === 'bookmark') {
        this.#version = event.resourceVersion;
        return;
      }
      if (event.type === 'deleted') this.#mirror.remove(toKey(event.object.metadata), event.object);
      else this.#mirror.put(event.object);
      this.#version = event.object.metadata.resourceVersion ?? this.#version;
    } catch (error) {
      this.#log.error({ err: error }, 'An event of the watch could not be taken in');
    }
  }

  /** @returns milliseconds to wait */
  #judge(error: unknown): number {
    const { retry } = this.#timings;
    const code = error instanceof ClusterError ? error.code : undefined;
    // A watch that finds no such kind any more is cleared up by a list, as one that lags too far behind.
    if (code === 'gone' || code === 'not-found') {
      this.#version = undefined;
      this.#relists++;
      const wait = backoff(this.#relists, { ...retry, factor: 2, jitter: 0.5 }, this.#options.random);
      this.#log.info({ code, waitMs: Math.round(wait) }, 'Listing anew');
      return wait;
    }
    this.#failures++;
    if (this.#failures >= mostFailures) this.#version = undefined;
    const asked = error instanceof ClusterError ? Math.min(error.retryAfterMs ?? 0, longestRetryAfter) : 0;
    const wait = Math.max(asked, backoff(this.#failures, { ...retry, factor: 2, jitter: 0.5 }, this.#options.random));
    const facts = { err: error, failures: this.#failures, waitMs: Math.round(wait) };
    // That rights are missing from the start is for those to tell who know what they are for; that they still are, for nobody.
    const isKnown = code === 'forbidden' && (!this.#hasSynced || this.#refusal !== undefined);
    this.#log[isKnown ? 'debug' : 'warn'](facts, 'Lists and watches fail');
    if (error instanceof ClusterError && code === 'forbidden') this.#refuse(error.message);
    return wait;
  }

  /** The API server does not know the kind, so there is nothing of it. */
  #miss(): number {
    if (this.#served !== false) this.#log.info('The API server does not serve this kind (yet)');
    this.#mirror.keep(new Set());
    this.#sync(false);
    const { absent } = this.#timings;
    return backoff(1, { first: absent, most: absent, factor: 1, jitter: 0.2 }, this.#options.random);
  }

  #sync(served: boolean): void {
    this.#served = served;
    this.#refusal = undefined;
    this.#hasSynced = true;
    this.#synced.resolve();
    this.#answered.resolve();
  }

  #refuse(why: string): void {
    this.#refusal = why;
    this.#answered.resolve();
  }

  #alive(): void {
    this.#lastAliveAt = this.#options.clock.now();
  }
}

/** Milliseconds: no API server has a good reason to ask for more. */
const longestRetryAfter = 60_000;
