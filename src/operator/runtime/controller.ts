import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { type Clock, sleep } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import { fromKey } from '../cluster/object-key.ts';
import { orAborted, startDeadline, TimeoutError } from './deadline.ts';
import type { WorkQueue } from './queue.ts';

/**
 * What a reconcile came to; what it throws is tried again, later and later.
 * - `done`: nothing more to do until something changes.
 * - `after`: to be looked at again in `ms` milliseconds, or when something changes.
 * - `stalled`: it cannot succeed before somebody changes something; not tried again until then.
 */
export type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'after'; readonly ms: number }
  | { readonly kind: 'stalled'; readonly reason: string };

export interface ReconcileContext {
  /** Aborted when it takes too long, and when the operator is to stop acting. */
  readonly signal: AbortSignal;
  /** Of this one reconcile. */
  readonly id: string;
  /** Its lines carry the controller, the object and the id. */
  readonly log: Logger;
}

export type Reconciler = (key: string, context: ReconcileContext) => Promise<Outcome>;

/** `requeue`: somebody else was faster (a conflict); `panic`: the program is at fault, not the world. */
export type ReconcileResult = 'success' | 'error' | 'requeue' | 'requeue_after' | 'stalled' | 'timeout' | 'panic';

export interface ControllerMetrics {
  started(): void;
  ended(result: ReconcileResult, seconds: number): void;
}

export interface ControllerOptions {
  readonly name: string;
  readonly queue: WorkQueue;
  readonly reconcile: Reconciler;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics?: ControllerMetrics;
  /** How many keys are worked on at a time. */
  readonly workers?: number;
  /** Milliseconds that a reconcile may take. */
  readonly timeoutMs?: number;
}

/** Milliseconds that a reconcile has to end once its signal is aborted; afterwards nobody waits for it any more. */
const heedMs = 5000;

/** Takes keys from a queue and has them reconciled, several at a time, each by one worker at a time. */
export class Controller {
  readonly #options: ControllerOptions;
  readonly #log: Logger;
  readonly #timeoutMs: number;
  /** Aborted when nothing more may be done. */
  readonly #halted = new AbortController();
  #workers: Promise<unknown> | undefined;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#log = options.log.child({ controller: options.name });
    this.#timeoutMs = options.timeoutMs ?? 120_000;
  }

  start(): void {
    const count = this.#options.workers ?? 8;
    this.#workers ??= Promise.all(Array.from({ length: count }, () => this.#work()));
  }

  /**
   * Begins nothing new, and ends what is under way after `graceMs` milliseconds at the latest; at once with 0.
   * Resolves when no worker is left. The queue is stopped for good.
   */
  async stop(graceMs: number): Promise<void> {
    const { clock, queue } = this.#options;
    queue.stop();
    if (!this.#workers) return;
    const over = new AbortController();
    const grace = sleep(clock, graceMs, over.signal).then(
      () => this.#halted.abort(new Error('The operator is stopping')),
      () => {},
    );
    if (graceMs <= 0) this.#halted.abort(new Error('The operator is stopping'));
    await this.#workers;
    over.abort();
    await grace;
  }

  async #work(): Promise<void> {
    const { queue } = this.#options;
    for (;;) {
      const key = await queue.take();
      if (key === undefined) return;
      await this.#process(key);
      // Keys that need no answer from anyone would keep timers and sockets waiting until the last of them is through.
      await setImmediate();
    }
  }

  async #process(key: string): Promise<void> {
    const { clock, queue, metrics } = this.#options;
    const id = randomUUID();
    const log = this.#log.child({ ...fromKey(key), reconcileID: id });
    const began = clock.now();
    using deadline = startDeadline(clock, this.#timeoutMs, 'The reconcile took too long', this.#halted.signal);
    metrics?.started();
    // In a function of its own, so that what is thrown before the first await is a rejection too.
    const work = (async () => this.#options.reconcile(key, { signal: deadline.signal, id, log }))();
    let result: ReconcileResult;
    let over = true;
    try {
      const outcome = await this.#orDeserted(work, deadline.signal);
      result = this.#settle(key, outcome, log);
    } catch (error) {
      over = !(error instanceof Deserted);
      result = this.#fail(key, error, deadline.signal, log);
    }
    metrics?.ended(result, (clock.now() - began) / 1000);
    if (over) queue.done(key);
    // Until it has ended after all, nobody else may work on the key.
    else work.catch(() => {}).finally(() => queue.done(key));
  }

  /** What it comes to, or a `Deserted` if it has still not ended some time after its signal was aborted. */
  async #orDeserted(work: Promise<Outcome>, signal: AbortSignal): Promise<Outcome> {
    try {
      return await orAborted(work, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      using last = startDeadline(this.#options.clock, heedMs, '');
      return await orAborted(work, last.signal).catch((late) => {
        throw last.signal.aborted ? new Deserted() : late;
      });
    }
  }

  #settle(key: string, outcome: Outcome, log: Logger): ReconcileResult {
    const { queue } = this.#options;
    queue.forget(key);
    switch (outcome.kind) {
      case 'done':
        log.debug('Reconciled');
        return 'success';
      case 'after':
        log.debug({ afterMs: outcome.ms }, 'Reconciled, for now');
        queue.addAfter(key, outcome.ms);
        return 'requeue_after';
      case 'stalled':
        log.info({ reason: outcome.reason }, 'Stalled until something changes');
        return 'stalled';
    }
  }

  #fail(key: string, error: unknown, signal: AbortSignal, log: Logger): ReconcileResult {
    const { queue } = this.#options;
    if (this.#halted.signal.aborted) {
      if (error instanceof Deserted) log.error('The reconcile does not end; going without it');
      else log.info('The reconcile was cut short by the stop');
      return 'requeue';
    }
    queue.retry(key, error instanceof ClusterError ? error.retryAfterMs : 0);
    const failures = queue.failures(key);
    if (signal.reason instanceof TimeoutError) {
      log.error({ failures, ended: !(error instanceof Deserted) }, signal.reason.message);
      return 'timeout';
    }
    if (error instanceof ClusterError && error.code === 'conflict') {
      log.info({ failures }, `Somebody else was faster: ${error.message}`);
      return 'requeue';
    }
    log.error({ err: error, failures }, 'The reconcile failed');
    return isPanic(error) ? 'panic' : 'error';
  }
}

/** A reconcile that does not end though it was told to. */
class Deserted extends Error {}

/** What only a fault in the program throws. */
function isPanic(error: unknown): boolean {
  return !(error instanceof Error) || panics.some((type) => error instanceof type);
}

const panics = [TypeError, ReferenceError, RangeError, SyntaxError, EvalError, URIError];
