import { backoff } from '../../shared/backoff.ts';
import { type Clock, sleep, type Timer, wallTime } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log.ts';
import { TokenBucket } from '../../shared/token-bucket.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { ClusterError, type ClusterErrorCode } from '../cluster/cluster-error.ts';
import { events } from '../cluster/kinds.ts';
import { orAborted, startDeadline } from './deadline.ts';
import {
  type EventContent,
  type EventObject,
  identityOf,
  objectIdentity,
  type Reporter,
  rename,
  toEventObject,
} from './event-object.ts';
import { microTime } from './micro-time.ts';

export interface EventsOptions {
  readonly cluster: Pick<Cluster, 'create' | 'merge'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly reporter: Reporter;
  /** Milliseconds since 1970. */
  readonly wallTime?: () => number;
  readonly random?: () => number;
}

/** An event that has happened, maybe again and again. */
interface Series {
  readonly identity: string;
  /** What it is about. */
  readonly object: string;
  event: EventObject;
  /** How often it has happened, and last when. */
  count: number;
  lastAt: number;
  lastWallTime: number;
  /** The count that the API server knows of; 0 before the event is there. */
  told: number;
  /** Whether it is in the line to be written. */
  waits: boolean;
  /** Says the count later, if it grows. */
  timer: Timer | undefined;
}

/** Milliseconds within which the same event is one that happened again. */
const sameMs = 600_000;
/** Milliseconds between two writes of how often it has happened. */
const tellMs = 30_000;
/** How many kinds of events, and how many objects with few tokens left, are remembered. */
const mostRemembered = 4096;
/** How many are in line to be written. */
const mostWaiting = 1024;
/** How often one object's events may be written: 25 at once, and one in five minutes. */
const perObject = { burst: 25, perSecond: 1 / 300 };
const retry = { first: 1000, most: 15_000, factor: 2, jitter: 0.5 };
const mostTries = 5;
/** Milliseconds that a write may take. */
const writeMs = 10_000;
/** Milliseconds between two warnings. */
const quietMs = 60_000;

/**
 * Tells of objects by Events of events.k8s.io/v1. Telling never waits and never fails: what cannot be written in time is
 * left out. An event that happens again counts the first one up.
 */
export class Events {
  readonly #options: EventsOptions;
  readonly #wallTime: () => number;
  /** By what makes them the same, the one that happened last at the end. */
  readonly #series = new Map<string, Series>();
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #line: Series[] = [];
  readonly #stopped = new AbortController();
  #wake: (() => void) | undefined;
  #running: Promise<void> | undefined;
  #closing = false;
  #unique = 0;
  #lost = 0;
  #quietUntil = Number.NEGATIVE_INFINITY;

  constructor(options: EventsOptions) {
    this.#options = options;
    this.#wallTime = options.wallTime ?? wallTime;
  }

  /** How many were left out. */
  get lost(): number {
    return this.#lost;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Tells it, some time soon. */
  tell(content: EventContent): void {
    if (this.#closing) return;
    const { clock } = this.#options;
    const identity = identityOf(content);
    let series = this.#series.get(identity);
    if (series && clock.now() - series.lastAt >= sameMs) {
      this.#forget(series);
      series = undefined;
    }
    series ??= this.#begin(identity, content);
    series.count++;
    series.lastAt = clock.now();
    series.lastWallTime = this.#wallTime();
    this.#series.delete(identity);
    this.#series.set(identity, series);
    for (const oldest of this.#series.values()) {
      if (this.#series.size <= mostRemembered) break;
      this.#forget(oldest);
    }
    if (!series.timer) this.#enqueue(series);
  }

  /** Writes what is still to be told, for `ms` milliseconds at most, and then nothing more. */
  async stop(ms = 3000): Promise<void> {
    if (this.#closing) return;
    for (const series of this.#series.values()) {
      series.timer?.cancel();
      series.timer = undefined;
      if (series.told > 0 && series.count > series.told && !series.waits) this.#put(series);
    }
    this.#closing = true;
    this.#wake?.();
    using deadline = startDeadline(this.#options.clock, ms, 'The events took too long');
    await orAborted(this.#running ?? Promise.resolve(), deadline.signal).catch(() => {});
    this.#stopped.abort(new Error('The events are stopped'));
    this.#lost += this.#line.length;
    this.#line.length = 0;
    await this.#running;
  }

  /** Has it written, unless its object has had too many. */
  #enqueue(series: Series): void {
    if (series.waits) return;
    if (!this.#mayWrite(series.object) || this.#line.length >= mostWaiting) {
      // The next time that it happens may be told, and it will say how often it was.
      this.#lost++;
      return;
    }
    this.#put(series);
  }

  #put(series: Series): void {
    series.waits = true;
    this.#line.push(series);
    this.#wake?.();
  }

  #mayWrite(object: string): boolean {
    const now = this.#options.clock.now();
    const bucket = this.#buckets.get(object) ?? new TokenBucket(perObject);
    this.#buckets.delete(object);
    this.#buckets.set(object, bucket);
    for (const [oldest] of this.#buckets) {
      if (this.#buckets.size <= mostRemembered) break;
      this.#buckets.delete(oldest);
    }
    return bucket.tryTake(now);
  }

  async #run(): Promise<void> {
    for (;;) {
      const series = this.#line.shift();
      if (series) await this.#write(series);
      else if (this.#closing) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = undefined;
      }
    }
  }

  async #write(series: Series): Promise<void> {
    const { clock, log, random } = this.#options;
    for (let tries = 1; ; tries++) {
      try {
        await this.#send(series);
        break;
      } catch (error) {
        if (tries < mostTries && isPassing(error) && !this.#stopped.signal.aborted) {
          const wait = backoff(tries, retry, random);
          await sleep(clock, wait, this.#stopped.signal).catch(() => {});
          if (!this.#stopped.signal.aborted) continue;
        }
        this.#lost++;
        const { reason, regarding } = series.event;
        // Where none may be written, one line a minute says it.
        const level = clock.now() < this.#quietUntil ? 'debug' : 'warn';
        if (level === 'warn') this.#quietUntil = clock.now() + quietMs;
        log[level]({ err: error, reason, regarding: regarding.name, lost: this.#lost }, 'An event was not written');
        break;
      }
    }
    series.waits = false;
    const grew = () => series.told > 0 && series.count > series.told;
    if (this.#closing) {
      if (grew() && !this.#stopped.signal.aborted) this.#put(series);
    } else if (this.#series.get(series.identity) === series) {
      series.timer = clock.after(tellMs, () => {
        series.timer = undefined;
        if (grew()) this.#enqueue(series);
      });
    }
  }

  /** Creates it, or tells how often it has happened. */
  async #send(series: Series): Promise<void> {
    const { cluster, clock } = this.#options;
    using deadline = startDeadline(clock, writeMs, 'No answer about an event', this.#stopped.signal);
    const { signal } = deadline;
    const { count, told, lastWallTime } = series;
    if (told === 0) {
      await orAborted(cluster.create(events, series.event, { signal }), signal).catch(unless('already-exists'));
      series.told = 1;
      return;
    }
    const { namespace, name } = series.event.metadata;
    const at = { name, ...(namespace === undefined ? {} : { namespace }) };
    const patch = { series: { count, lastObservedTime: microTime(lastWallTime) } };
    try {
      await orAborted(cluster.merge(events, at, patch, { signal }), signal);
      series.told = count;
    } catch (error) {
      // API servers forget events after an hour, and people delete them: the next one begins anew.
      unless('not-found')(error);
      series.event = rename(series.event, this.#nextUnique(), lastWallTime);
      series.count = 1;
      series.told = 0;
      await this.#send(series);
    }
  }

  /** The time in microseconds, in hexadecimal, as others name theirs; never the same one twice. */
  #nextUnique(): string {
    this.#unique = Math.max(this.#unique + 1, this.#wallTime() * 1000);
    return Math.floor(this.#unique).toString(16);
  }

  #begin(identity: string, content: EventContent): Series {
    return {
      identity,
      object: objectIdentity(content.regarding),
      event: toEventObject(content, this.#options.reporter, this.#wallTime(), this.#nextUnique()),
      count: 0,
      lastAt: 0,
      lastWallTime: 0,
      told: 0,
      waits: false,
      timer: undefined,
    };
  }

  #forget(series: Series): void {
    series.timer?.cancel();
    series.timer = undefined;
    this.#series.delete(series.identity);
  }
}

/** Lets errors of this code pass for success. */
function unless(code: ClusterErrorCode): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof ClusterError && error.code === code)) throw error;
  };
}

function isPassing(error: unknown): boolean {
  return !(error instanceof ClusterError) || error.code === 'unavailable' || error.code === 'throttled';
}
