import type {
  ApplyOptions,
  CallOptions,
  Cluster,
  ListOptions,
  ObjectKey,
  Page,
  WatchEvent,
  WatchOptions,
} from '../../src/operator/cluster/cluster.ts';
import { ClusterError } from '../../src/operator/cluster/cluster-error.ts';
import * as operatorKinds from '../../src/operator/cluster/kinds.ts';
import type { Kind, KubeObject } from '../../src/operator/cluster/kube-object.ts';
import { type Clock, systemClock, wallTime } from '../../src/shared/clock.ts';
import { isObject, type JsonObject, mergePatch, overTheWire } from './fake-cluster/json.ts';
import { parseLabelSelector } from './fake-cluster/label-selector.ts';
import { applyFields, ownWritten } from './fake-cluster/ownership.ts';
import { filled, kindKey, Store, type Stored } from './fake-cluster/store.ts';
import { type Matches, Watches } from './fake-cluster/watches.ts';

export type Verb = 'get' | 'list' | 'watch' | 'apply' | 'create' | 'replace' | 'merge' | 'delete' | 'discover';
export const writeVerbs: readonly Verb[] = ['apply', 'create', 'replace', 'merge', 'delete'];

export interface FakeCall {
  readonly verb: Verb;
  readonly kind?: Kind;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: 'status';
  /** What was sent. */
  readonly body?: object;
}

type Hook = (call: FakeCall) => unknown;

export interface FakeClusterOptions {
  /** What it serves beside the operator's own kinds. */
  readonly kinds?: readonly Kind[];
  /** For the timeouts of watches. */
  readonly clock?: Clock;
  /** Milliseconds since 1970, for timestamps. */
  readonly now?: () => number;
}

/**
 * A cluster in memory, which passes the suite that a real one passes: resource versions, generations, field ownership,
 * status apart from the rest, garbage collection by owner, watches. It knows no schemas: it sets no defaults, and refuses
 * only names that are none, fields that are not there to be changed, and a Deployment's new selector. All namespaces exist.
 */
export class FakeCluster implements Cluster {
  readonly #store: Store;
  readonly #watches: Watches;
  readonly #before = new Set<Hook>();
  readonly #after = new Set<Hook>();
  readonly #served: Set<string>;
  readonly #pages = new Map<string, { readonly items: readonly KubeObject[]; readonly resourceVersion: string }>();
  #pageCount = 0;
  /** All calls so far, refused ones too, in their order. */
  readonly calls: FakeCall[] = [];
  /** How often something changed. An apply that changes nothing is a call, but no change. */
  changes = 0;
  served = { major: 1, minor: 34 };

  constructor({ kinds = [], clock = systemClock, now = wallTime }: FakeClusterOptions = {}) {
    this.#served = new Set([...Object.values(operatorKinds), ...kinds].map(kindKey));
    this.#watches = new Watches(clock);
    this.#store = new Store(now, (change) => {
      this.changes++;
      this.#watches.tell(change);
    });
  }

  async get<T extends KubeObject>(kind: Kind, at: ObjectKey, options: CallOptions = {}): Promise<T | undefined> {
    return this.#call({ verb: 'get', kind, ...keyOf(kind, at) }, options, () => {
      const stored = this.#store.get(kind, at);
      return this.#isServed(kind) && stored ? (overTheWire(stored.object) as T) : undefined;
    });
  }

  async list<T extends KubeObject>(kind: Kind, options: ListOptions): Promise<Page<T>> {
    return this.#call({ verb: 'list', kind, ...namespaceOf(options) }, options, () => {
      this.#mustServe(kind);
      const matches = this.#matches(options);
      const from = options.continue === undefined ? undefined : this.#pages.get(options.continue);
      if (options.continue !== undefined && !from) throw new ClusterError('gone', 'The continue token is too old');
      const items = from?.items ?? this.#store.all(kind).filter(matches);
      const resourceVersion = from?.resourceVersion ?? this.#store.version;
      const limit = options.limit || items.length;
      const page = { items: overTheWire(items.slice(0, limit)) as T[], resourceVersion };
      if (items.length <= limit) return page;
      const token = `page-${++this.#pageCount}`;
      this.#pages.set(token, { items: items.slice(limit), resourceVersion });
      return { ...page, continue: token };
    });
  }

  async watch<T extends KubeObject>(
    kind: Kind,
    options: WatchOptions,
    onEvent: (event: WatchEvent<T>) => void,
  ): Promise<void> {
    const watching = await this.#call({ verb: 'watch', kind, ...namespaceOf(options) }, options, () => {
      this.#mustServe(kind);
      const matches = this.#matches(options);
      const past = this.#store.since(options.resourceVersion);
      if (!past) throw new ClusterError('gone', `too old resource version: ${options.resourceVersion}`);
      const current = () => this.#store.version;
      const tell = onEvent as (event: WatchEvent<KubeObject>) => void;
      return { closed: this.#watches.run(kindKey(kind), matches, past, current, options, tell) };
    });
    await watching.closed;
  }

  async apply<T extends KubeObject>(kind: Kind, object: T, options: ApplyOptions): Promise<T> {
    const { subresource } = options;
    const call = {
      verb: 'apply',
      kind,
      ...keyOf(kind, object.metadata),
      ...(subresource ? { subresource } : {}),
    } as const;
    return this.#call({ ...call, body: object }, options, () => {
      const sent = this.#accept(kind, object);
      const stored = this.#store.get(kind, object.metadata);
      if (!stored && subresource) throw notFound(kind, object.metadata.name);
      const uid = subresource ? undefined : object.metadata.uid;
      if (uid !== undefined && uid !== stored?.object.metadata.uid) throw uidConflict(kind, object.metadata.name, uid);
      const applied = subresource ? { status: sent.status ?? {} } : omitStatus(sent);
      const owner = `${options.manager} ${subresource ?? 'main'}`;
      if (!stored) {
        const { ownership } = applyFields(sent, new Map(), applied, owner);
        return this.#created(kind, applied, ownership) as T;
      }
      checkVersion(kind, object, stored);
      const live = stored.object as unknown as JsonObject;
      const { object: merged, ownership } = applyFields(live, stored.ownership, applied, owner);
      return this.#updated(kind, stored, merged, ownership) as T;
    });
  }

  async create<T extends KubeObject>(kind: Kind, object: T, options: CallOptions = {}): Promise<T> {
    return this.#call({ verb: 'create', kind, ...keyOf(kind, object.metadata), body: object }, options, () => {
      const sent = omitStatus(this.#accept(kind, object));
      if (this.#store.get(kind, object.metadata)) {
        throw new ClusterError('already-exists', `${kind.plural} "${object.metadata.name}" already exists`);
      }
      return this.#created(kind, sent, ownWritten(undefined, new Map(), sent)) as T;
    });
  }

  async replace<T extends KubeObject>(kind: Kind, object: T, options: CallOptions = {}): Promise<T> {
    return this.#call({ verb: 'replace', kind, ...keyOf(kind, object.metadata), body: object }, options, () => {
      const sent = this.#accept(kind, object);
      if (object.metadata.resourceVersion === undefined) {
        throw new ClusterError('invalid', 'metadata.resourceVersion: must be specified for an update');
      }
      const stored = this.#mustHave(kind, object.metadata);
      checkVersion(kind, object, stored);
      return this.#write(kind, stored, sent) as T;
    });
  }

  async merge<T extends KubeObject>(kind: Kind, at: ObjectKey, patch: object, options: CallOptions = {}): Promise<T> {
    return this.#call({ verb: 'merge', kind, ...keyOf(kind, at), body: patch }, options, () => {
      this.#mustServe(kind);
      const stored = this.#mustHave(kind, at);
      const patched = mergePatch(stored.object, overTheWire(patch)) as unknown as KubeObject;
      if (patched.metadata.uid !== stored.object.metadata.uid) {
        throw uidConflict(kind, at.name, String(patched.metadata.uid));
      }
      checkVersion(kind, patched, stored);
      return this.#write(kind, stored, this.#accept(kind, patched)) as T;
    });
  }

  async delete(kind: Kind, at: ObjectKey & { readonly uid: string }, options: CallOptions = {}): Promise<void> {
    return this.#call({ verb: 'delete', kind, ...keyOf(kind, at) }, options, () => {
      const stored = this.#store.get(kind, at);
      if (stored?.object.metadata.uid !== at.uid || !this.#isServed(kind)) return;
      this.#store.delete(kind, stored);
      this.#collectLater();
    });
  }

  async serves(kind: Kind, options: CallOptions = {}): Promise<boolean> {
    return this.#call({ verb: 'discover', kind }, options, () => this.#isServed(kind));
  }

  async version(options: CallOptions = {}): Promise<{ major: number; minor: number }> {
    return this.#call({ verb: 'discover' }, options, () => this.served);
  }

  /** Begins or ends to serve a kind, as its CustomResourceDefinition comes and goes; its objects stay. */
  serve(kind: Kind, isServed: boolean): void {
    if (isServed) this.#served.add(kindKey(kind));
    else this.#served.delete(kindKey(kind));
  }

  /** What a test looks at or sets behind the callers' backs: no hook is called and nothing is counted as a call. */
  peek<T extends KubeObject>(kind: Kind, at: ObjectKey): T | undefined {
    const stored = this.#store.get(kind, at);
    return stored && (overTheWire(stored.object) as T);
  }

  peekAll<T extends KubeObject>(kind: Kind): T[] {
    return overTheWire(this.#store.all(kind)) as T[];
  }

  /** As a controller of that kind would: sets the whole status. */
  writeStatus(kind: Kind, at: ObjectKey, status: object): void {
    const stored = this.#mustHave(kind, at);
    const object = { ...(stored.object as unknown as JsonObject), status: overTheWire(status) };
    this.#updated(kind, stored, object, ownWritten(stored.object as unknown as JsonObject, stored.ownership, object));
  }

  /** Creates or replaces the object as a whole, its status too. */
  put<T extends KubeObject>(kind: Kind, object: T): T {
    const sent = overTheWire(object) as unknown as JsonObject;
    const stored = this.#store.get(kind, object.metadata);
    const ownership = ownWritten(stored?.object as JsonObject | undefined, stored?.ownership ?? new Map(), sent);
    return (stored ? this.#updated(kind, stored, sent, ownership) : this.#created(kind, sent, ownership)) as T;
  }

  /** Deletes it, and what it owns, at once. */
  remove(kind: Kind, at: ObjectKey): void {
    this.#store.delete(kind, this.#mustHave(kind, at));
    this.#store.collectGarbage();
  }

  /**
   * Asks the hook before each call: an error that it returns or throws is what the call ends with, and nothing is done.
   * @returns ends that
   */
  fail(hook: (call: FakeCall) => Error | undefined | Promise<Error | undefined>): () => void {
    return add(this.#before, hook);
  }

  /** Likewise, but after the call has done what it does: its answer is lost. */
  failAfter(hook: (call: FakeCall) => Error | undefined | Promise<Error | undefined>): () => void {
    return add(this.#after, hook);
  }

  /** Calls the hook before each write, and waits for it; what it throws, the write ends with. */
  beforeWrite(hook: (call: FakeCall) => void | Promise<void>): () => void {
    return add(this.#before, async (call) => {
      if (writeVerbs.includes(call.verb)) await hook(call);
    });
  }

  /** How many calls of these verbs there were; of all if none is named. */
  count(...verbs: readonly Verb[]): number {
    return this.calls.filter(({ verb }) => verbs.length === 0 || verbs.includes(verb)).length;
  }

  get writes(): number {
    return this.count(...writeVerbs);
  }

  get openWatches(): number {
    return this.#watches.size;
  }

  /** Forgets what has happened: watches from before, and lists half read, are `gone`. */
  compact(): void {
    this.#store.compact();
    this.#pages.clear();
  }

  /** Sends a bookmark to all watches. */
  bookmark(): void {
    this.#watches.bookmark(this.#store.version);
  }

  /** Breaks the open watches. */
  cutWatches(error: () => Error = () => new ClusterError('unavailable', 'The connection was cut')): void {
    this.#watches.cut(error);
  }

  /** Ends the open watches in good order. */
  endWatches(): void {
    this.#watches.end();
  }

  /** The open watches say nothing any more and do not end either. Later ones are well. */
  hangWatches(): void {
    this.#watches.hang();
  }

  async #call<R>(call: FakeCall, { signal }: CallOptions, work: () => R): Promise<R> {
    signal?.throwIfAborted();
    this.calls.push(call);
    await this.#ask(this.#before, call, signal);
    const result = work();
    await this.#ask(this.#after, call, signal);
    return result;
  }

  async #ask(hooks: ReadonlySet<Hook>, call: FakeCall, signal: AbortSignal | undefined): Promise<void> {
    await null;
    for (const hook of hooks) {
      const error = await hook(call);
      if (error !== undefined) throw error;
    }
    signal?.throwIfAborted();
  }

  #write(kind: Kind, stored: Stored, sent: JsonObject): KubeObject {
    const before = stored.object as unknown as JsonObject;
    const after = 'status' in before ? { ...sent, status: before.status } : omitStatus(sent);
    return this.#updated(kind, stored, after, ownWritten(before, stored.ownership, after));
  }

  #created(kind: Kind, object: JsonObject, ownership: Stored['ownership']): KubeObject {
    const created = overTheWire(this.#store.create(kind, object, ownership));
    if (created.metadata.ownerReferences?.length) this.#collectLater();
    return created;
  }

  #updated(kind: Kind, stored: Stored, object: JsonObject, ownership: Stored['ownership']): KubeObject {
    if (kind.plural === 'deployments') checkSelector(stored.object, object);
    const updated = overTheWire(this.#store.update(kind, stored, object, ownership));
    if (updated.metadata.ownerReferences?.length) this.#collectLater();
    return updated;
  }

  #collectLater(): void {
    setImmediate(() => this.#store.collectGarbage());
  }

  #isServed(kind: Kind): boolean {
    return this.#served.has(kindKey(kind));
  }

  #mustServe(kind: Kind): void {
    if (!this.#isServed(kind)) throw new ClusterError('not-found', 'the server could not find the requested resource');
  }

  #mustHave(kind: Kind, at: ObjectKey): Stored {
    const stored = this.#store.get(kind, at);
    if (!stored) throw notFound(kind, at.name);
    return stored;
  }

  /** What was sent, as the API server takes it. */
  #accept(kind: Kind, object: KubeObject): JsonObject {
    this.#mustServe(kind);
    const { name } = object.metadata;
    if (!/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name) || name.length > 253) {
      throw new ClusterError('invalid', `${kind.kind} "${name}" is invalid: metadata.name: Invalid value: "${name}"`);
    }
    if (object.kind !== kind.kind || object.apiVersion !== kind.apiVersion) {
      throw new ClusterError('invalid', `${object.apiVersion} ${object.kind} is no ${kind.apiVersion} ${kind.kind}`);
    }
    const sent = overTheWire(object);
    return { ...sent, metadata: filled(sent.metadata) };
  }

  #matches({ namespace, labelSelector }: { namespace?: string; labelSelector?: string }): Matches {
    let select: (labels: Readonly<Record<string, string>>) => boolean;
    try {
      select = parseLabelSelector(labelSelector ?? '');
    } catch (error) {
      throw new ClusterError('invalid', (error as Error).message);
    }
    return ({ metadata }) =>
      (namespace === undefined || metadata.namespace === namespace) && select(metadata.labels ?? {});
  }
}

function add(hooks: Set<Hook>, hook: Hook): () => void {
  hooks.add(hook);
  return () => hooks.delete(hook);
}

function keyOf(kind: Kind, { namespace, name }: ObjectKey): { namespace?: string; name: string } {
  if (kind.namespaced !== (namespace !== undefined)) {
    throw new ClusterError('invalid', `${kind.plural} "${name}": the namespace is ${namespace ?? 'missing'}`);
  }
  return namespace === undefined ? { name } : { namespace, name };
}

function namespaceOf({ namespace }: { namespace?: string }): { namespace?: string } {
  return namespace === undefined ? {} : { namespace };
}

function omitStatus({ status: _, ...rest }: JsonObject): JsonObject {
  return rest;
}

function checkVersion(kind: Kind, { metadata }: KubeObject, stored: Stored): void {
  const { resourceVersion } = metadata;
  if (resourceVersion === undefined || resourceVersion === stored.object.metadata.resourceVersion) return;
  throw new ClusterError(
    'conflict',
    `Operation cannot be fulfilled on ${kind.plural} "${metadata.name}": the object has been modified; please apply your changes to the latest version and try again`,
  );
}

function checkSelector(before: KubeObject, after: JsonObject): void {
  const selector = (object: unknown) => {
    const spec = isObject(object) ? object.spec : undefined;
    return JSON.stringify(isObject(spec) ? spec.selector : undefined);
  };
  if (selector(before) === selector(after)) return;
  throw new ClusterError(
    'invalid',
    `Deployment "${before.metadata.name}" is invalid: spec.selector: field is immutable`,
  );
}

function notFound(kind: Kind, name: string): ClusterError {
  return new ClusterError('not-found', `${kind.plural} "${name}" not found`);
}

function uidConflict(kind: Kind, name: string, uid: string): ClusterError {
  return new ClusterError('conflict', `${kind.plural} "${name}": Precondition failed: its uid is not ${uid}`);
}
