import { backoff } from '../../shared/backoff.ts';
import { type Clock, sleep, type Timer, wallTime } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import { leases } from '../cluster/kinds.ts';
import { orAborted, startDeadline } from './deadline.ts';
import { claim, type Lease, LeaseObserver, release } from './lease.ts';

export interface LeaderOptions {
  readonly cluster: Pick<Cluster, 'get' | 'create' | 'replace'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly namespace: string;
  readonly name: string;
  /** No two processes may share it. */
  readonly identity: string;
  /** Called once, when this one leads. */
  readonly onElected: () => void;
  /** Called once after that, when it does not lead any more without having been stopped: it has to stop acting at once. */
  readonly onLost: (reason: Error) => void;
  /** Milliseconds: how long a lease lasts for the others. */
  readonly durationMs?: number;
  /** Milliseconds after the last renewal when the leader gives up; the rest of the duration is for it to stop acting. */
  readonly renewDeadlineMs?: number;
  /** Milliseconds between two tries, to renew or to become leader. */
  readonly retryMs?: number;
  /** Milliseconds since 1970. */
  readonly wallTime?: () => number;
  readonly random?: () => number;
  readonly metrics?: (leads: boolean) => void;
}

/** Sees to it that of all who take part, at most one leads, by a Lease. Whoever has lost does not try again. */
export class Leader {
  readonly #options: LeaderOptions;
  readonly #log: Logger;
  readonly #durationMs: number;
  readonly #renewDeadlineMs: number;
  readonly #wallTime: () => number;
  readonly #ended = new AbortController();
  readonly #observer: LeaseObserver;
  #running: Promise<void> | undefined;
  #leads = false;
  /** When the last renewal that went through was sent: what counts for the others began later. */
  #renewedAt = Number.NEGATIVE_INFINITY;
  #end: Timer | undefined;
  /** The lease as last written by this one. */
  #held: Lease | undefined;
  /** Whether it has ever tried to write the lease: what it does not know of may have gone through. */
  #wrote = false;

  constructor(options: LeaderOptions) {
    this.#options = options;
    this.#durationMs = options.durationMs ?? 15_000;
    this.#renewDeadlineMs = options.renewDeadlineMs ?? 10_000;
    this.#wallTime = options.wallTime ?? wallTime;
    const { namespace, name, identity } = options;
    this.#observer = new LeaseObserver(identity, this.#durationMs);
    this.#log = options.log.child({ lease: `${namespace}/${name}`, identity });
  }

  /** Whether this one may act now. False as soon as the time is up, even if nothing had the time to say so. */
  get isLeader(): boolean {
    return this.#leads && this.#options.clock.now() < this.#renewedAt + this.#renewDeadlineMs;
  }

  start(): void {
    this.#options.metrics?.(false);
    this.#running ??= this.#run();
  }

  /** Takes part no more, and gives the lease back, also one that it has lost only for want of answers. Nothing may act any more. */
  async stop(): Promise<void> {
    this.#ended.abort(new Error('The election is stopped'));
    await this.#running;
    if (this.#leads) this.#resign();
    if (this.#wrote) await this.#release();
  }

  async #run(): Promise<void> {
    const { clock, random, retryMs = 2000 } = this.#options;
    const { signal } = this.#ended;
    while (!signal.aborted) {
      try {
        await this.#claim();
      } catch (error) {
        if (signal.aborted) return;
        const taken = error instanceof ClusterError && (error.code === 'conflict' || error.code === 'already-exists');
        // What it holds may have been changed by others: look before the next try.
        this.#held = undefined;
        if (taken) this.#log.debug({ err: error }, 'Somebody else wrote the lease');
        else this.#log.warn({ err: error }, this.#leads ? 'The lease was not renewed' : 'The lease was not had');
      }
      const wait = backoff(1, { first: retryMs, most: retryMs, factor: 1, jitter: 0.25 }, random);
      await sleep(clock, wait, signal).catch(() => {});
    }
  }

  /** Renews the lease, or takes it if it is to be had. */
  async #claim(): Promise<void> {
    const { cluster, clock, namespace, name, identity } = this.#options;
    // Half of it, so that one request that hangs leaves time for another.
    using deadline = startDeadline(clock, this.#renewDeadlineMs / 2, 'No answer about the lease', this.#ended.signal);
    const { signal } = deadline;
    const found = this.#held ?? (await orAborted(cluster.get<Lease>(leases, { namespace, name }, { signal }), signal));
    if (found && found !== this.#held && this.#observer.isHeldByOther(found, clock.now())) {
      this.#lose(`${found.spec?.holderIdentity} has taken the lease`);
      return;
    }
    const sent = clock.now();
    const spec = claim(found?.spec, { identity, durationMs: this.#durationMs, wallTime: this.#wallTime() });
    const { apiVersion, kind } = leases;
    this.#wrote = true;
    const written = found
      ? cluster.replace<Lease>(leases, { ...found, spec }, { signal })
      : cluster.create<Lease>(leases, { apiVersion, kind, metadata: { namespace, name }, spec }, { signal });
    this.#held = await orAborted(written, signal);
    this.#renew(sent);
  }

  #renew(sent: number): void {
    const { clock, onElected, metrics } = this.#options;
    if (clock.now() >= sent + this.#renewDeadlineMs) {
      this.#lose('the answer to its renewal came too late');
      return;
    }
    this.#renewedAt = sent;
    this.#end?.cancel();
    this.#end = clock.after(sent + this.#renewDeadlineMs - clock.now(), () => {
      this.#lose(`the lease was not renewed for ${this.#renewDeadlineMs} ms`);
    });
    if (this.#leads) return;
    this.#leads = true;
    metrics?.(true);
    this.#log.info({ transitions: this.#held?.spec?.leaseTransitions }, 'Leading');
    onElected();
  }

  #lose(why: string): void {
    if (!this.#leads) return;
    const reason = new Error(`No longer the leader: ${why}`);
    this.#resign();
    this.#ended.abort(reason);
    this.#log.error(reason.message);
    this.#options.onLost(reason);
  }

  #resign(): void {
    this.#leads = false;
    this.#end?.cancel();
    this.#options.metrics?.(false);
  }

  async #release(): Promise<void> {
    const { cluster, clock, namespace, name, identity } = this.#options;
    using deadline = startDeadline(clock, this.#renewDeadlineMs / 2, 'No answer about the lease');
    const { signal } = deadline;
    try {
      // Read anew: a renewal that was under way when this stopped may have gone through.
      const found = await orAborted(cluster.get<Lease>(leases, { namespace, name }, { signal }), signal);
      if (found?.spec?.holderIdentity !== identity) return;
      const spec = release(found.spec, this.#wallTime());
      await orAborted(cluster.replace<Lease>(leases, { ...found, spec }, { signal }), signal);
      this.#log.info('Gave the lease back');
    } catch (error) {
      this.#log.warn({ err: error }, 'The lease was not given back; it runs out by itself');
    }
  }
}
