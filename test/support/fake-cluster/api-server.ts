import type { ApplyOptions, ListOptions, ObjectKey, Page } from '../../../src/operator/cluster/cluster.ts';
import { ClusterError } from '../../../src/operator/cluster/cluster-error.ts';
import type { Kind, KubeObject } from '../../../src/operator/cluster/kube-object.ts';
import { isObject, type JsonObject, mergePatch, overTheWire } from './json.ts';
import { parseLabelSelector } from './label-selector.ts';
import { applyFields, contestedFields, type Ownership, ownWritten } from './ownership.ts';
import { filled, kindKey, type Store, type Stored } from './store.ts';
import type { Matches } from './watches.ts';

/** What each call does to the store, at once, and what it is refused for. What is handed out is the caller's own. */
export class ApiServer {
  readonly #store: Store;
  readonly #served: Set<string>;
  readonly #pages = new Map<string, { readonly items: readonly KubeObject[]; readonly resourceVersion: string }>();
  #pageCount = 0;

  constructor(store: Store, kinds: readonly Kind[]) {
    this.#store = store;
    this.#served = new Set(kinds.map(kindKey));
  }

  serve(kind: Kind, isServed: boolean): void {
    if (isServed) this.#served.add(kindKey(kind));
    else this.#served.delete(kindKey(kind));
  }

  serves(kind: Kind): boolean {
    return this.#served.has(kindKey(kind));
  }

  get<T extends KubeObject>(kind: Kind, at: ObjectKey): T | undefined {
    checkKey(kind, at);
    const stored = this.#store.get(kind, at);
    return this.serves(kind) && stored ? (overTheWire(stored.object) as T) : undefined;
  }

  list<T extends KubeObject>(kind: Kind, options: ListOptions): Page<T> {
    const matches = this.matches(kind, options);
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
  }

  forgetPages(): void {
    this.#pages.clear();
  }

  /** What a list or a watch is about. */
  matches(kind: Kind, { namespace, labelSelector }: { namespace?: string; labelSelector?: string }): Matches {
    this.#mustServe(kind);
    let select: (labels: Readonly<Record<string, string>>) => boolean;
    try {
      select = parseLabelSelector(labelSelector ?? '');
    } catch (error) {
      throw new ClusterError('invalid', (error as Error).message);
    }
    return ({ metadata }) =>
      (namespace === undefined || metadata.namespace === namespace) && select(metadata.labels ?? {});
  }

  apply<T extends KubeObject>(kind: Kind, object: T, { manager, force = true, subresource }: ApplyOptions): T {
    const sent = this.#accept(kind, object);
    const stored = this.#store.get(kind, object.metadata);
    if (!stored && subresource) throw notFound(kind, object.metadata.name);
    const uid = subresource ? undefined : object.metadata.uid;
    if (uid !== undefined && uid !== stored?.object.metadata.uid) throw uidConflict(kind, object.metadata.name, uid);
    const applied = subresource ? { status: sent.status ?? {} } : omitStatus(sent);
    const owner = `${manager} ${subresource ?? 'main'}`;
    if (!stored) {
      const { ownership } = applyFields(sent, new Map(), applied, owner);
      return this.#create(kind, applied, ownership) as T;
    }
    checkVersion(kind, object, stored);
    const live = stored.object as unknown as JsonObject;
    const contested = force ? [] : contestedFields(live, stored.ownership, applied, owner);
    if (contested.length > 0) {
      throw new ClusterError('conflict', `Apply failed with ${contested.length} conflicts: ${contested.join(', ')}`);
    }
    const { object: merged, ownership } = applyFields(live, stored.ownership, applied, owner);
    return this.#update(kind, stored, merged, ownership) as T;
  }

  create<T extends KubeObject>(kind: Kind, object: T): T {
    const sent = omitStatus(this.#accept(kind, object));
    if (this.#store.get(kind, object.metadata)) {
      throw new ClusterError('already-exists', `${kind.plural} "${object.metadata.name}" already exists`);
    }
    return this.#create(kind, sent, ownWritten(undefined, new Map(), sent)) as T;
  }

  replace<T extends KubeObject>(kind: Kind, object: T): T {
    const sent = this.#accept(kind, object);
    if (object.metadata.resourceVersion === undefined) {
      throw new ClusterError('invalid', 'metadata.resourceVersion: must be specified for an update');
    }
    const stored = this.#mustHave(kind, object.metadata);
    checkVersion(kind, object, stored);
    return this.#write(kind, stored, sent) as T;
  }

  merge<T extends KubeObject>(kind: Kind, at: ObjectKey, patch: object): T {
    this.#mustServe(kind);
    checkKey(kind, at);
    const stored = this.#mustHave(kind, at);
    const patched = mergePatch(stored.object, overTheWire(patch)) as unknown as KubeObject;
    if (patched.metadata.uid !== stored.object.metadata.uid) {
      throw uidConflict(kind, at.name, String(patched.metadata.uid));
    }
    checkVersion(kind, patched, stored);
    return this.#write(kind, stored, this.#accept(kind, patched)) as T;
  }

  delete(kind: Kind, at: ObjectKey & { readonly uid: string }): void {
    checkKey(kind, at);
    const stored = this.#store.get(kind, at);
    if (stored?.object.metadata.uid !== at.uid || !this.serves(kind)) return;
    this.#store.delete(kind, stored);
    this.#collectLater();
  }

  /** Creates or replaces the object as a whole, its status too, whatever there is. */
  put<T extends KubeObject>(kind: Kind, object: T): T {
    const sent = overTheWire(object) as unknown as JsonObject;
    const stored = this.#store.get(kind, object.metadata);
    const before = stored?.object as JsonObject | undefined;
    const ownership = ownWritten(before, stored?.ownership ?? new Map(), sent);
    return (stored ? this.#update(kind, stored, sent, ownership) : this.#create(kind, sent, ownership)) as T;
  }

  /** All but the status is as it was sent. */
  #write(kind: Kind, stored: Stored, sent: JsonObject): KubeObject {
    const before = stored.object as unknown as JsonObject;
    const after = 'status' in before ? { ...sent, status: before.status } : omitStatus(sent);
    return this.#update(kind, stored, after, ownWritten(before, stored.ownership, after));
  }

  #create(kind: Kind, object: JsonObject, ownership: Ownership): KubeObject {
    const created = overTheWire(this.#store.create(kind, object, ownership));
    if (created.metadata.ownerReferences?.length) this.#collectLater();
    return created;
  }

  #update(kind: Kind, stored: Stored, object: JsonObject, ownership: Ownership): KubeObject {
    if (kind.plural === 'deployments') checkSelector(stored.object, object);
    const updated = overTheWire(this.#store.update(kind, stored, object, ownership));
    if (updated.metadata.ownerReferences?.length) this.#collectLater();
    return updated;
  }

  #collectLater(): void {
    setImmediate(() => this.#store.collectGarbage());
  }

  #mustServe(kind: Kind): void {
    if (!this.serves(kind)) throw new ClusterError('not-found', 'the server could not find the requested resource');
  }

  #mustHave(kind: Kind, at: ObjectKey): Stored {
    const stored = this.#store.get(kind, at);
    if (!stored) throw notFound(kind, at.name);
    return stored;
  }

  /** What was sent, as an API server takes it. */
  #accept(kind: Kind, object: KubeObject): JsonObject {
    this.#mustServe(kind);
    checkKey(kind, object.metadata);
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
}

function omitStatus({ status: _, ...rest }: JsonObject): JsonObject {
  return rest;
}

function checkKey(kind: Kind, { namespace, name }: ObjectKey): void {
  if (kind.namespaced === (namespace !== undefined)) return;
  throw new ClusterError('invalid', `${kind.plural} "${name}": the namespace is ${namespace ?? 'missing'}`);
}

function checkVersion(kind: Kind, { metadata }: KubeObject, stored: Stored): void {
  const { resourceVersion } = metadata;
  if (resourceVersion === undefined || resourceVersion === stored.object.metadata.resourceVersion) return;
  throw new ClusterError('conflict', `${kind.plural} "${metadata.name}": the object has been modified meanwhile`);
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
  return new ClusterError('conflict', `${kind.plural} "${name}": its uid is not ${uid}`);
}
