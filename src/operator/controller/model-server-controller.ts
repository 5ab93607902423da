import type { Logger } from '../../shared/log.ts';
import { fromKey, toKey } from '../cluster/object-key.ts';
import { ModelServerReconciler, type ReconcileOptions } from '../reconcile/reconcile.ts';
import { Controller, type ControllerMetrics } from '../runtime/controller.ts';
import { type QueueMetrics, WorkQueue } from '../runtime/queue.ts';
import { Watches } from './watches.ts';

export interface ModelServerControllerOptions extends Omit<ReconcileOptions, 'caches'> {
  readonly log: Logger;
  /** The namespaces to watch; all if empty. */
  readonly namespaces: readonly string[];
  readonly workers: number;
  readonly metrics?: {
    readonly controller: ControllerMetrics;
    readonly queue: (queue: () => WorkQueue) => QueueMetrics;
  };
}

/** In milliseconds. Nothing tells that an API server is back: what failed is tried again half a minute later at the latest. */
const backoff = { first: 5, most: 30_000 };

/** Joins what is watched, the queue, and the reconciler. It knows before it acts: `act` is called once `synced` has resolved. */
export class ModelServerController {
  static readonly controllerName = 'modelserver';
  readonly watches: Watches;
  readonly #queue: WorkQueue;
  readonly #controller: Controller;
  #acts = false;

  constructor(options: ModelServerControllerOptions) {
    const { clock, log, metrics, workers } = options;
    this.#queue = new WorkQueue({ clock, backoff, ...(metrics ? { metrics: metrics.queue(() => this.#queue) } : {}) });
    this.watches = new Watches({
      ...options,
      onChange: (key) => this.#acts && this.#queue.add(key),
      onHeard: (objectKey) => reconciler.written.forget(objectKey),
    });
    const reconciler = new ModelServerReconciler({ ...options, caches: this.watches });
    this.#controller = new Controller({
      name: ModelServerController.controllerName,
      queue: this.#queue,
      reconcile: (key, context) => reconciler.reconcile(fromKey(key), context),
      clock,
      log,
      workers,
      ...(metrics ? { metrics: metrics.controller } : {}),
    });
  }

  /** Begins to watch. */
  start(): void {
    this.watches.start();
  }

  /** Begins to reconcile: everything once, then what changes. */
  act(): void {
    this.#acts = true;
    for (const { metadata } of this.watches.knownResources()) this.#queue.add(toKey(metadata));
    this.#controller.start();
  }

  /** @param graceMs milliseconds that reconciles under way get; 0 where another may act by now */
  async stopActing(graceMs: number): Promise<void> {
    await this.#controller.stop(graceMs);
  }

  /** Ends the watches as well. */
  async stop(): Promise<void> {
    await this.watches.stop();
  }
}
