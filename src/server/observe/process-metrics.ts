import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { wallTime } from '../../shared/clock.ts';
import { codes, toServingError } from '../model/error.ts';
import type { VersionState, VersionStatus } from '../model/version-status.ts';
import { addRuntimeMetrics } from './runtime-metrics.ts';

export interface ProcessOptions {
  readonly serverVersion: string;
  /** Name and version of the runtime. */
  readonly engine: string;
  /** How many requests may wait for an infer request of a version. */
  readonly queueLimit: number;
  /** Of the files that hold certificates and keys: asked for when a scrape comes. */
  readonly secrets?: (() => readonly SecretFigures[]) | undefined;
}

export interface SecretFigures {
  /** Of the file. */
  readonly flag: string;
  /** Milliseconds since 1970. */
  readonly expiresAt?: number | undefined;
  readonly isOutdated: boolean;
}

/** From a tenth of a second to ten minutes: models are small or large. */
const loadBuckets = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

/** A version that has come to its end is counted no more. */
const countedStates: readonly VersionState[] = ['START', 'LOADING', 'AVAILABLE', 'UNLOADING'];

/** What is seldom counted, and what is asked of Node when a scrape comes: the process, its event loop, its versions and loads. */
export class ProcessMetrics {
  readonly #registry = new Registry();
  readonly #statuses = new Map<string, Map<number, VersionStatus>>();
  readonly #loads: Counter;
  readonly #loadSeconds: Histogram;
  readonly #failures: Counter;

  constructor({ serverVersion, engine, queueLimit, secrets }: ProcessOptions) {
    const registers = [this.#registry];
    addRuntimeMetrics(this.#registry);
    const info = { name: 'modelserver_info', help: 'Always 1; the labels tell what serves.', registers };
    new Gauge({ ...info, labelNames: ['version', 'engine'] }).set({ version: serverVersion, engine }, 1);
    const limit = { name: 'modelserver_queue_limit', help: 'Requests that may wait for a version.', registers };
    new Gauge(limit).set(queueLimit);
    this.#addVersions(registers);
    if (secrets) addSecrets(secrets, registers);
    this.#loads = new Counter({
      name: 'modelserver_loads_total',
      help: 'Loads of versions that have ended, by how.',
      labelNames: ['result'],
      registers,
    });
    for (const result of ['success', 'failure']) this.#loads.inc({ result }, 0);
    this.#loadSeconds = new Histogram({
      name: 'modelserver_load_seconds',
      help: 'Seconds that the loads took which succeeded.',
      buckets: loadBuckets,
      registers,
    });
    this.#failures = new Counter({
      name: 'modelserver_request_failures_total',
      help: 'Requests that failed, those to unknown models as well, by the reason.',
      labelNames: ['interface', 'code'],
      registers,
    });
    for (const code of codes) this.#failures.inc({ interface: 'gRPC', code }, 0);
  }

  stateChanged(name: string, status: VersionStatus): void {
    const versions = this.#statuses.get(name) ?? new Map<number, VersionStatus>();
    this.#statuses.set(name, versions);
    if (status.state !== 'END') versions.set(status.version, status);
    else versions.delete(status.version);
    if (versions.size === 0) this.#statuses.delete(name);
  }

  loaded(seconds: number): void {
    this.#loads.inc({ result: 'success' });
    this.#loadSeconds.observe(seconds);
  }

  notLoaded(): void {
    this.#loads.inc({ result: 'failure' });
  }

  failed(kind: string, error: unknown): void {
    this.#failures.inc({ interface: kind, code: toServingError(error).code });
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #addVersions(registers: Registry[]): void {
    const statuses = this.#statuses;
    new Gauge({
      name: 'modelserver_versions',
      help: 'Versions by their state.',
      labelNames: ['name', 'state'],
      registers,
      collect() {
        this.reset();
        for (const [name, versions] of statuses) {
          for (const state of countedStates) {
            const count = [...versions.values()].filter((status) => status.state === state).length;
            this.set({ name, state }, count);
          }
        }
      },
    });
    new Gauge({
      name: 'modelserver_versions_failing',
      help: 'Versions whose files, as they are now, could not be loaded; a last good load may serve on.',
      labelNames: ['name'],
      registers,
      collect() {
        this.reset();
        for (const [name, versions] of statuses) {
          this.set({ name }, [...versions.values()].filter(({ errorCode }) => errorCode !== 'OK').length);
        }
      },
    });
  }
}

function addSecrets(secrets: () => readonly SecretFigures[], registers: Registry[]): void {
  new Gauge({
    name: 'modelserver_certificate_expiry_seconds',
    help: 'Seconds until what is in force of the file behind this flag expires; below 0 when it has.',
    labelNames: ['flag'],
    registers,
    collect() {
      const now = wallTime();
      for (const { flag, expiresAt } of secrets()) {
        if (expiresAt !== undefined) this.set({ flag }, (expiresAt - now) / 1000);
      }
    },
  });
  new Gauge({
    name: 'modelserver_secret_outdated',
    help: '1 while the file behind this flag cannot be used as it is now, and what it held before is in force.',
    labelNames: ['flag'],
    registers,
    collect() {
      for (const { flag, isOutdated } of secrets()) this.set({ flag }, Number(isOutdated));
    },
  });
}
