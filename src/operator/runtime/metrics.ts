import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { ControllerMetrics } from './controller.ts';
import type { QueueMetrics, WorkQueue } from './queue.ts';

/** Those of Kubernetes' own clients, in seconds. */
const requestBuckets = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];
/** Those of controller-runtime, in seconds. */
const reconcileBuckets = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 1.75, 2,
  2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
];
/** Those of Kubernetes' work queues: 10 ns to 1000 s. */
const queueBuckets = Array.from({ length: 12 }, (_, power) => Number(`1e${power - 8}`));

export interface Request {
  readonly method: string;
  readonly host: string;
  /** Of the answer; `<error>` if there was none. */
  readonly code: string;
  readonly seconds: number;
}

/**
 * What the operator measures of itself, by the names and labels of controller-runtime and client-go, so that dashboards and
 * alerts made for those work. Each value is there, as 0, before anything has happened.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #controllers = controllerMetrics(this.#registry);
  readonly #queues = queueMetrics(this.#registry);
  readonly #requests = requestMetrics(this.#registry);
  readonly #leads = new Gauge({
    name: 'leader_election_master_status',
    help: 'Whether this process is the leader, by the name of the lease',
    labelNames: ['name'],
    registers: [this.#registry],
  });

  /** For what else is to be measured. */
  get registry(): Registry {
    return this.#registry;
  }

  /** Adds what Node tells of the process and its event loop. To be called once. */
  watchProcess(): void {
    collectDefaultMetrics({ register: this.#registry });
  }

  controller(controller: string, workers: number): ControllerMetrics {
    const { total, errors, terminal, panics, timeouts, time, most, active } = this.#controllers;
    for (const result of ['success', 'error', 'requeue', 'requeue_after']) total.inc({ controller, result }, 0);
    for (const counter of [errors, terminal, panics, timeouts]) counter.inc({ controller }, 0);
    most.set({ controller }, workers);
    active.set({ controller }, 0);
    return {
      started: () => active.inc({ controller }),
      ended(outcome, seconds) {
        active.dec({ controller });
        time.observe({ controller }, seconds);
        if (outcome === 'success' || outcome === 'requeue' || outcome === 'requeue_after') {
          total.inc({ controller, result: outcome });
          return;
        }
        total.inc({ controller, result: 'error' });
        errors.inc({ controller });
        if (outcome === 'stalled') terminal.inc({ controller });
        if (outcome === 'panic') panics.inc({ controller });
        if (outcome === 'timeout') timeouts.inc({ controller });
      },
    };
  }

  /** @param queue the queue that is to have them, asked only when the metrics are read */
  queue(controller: string, queue: () => Pick<WorkQueue, 'depth' | 'unfinished'>): QueueMetrics {
    const labels = { name: controller, controller };
    const { adds, retries, waited, worked, watched } = this.#queues;
    adds.inc(labels, 0);
    retries.inc(labels, 0);
    watched.push({ labels, queue });
    return {
      added: () => adds.inc(labels),
      retried: () => retries.inc(labels),
      taken: (seconds) => waited.observe(labels, seconds),
      done: (seconds) => worked.observe(labels, seconds),
    };
  }

  /** @returns to be told whether this process leads */
  leader(name: string): (leads: boolean) => void {
    this.#leads.set({ name }, 0);
    return (leads) => this.#leads.set({ name }, leads ? 1 : 0);
  }

  /** A request to the API server has been answered, or has failed. */
  request({ method, host, code, seconds }: Request): void {
    this.#requests.total.inc({ code, method, host });
    this.#requests.duration.observe({ verb: method, host }, seconds);
  }

  /** All of it in Prometheus' text format. */
  async text(): Promise<{ readonly type: string; readonly body: string }> {
    return { type: this.#registry.contentType, body: await this.#registry.metrics() };
  }
}

function controllerMetrics(registry: Registry) {
  const of = (name: string, help: string) => ({
    name: `controller_runtime_${name}`,
    help,
    labelNames: ['controller'] as const,
    registers: [registry],
  });
  return {
    total: new Counter({
      ...of('reconcile_total', 'Reconciles, by their result'),
      labelNames: ['controller', 'result'],
    }),
    errors: new Counter(of('reconcile_errors_total', 'Reconciles that failed')),
    terminal: new Counter(of('terminal_reconcile_errors_total', 'Reconciles that failed and are not tried again')),
    panics: new Counter(of('reconcile_panics_total', 'Reconciles that failed by a fault in the program')),
    timeouts: new Counter(of('reconcile_timeouts_total', 'Reconciles that took too long')),
    time: new Histogram({ ...of('reconcile_time_seconds', 'How long a reconcile takes'), buckets: reconcileBuckets }),
    most: new Gauge(of('max_concurrent_reconciles', 'How many reconciles may be under way at once')),
    active: new Gauge(of('active_workers', 'How many reconciles are under way')),
  };
}

interface WatchedQueue {
  readonly labels: { readonly name: string; readonly controller: string };
  readonly queue: () => Pick<WorkQueue, 'depth' | 'unfinished'>;
}

function queueMetrics(registry: Registry) {
  const watched: WatchedQueue[] = [];
  const of = (name: string, help: string) => ({
    name: `workqueue_${name}`,
    help,
    labelNames: ['name', 'controller'] as const,
    registers: [registry],
  });
  const read = (name: string, help: string, value: (queue: ReturnType<WatchedQueue['queue']>) => number) =>
    new Gauge({
      ...of(name, help),
      collect() {
        for (const { labels, queue } of watched) this.set(labels, value(queue()));
      },
    });
  read('depth', 'How many keys are in line', (queue) => queue.depth);
  read('unfinished_work_seconds', 'What the work under way has taken so far', (queue) => queue.unfinished().total);
  read(
    'longest_running_processor_seconds',
    'What the work that takes longest has taken so far',
    (queue) => queue.unfinished().longest,
  );
  return {
    watched,
    adds: new Counter(of('adds_total', 'Keys that were added')),
    retries: new Counter(of('retries_total', 'Keys that were added to be tried again')),
    waited: new Histogram({ ...of('queue_duration_seconds', 'How long a key is in line'), buckets: queueBuckets }),
    worked: new Histogram({
      ...of('work_duration_seconds', 'How long the work on a key takes'),
      buckets: queueBuckets,
    }),
  };
}

function requestMetrics(registry: Registry) {
  return {
    total: new Counter({
      name: 'rest_client_requests_total',
      help: 'Requests to the API server, by the code of the answer, the method and the host',
      labelNames: ['code', 'method', 'host'],
      registers: [registry],
    }),
    duration: new Histogram({
      name: 'rest_client_request_duration_seconds',
      help: 'How long requests to the API server take, by verb and host',
      labelNames: ['verb', 'host'],
      buckets: requestBuckets,
      registers: [registry],
    }),
  };
}
