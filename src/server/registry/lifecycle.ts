import { type BackoffOptions, backoff } from '../../shared/backoff.ts';
import type { Clock, Timer } from '../../shared/clock.ts';
import type { Engine, LoadedModel } from '../engine/engine.ts';
import type { WarmUp } from '../engine/warm-up.ts';
import { ServingError } from '../model/error.ts';
import type { ServableSpec } from '../model/inference.ts';
import type { VersionStatus } from '../model/version-status.ts';
import { FilesChanged, type LoadOptions, type Wanted, type WantedModel, type WantedVersion } from '../model/wanted.ts';
import type { Readiness } from './catalogue.ts';
import { Changes } from './changes.ts';
import { FilesOnTheWay } from './files-on-the-way.ts';
import { comingVersions, find, mayCome, notLoaded } from './find.ts';
import { InForce } from './in-force.ts';
import { Instance } from './instance.ts';
import { type FetchAction, identityOf, type LoadAction, nextAction } from './next-action.ts';
import type { RegistryObserver } from './observer.ts';
import { ReadinessLatch } from './readiness-latch.ts';
import type { Pinned, Registry } from './registry.ts';
import { nothingServed, type Served, withModel } from './served.ts';
import { beingChanged, publicStatus, statusOf, toldOfRepository, type VersionRecord } from './version-record.ts';
import { isServing, move, type StateEvent } from './version-state.ts';

export interface LifecycleOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly observer: RegistryObserver;
  /** What is done with a version before it serves; nothing unless given. */
  readonly warmUp?: WarmUp;
  /** Milliseconds that a version which is unloaded waits for the requests that use it. */
  readonly drainMs: number;
  /** How many requests may wait for a model that is being loaded; more are refused. */
  readonly mostWaiting: number;
}

/** What is known of a version at first. */
const unknown = {
  state: 'waiting',
  instance: undefined,
  identity: undefined,
  leaving: undefined,
  failure: undefined,
  files: undefined,
} as const;

const noLabels: ReadonlyMap<string, number> = new Map();

/** Copying a model may take a while, a broken one may be mended: soon at first, then ever more seldom. */
const retry: BackoffOptions = { first: 1000, most: 60_000, factor: 2, jitter: 0.2 };

/** The registry: holds what is wanted against what is, and does the next thing until there is none. */
export class Lifecycle implements Registry {
  readonly #options: LifecycleOptions;
  /** Whether it is known what is wanted. */
  #told = false;
  #wanted = new Map<string, WantedModel>();
  #revision: string | undefined;
  #served: Served = nothingServed;
  readonly #readiness = new ReadinessLatch();
  readonly #inForce = new InForce();
  /** All versions that there ever were, by model. */
  readonly #records = new Map<string, Map<number, VersionRecord>>();
  readonly #changes: Changes;
  readonly #unloads = new Set<Promise<void>>();
  readonly #ending = new AbortController();
  #loading: 'first try' | 'retry' | undefined;
  /** How many requests wait for each model. */
  readonly #waiting = new Map<string, number>();
  #timer: Timer | undefined;

  constructor(options: LifecycleOptions) {
    this.#options = options;
    this.#changes = new Changes(options.clock);
  }

  want(wanted: Wanted): void {
    const before = this.#wanted;
    this.#told = true;
    this.#wanted = new Map(wanted.models.map((model) => [model.name, model]));
    this.#revision = wanted.revision;
    for (const name of this.#wanted.keys()) if (!this.#records.has(name)) this.#records.set(name, new Map());
    for (const name of this.#served.keys()) {
      if (before.get(name)?.labels !== this.#wanted.get(name)?.labels) this.#serve(name);
    }
    this.#readiness.update(this.#wanted, this.#served);
    this.#act();
    this.#changes.announce();
  }

  acquire(spec: ServableSpec): Pinned {
    if (!this.#told) throw notLoaded();
    const instance = find(this.#served, this.#records, this.#wanted.get(spec.name), spec);
    instance.pin();
    const { name, version, model } = instance;
    return { kind: 'model', name, version, model, release: () => instance.unpin() };
  }

  async whenLoaded(spec: ServableSpec, ms: number, signal: AbortSignal | undefined): Promise<void> {
    const { name } = spec;
    const isDecided = () => this.#ending.signal.aborted || !this.isComing(spec);
    if (isDecided()) return;
    const before = this.#waiting.get(name) ?? 0;
    const { mostWaiting } = this.#options;
    if (before >= mostWaiting) {
      throw new ServingError(
        'resource-exhausted',
        `Too many requests wait for the model to be loaded - Limit: ${mostWaiting}; waiting: ${before}`,
      );
    }
    this.#waiting.set(name, before + 1);
    try {
      await this.#changes.until(isDecided, ms, signal);
    } finally {
      this.#leaveLine(name);
    }
  }

  isComing(spec: ServableSpec): boolean {
    return !this.#told || mayCome(this.#served, this.#records, this.#wanted.get(spec.name), spec);
  }

  status(spec: ServableSpec): VersionStatus[] {
    const wanted = this.#wanted.get(spec.name);
    const { label } = spec;
    const labelled =
      label === undefined
        ? undefined
        : (this.#served.get(spec.name)?.labels.get(label)?.version ?? wanted?.labels.get(label));
    const statuses = statusOf(this.#records, comingVersions(this.#records, wanted), spec, labelled);
    return toldOfRepository(statuses, wanted?.repository);
  }

  revisionInForce(name: string): string | undefined {
    return this.#inForce.revisionOf(name);
  }

  readiness(): Readiness | undefined {
    if (!this.#told) return undefined;
    const models = new Map([...this.#wanted.keys()].map((name) => [name, this.#served.has(name)]));
    return { isReady: this.#readiness.isReady, models };
  }

  subscribe(listener: () => void): () => void {
    return this.#changes.subscribe(listener);
  }

  settled(): Promise<void> {
    return this.#changes.until(() => this.#ending.signal.aborted || !this.#isFirstTryLeft(), Number.POSITIVE_INFINITY);
  }

  tryAgain(name: string): void {
    for (const record of this.#records.get(name)?.values() ?? []) record.failure = undefined;
    this.#act();
    this.#changes.announce();
  }

  stopLoading(): void {
    this.#ending.abort();
    // What is on its way is for no load any more.
    for (const record of this.#allRecords()) if (!record.files?.here) this.#letGo(record);
    this.#changes.announce();
  }

  async close(ms: number): Promise<boolean> {
    this.want({ models: [] });
    const isDone = () => this.#loading === undefined && this.#unloads.size === 0;
    await this.#changes.until(isDone, ms);
    return isDone();
  }

  causes(name: string): string[] {
    return [...(this.#records.get(name)?.values() ?? [])].flatMap(({ version, failure }) =>
      failure && failure.cause !== beingChanged ? [`version ${version}: ${failure.cause}`] : [],
    );
  }

  #isFirstTryLeft(): boolean {
    if (this.#loading === 'first try') return true;
    if (this.#allRecords().some(({ files }) => files?.isFirstTry && !files.here)) return true;
    const next = nextAction(this.#facts(), { fetch: true, load: true }, this.#options.clock.now());
    if (next?.kind === 'load' || next?.kind === 'fetch') return next.retryAt === undefined;
    return next?.kind === 'retire';
  }

  #leaveLine(name: string): void {
    const left = this.#waiting.get(name)! - 1;
    if (left > 0) this.#waiting.set(name, left);
    else this.#waiting.delete(name);
  }

  /** A change that failed and was taken back has not failed any more: what serves is what is wanted. */
  #forgive(model: WantedModel): void {
    if (model.repository.state !== 'listed') return;
    for (const candidate of model.repository.versions) {
      const record = this.#records.get(model.name)?.get(candidate.version);
      if (!record?.failure || record.identity !== identityOf(model, candidate)) continue;
      record.failure = undefined;
      this.#options.observer.stateChanged(model.name, publicStatus(record));
    }
  }

  #act(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const model of this.#wanted.values()) this.#forgive(model);
    this.#begin();
    this.#inForce.update(this.#revision, this.#wanted, this.#records);
  }

  /** All that can be begun now. */
  #begin(): void {
    for (;;) {
      const isEnding = this.#ending.signal.aborted;
      const may = { fetch: !isEnding, load: !isEnding && this.#loading === undefined };
      const action = nextAction(this.#facts(), may, this.#options.clock.now());
      if (!action) return;
      if (action.kind === 'wait') {
        this.#timer = this.#options.clock.after(Math.max(0, action.until - this.#options.clock.now()), () =>
          this.#act(),
        );
        return;
      }
      if (action.kind === 'load') void this.#load(action);
      else if (action.kind === 'fetch') void this.#fetch(action);
      else if (action.kind === 'retire') this.#retire(this.#record(action.name, action.version));
      else this.#letGo(this.#record(action.name, action.version));
    }
  }

  async #fetch({ name, candidate, identity, retryAt }: FetchAction): Promise<void> {
    const record = this.#record(name, candidate.version);
    const files = new FilesOnTheWay(identity, retryAt === undefined);
    record.files = files;
    if (retryAt === undefined && !isServing(record.state)) {
      record.failure = undefined;
      this.#options.observer.stateChanged(name, publicStatus(record));
    }
    try {
      if (!(await files.fetch(candidate))) return;
    } catch (error) {
      record.files = undefined;
      this.#fail(record, identity, error instanceof FilesChanged ? new Error(beingChanged, { cause: error }) : error);
    }
    this.#act();
    this.#changes.announce();
  }

  #letGo(record: VersionRecord): void {
    record.files?.letGo();
    record.files = undefined;
  }

  async #load({ name, candidate, identity, retryAt: dueAt }: LoadAction): Promise<void> {
    const { observer } = this.#options;
    const options = this.#wanted.get(name)!.options;
    const record = this.#record(name, candidate.version);
    this.#loading = dueAt === undefined ? 'first try' : 'retry';
    if (dueAt === undefined) {
      record.failure = undefined;
      this.#move(record, 'begin');
    } else {
      // It looks as before from outside, so there is nothing to tell.
      record.state = move(record.state, 'begin');
    }
    const done = observer.loading(name, candidate.version, candidate.directory);
    try {
      const model = await this.#loadUnchanged(candidate, options);
      await this.#warmUp(name, candidate, model);
      observer.loaded?.(name, candidate.version, model);
      const old = record.instance;
      record.instance = new Instance(name, candidate.version, model, record.files?.take());
      record.files = undefined;
      record.identity = identity;
      record.failure = undefined;
      this.#serve(name);
      this.#move(record, 'loaded');
      if (old) this.#unload(old);
      done();
    } catch (error) {
      this.#fail(record, identity, error);
      // What is not as it was fetched is fetched again.
      if (record.failure?.cause === beingChanged) this.#letGo(record);
      done(error);
    } finally {
      this.#loading = undefined;
      this.#act();
      this.#changes.announce();
    }
  }

  #fail(record: VersionRecord, identity: string, error: unknown): void {
    const attempts = record.failure?.identity === identity ? record.failure.attempts + 1 : 1;
    const retryAt = this.#options.clock.now() + backoff(attempts, retry);
    record.failure = { identity, attempts, retryAt, cause: error instanceof Error ? error.message : String(error) };
    this.#move(record, 'failed');
  }

  /** @throws ServingError `failed-precondition` if the files are others than those that were seen, or become others meanwhile */
  async #loadUnchanged(candidate: WantedVersion, options: LoadOptions): Promise<LoadedModel> {
    const changed = () => new ServingError('failed-precondition', beingChanged);
    if (!(await candidate.unchanged())) throw changed();
    const model = await this.#options.engine.load(candidate.directory, options);
    if (await candidate.unchanged()) return model;
    await model.close();
    throw changed();
  }

  async #warmUp(name: string, { version, directory }: WantedVersion, model: LoadedModel): Promise<void> {
    const { warmUp, observer } = this.#options;
    if (!warmUp || this.#ending.signal.aborted) return;
    try {
      observer.warmedUp?.(name, version, await warmUp(model, directory, this.#ending.signal));
    } catch (error) {
      await model.close();
      throw error;
    }
  }

  #retire(record: VersionRecord): void {
    const { instance } = record;
    record.instance = undefined;
    record.identity = undefined;
    record.failure = undefined;
    // No new request finds it from here on, before it is told to go.
    this.#serve(record.name);
    if (instance) {
      record.leaving = instance;
      this.#unload(instance, () => {
        if (record.leaving !== instance) return;
        record.leaving = undefined;
        // Unless the version is wanted again and has gone on without it.
        if (record.state === 'draining') this.#move(record, 'drained');
        this.#act();
      });
    }
    this.#move(record, 'retire');
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
      await instance.close();
    };
    const unloaded = unload()
      .then(
        () => done(),
        (error) => done(error),
      )
      .then(() => {
        this.#unloads.delete(unloaded);
        then?.();
        this.#changes.announce();
      });
    this.#unloads.add(unloaded);
  }

  /** Brings what requests find in line with a model's records, and with the labels that are wanted. */
  #serve(name: string): void {
    const before = this.#served.get(name)?.labels;
    const instances = [...this.#records.get(name)!.values()].flatMap(({ instance }) => instance ?? []);
    this.#served = withModel(this.#served, name, instances, this.#wanted.get(name)?.labels ?? noLabels);
    this.#readiness.update(this.#wanted, this.#served);
    for (const [label, { version }] of this.#served.get(name)?.labels ?? []) {
      if (before?.get(label)?.version !== version) this.#options.observer.labelMoved?.(name, label, version);
    }
  }

  #move(record: VersionRecord, event: StateEvent): void {
    record.state = move(record.state, event);
    this.#options.observer.stateChanged(record.name, publicStatus(record));
    this.#changes.announce();
  }

  #record(name: string, version: number): VersionRecord {
    const records = this.#records.get(name)!;
    let record = records.get(version);
    if (!record) {
      record = { name, version, ...unknown };
      records.set(version, record);
    }
    return record;
  }

  #allRecords(): VersionRecord[] {
    return [...this.#records.values()].flatMap((records) => [...records.values()]);
  }

  #facts() {
    return [...this.#records].map(([name, records]) => ({
      name,
      wanted: this.#wanted.get(name),
      versions: [...records.values()],
      labelled: new Set([...(this.#served.get(name)?.labels.values() ?? [])].map(({ version }) => version)),
    }));
  }
}
