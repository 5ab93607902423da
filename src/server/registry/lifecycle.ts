import { type BackoffOptions, backoff } from '../../shared/backoff.ts';
import type { Clock, Timer } from '../../shared/clock.ts';
import type { Engine } from '../engine/engine.ts';
import type { ServableSpec } from '../model/inference.ts';
import type { VersionStatus } from '../model/version-status.ts';
import type { Wanted, WantedModel } from '../model/wanted.ts';
import { find, mayCome } from './find.ts';
import { Instance } from './instance.ts';
import { type Action, identityOf, nextAction } from './next-action.ts';
import type { RegistryObserver } from './observer.ts';
import type { Pinned, Registry } from './registry.ts';
import { nothingServed, type Served, withModel } from './served.ts';
import { statusOf, type VersionRecord } from './version-record.ts';
import { move, type StateEvent } from './version-state.ts';

export interface LifecycleOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly observer: RegistryObserver;
  /** Milliseconds that a version which is unloaded waits for the requests that use it. */
  readonly drainMs: number;
}

/** Copying a model may take a while, a broken one may be mended: soon at first, then ever more seldom. */
const retry: BackoffOptions = { first: 1000, most: 60_000, factor: 2, jitter: 0.2 };

/** The registry: holds what is wanted against what is, and does the next thing until there is none. */
export class Lifecycle implements Registry {
  readonly #options: LifecycleOptions;
  #wanted = new Map<string, WantedModel>();
  #served: Served = nothingServed;
  /** All versions that there ever were, by model. */
  readonly #records = new Map<string, Map<number, VersionRecord>>();
  readonly #listeners = new Set<() => void>();
  readonly #unloads = new Set<Promise<void>>();
  #loading = false;
  #timer: Timer | undefined;

  constructor(options: LifecycleOptions) {
    this.#options = options;
  }

  want(wanted: Wanted): void {
    this.#wanted = new Map(wanted.models.map((model) => [model.name, model]));
    for (const name of this.#wanted.keys()) if (!this.#records.has(name)) this.#records.set(name, new Map());
    this.#act();
    this.#announce();
  }

  acquire(spec: ServableSpec): Pinned {
    const instance = find(this.#served, this.#records, spec);
    instance.pin();
    return { name: instance.name, version: instance.version, model: instance.model, release: () => instance.unpin() };
  }

  whenLoaded(spec: ServableSpec, ms: number, signal: AbortSignal | undefined): Promise<void> {
    return this.#until(() => !mayCome(this.#served, this.#records, this.#wanted.get(spec.name), spec), ms, signal);
  }

  status(spec: ServableSpec): VersionStatus[] {
    return statusOf(this.#records, spec);
  }

  readiness(): ReadonlyMap<string, boolean> {
    return new Map([...this.#wanted.keys()].map((name) => [name, this.#served.has(name)]));
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  settled(): Promise<void> {
    return this.#until(() => !this.#loading, Number.POSITIVE_INFINITY, undefined);
  }

  async close(ms: number): Promise<void> {
    this.want({ models: [] });
    await this.#until(() => !this.#loading && this.#unloads.size === 0, ms, undefined);
  }

  /** A change that failed and was taken back has not failed any more: what serves is what is wanted. */
  #forgive(model: WantedModel): void {
    if (model.repository.state === 'unreadable') return;
    for (const candidate of model.repository.versions) {
      const record = this.#records.get(model.name)?.get(candidate.version);
      if (record?.failure && record.identity === identityOf(model, candidate)) record.failure = undefined;
    }
  }

  #act(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const model of this.#wanted.values()) this.#forgive(model);
    for (;;) {
      const action = nextAction(this.#facts(), this.#loading, this.#options.clock.now());
      if (!action) return;
      if (action.kind === 'wait') {
        this.#timer = this.#options.clock.after(Math.max(0, action.until - this.#options.clock.now()), () =>
          this.#act(),
        );
        return;
      }
      if (action.kind === 'retire') this.#retire(this.#record(action.name, action.version));
      else void this.#load(action);
    }
  }

  async #load({ name, candidate, identity }: Extract<Action, { kind: 'load' }>): Promise<void> {
    const { engine, observer } = this.#options;
    const options = this.#wanted.get(name)!.options;
    const record = this.#record(name, candidate.version);
    this.#loading = true;
    this.#move(record, 'begin');
    const done = observer.loading(name, candidate.version, candidate.directory);
    try {
      const model = await engine.load(candidate.directory, options);
      const old = record.instance;
      record.instance = new Instance(name, candidate.version, model);
      record.identity = identity;
      record.failure = undefined;
      this.#serve(record);
      this.#move(record, 'loaded');
      if (old) this.#unload(old);
      done();
    } catch (error) {
      const attempts = record.failure?.identity === identity ? record.failure.attempts + 1 : 1;
      const retryAt = this.#options.clock.now() + backoff(attempts, retry);
      record.failure = { identity, attempts, retryAt, cause: error instanceof Error ? error.message : String(error) };
      this.#move(record, 'failed');
      done(error);
    } finally {
      this.#loading = false;
      this.#act();
      this.#announce();
    }
  }

  #retire(record: VersionRecord): void {
    const { instance } = record;
    record.instance = undefined;
    record.identity = undefined;
    record.failure = undefined;
    // No new request finds it from here on, before it is told to go.
    this.#serve(record);
    this.#move(record, 'retire');
    if (instance) {
      this.#unload(instance, () => {
        this.#move(record, 'drained');
        this.#act();
      });
    }
  }

  /** Waits for those who use it, but not for ever; then frees it. */
  #unload(instance: Instance, then?: () => void): void {
    const { clock, observer, drainMs } = this.#options;
    const done = observer.unloading(instance.name, instance.version);
    const unload = async () => {
      let timer: Timer | undefined;
      const late = new Promise<void>((resolve) => {
        timer = clock.after(drainMs, resolve);
      });
      await Promise.race([instance.unpinned(), late]);
      timer?.cancel();
      await instance.model.close();
    };
    const unloaded = unload().finally(() => {
      this.#unloads.delete(unloaded);
      done();
      then?.();
      this.#announce();
    });
    this.#unloads.add(unloaded);
  }

  /** Brings what requests find in line with a record. */
  #serve(changed: VersionRecord): void {
    const instances = [...this.#records.get(changed.name)!.values()].flatMap(({ instance }) => instance ?? []);
    this.#served = withModel(this.#served, changed.name, instances);
  }

  #move(record: VersionRecord, event: StateEvent): void {
    record.state = move(record.state, event);
    const [status] = statusOf(this.#records, { name: record.name, version: record.version });
    this.#options.observer.stateChanged(record.name, status!);
    this.#announce();
  }

  #record(name: string, version: number): VersionRecord {
    const records = this.#records.get(name)!;
    let record = records.get(version);
    if (!record) {
      record = { name, version, state: 'waiting', instance: undefined, identity: undefined, failure: undefined };
      records.set(version, record);
    }
    return record;
  }

  #facts() {
    return [...this.#records].map(([name, records]) => ({
      name,
      wanted: this.#wanted.get(name),
      versions: [...records.values()],
    }));
  }

  #announce(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** Resolves once `condition` holds, or when the time is up. */
  #until(condition: () => boolean, ms: number, signal: AbortSignal | undefined): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = ms === Number.POSITIVE_INFINITY ? undefined : this.#options.clock.after(ms, () => end(resolve));
      const unsubscribe = this.subscribe(() => {
        if (condition()) end(resolve);
      });
      const abort = () => end(() => reject(signal?.reason));
      const end = (finish: () => void) => {
        unsubscribe();
        timer?.cancel();
        signal?.removeEventListener('abort', abort);
        finish();
      };
      if (signal?.aborted) return abort();
      signal?.addEventListener('abort', abort, { once: true });
    });
  }
}
