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
import { ApiServer } from './fake-cluster/api-server.ts';
import { overTheWire } from './fake-cluster/json.ts';
import { kindKey, Store } from './fake-cluster/store.ts';
import { Watches } from './fake-cluster/watches.ts';

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
  readonly #server: ApiServer;
  readonly #watches: Watches;
  readonly #before = new Set<Hook>();
  readonly #after = new Set<Hook>();
  /** All calls so far, refused ones too, in their order. */
  readonly calls: FakeCall[] = [];
  /** How often something changed. An apply that changes nothing is a call, but no change. */
  changes = 0;
  /** What `version` tells. */
  served = { major: 1, minor: 34 };

  constructor({ kinds = [], clock = systemClock, now = wallTime }: FakeClusterOptions = {}) {
    this.#watches = new Watches(clock);
    this.#store = new Store(now, (change) => {
      this.changes++;
      this.#watches.tell(change);
    });
    this.#server = new ApiServer(this.#store, [...Object.values(operatorKinds), ...kinds]);
  }

  get<T extends KubeObject>(kind: Kind, at: ObjectKey, options: CallOptions = {}): Promise<T | undefined> {
    return this.#call({ verb: 'get', kind, ...keyOf(at) }, options, () => this.#server.get<T>(kind, at));
  }

  list<T extends KubeObject>(kind: Kind, options: ListOptions): Promise<Page<T>> {
    const call = { verb: 'list', kind, ...namespaceOf(options) } as const;
    return this.#call(call, options, () => this.#server.list<T>(kind, options));
  }

  async watch<T extends KubeObject>(
    kind: Kind,
    options: WatchOptions,
    onEvent: (event: WatchEvent<T>) => void,
  ): Promise<void> {
    const watching = await this.#call({ verb: 'watch', kind, ...namespaceOf(options) }, options, () => {
      const matches = this.#server.matches(kind, options);
      const past = this.#store.since(options.resourceVersion);
      if (!past) throw new ClusterError('gone', `too old resource version: ${options.resourceVersion}`);
      const current = () => this.#store.version;
      const tell = onEvent as (event: WatchEvent<KubeObject>) => void;
      return { closed: this.#watches.run(kindKey(kind), matches, past, current, options, tell) };
    });
    await watching.closed;
  }

  apply<T extends KubeObject>(kind: Kind, object: T, options: ApplyOptions): Promise<T> {
    const { subresource } = options;
    const call = { verb: 'apply', kind, ...keyOf(object.metadata), ...(subresource ? { subresource } : {}) } as const;
    return this.#call({ ...call, body: object }, options, () => this.#server.apply(kind, object, options));
  }

  create<T extends KubeObject>(kind: Kind, object: T, options: CallOptions = {}): Promise<T> {
    const call = { verb: 'create', kind, ...keyOf(object.metadata), body: object } as const;
    return this.#call(call, options, () => this.#server.create(kind, object));
  }

  replace<T extends KubeObject>(kind: Kind, object: T, options: CallOptions = {}): Promise<T> {
    const call = { verb: 'replace', kind, ...keyOf(object.metadata), body: object } as const;
    return this.#call(call, options, () => this.#server.replace(kind, object));
  }

  merge<T extends KubeObject>(kind: Kind, at: ObjectKey, patch: object, options: CallOptions = {}): Promise<T> {
    const call = { verb: 'merge', kind, ...keyOf(at), body: patch } as const;
    return this.#call(call, options, () => this.#server.merge<T>(kind, at, patch));
  }

  delete(kind: Kind, at: ObjectKey & { readonly uid: string }, options: CallOptions = {}): Promise<void> {
    return this.#call({ verb: 'delete', kind, ...keyOf(at) }, options, () => this.#server.delete(kind, at));
  }

  serves(kind: Kind, options: CallOptions = {}): Promise<boolean> {
    return this.#call({ verb: 'discover', kind }, options, () => this.#server.serves(kind));
  }

  version(options: CallOptions = {}): Promise<{ major: number; minor: number }> {
    return this.#call({ verb: 'discover' }, options, () => this.served);
  }

  /** Begins or ends to serve a kind, as its CustomResourceDefinition comes and goes; its objects stay. */
  serve(kind: Kind, isServed: boolean): void {
    this.#server.serve(kind, isServed);
  }

  /** What a test looks at or sets behind the callers' backs: no hook is called and nothing is counted as a call. */
  peek<T extends KubeObject>(kind: Kind, at: ObjectKey): T | undefined {
    const stored = this.#store.get(kind, at);
    return stored && (overTheWire(stored.object) as T);
  }

  peekAll<T extends KubeObject>(kind: Kind): T[] {
    return overTheWire(this.#store.all(kind)) as T[];
  }

  /** Creates or replaces the object as a whole, its status too. */
  put<T extends KubeObject>(kind: Kind, object: T): T {
    return this.#server.put(kind, object);
  }

  /** As a controller of that kind would: sets the whole status. */
  writeStatus(kind: Kind, at: ObjectKey, status: object): void {
    const object = this.peek<KubeObject & { status?: object }>(kind, at);
    if (!object) throw new ClusterError('not-found', `${kind.plural} "${at.name}" not found`);
    this.#server.put(kind, { ...object, status });
  }

  /** Deletes it, and what it owns, at once. */
  remove(kind: Kind, at: ObjectKey): void {
    const stored = this.#store.get(kind, at);
    if (!stored) throw new ClusterError('not-found', `${kind.plural} "${at.name}" not found`);
    this.#store.delete(kind, stored);
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
    this.#server.forgetPages();
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
}

function add(hooks: Set<Hook>, hook: Hook): () => void {
  hooks.add(hook);
  return () => hooks.delete(hook);
}

function keyOf({ namespace, name }: ObjectKey): ObjectKey {
  return namespace === undefined ? { name } : { namespace, name };
}

function namespaceOf({ namespace }: { readonly namespace?: string }): { readonly namespace?: string } {
  return namespace === undefined ? {} : { namespace };
}
