import type { Clock } from '../../shared/clock.ts';
import { canonicalJson } from '../../shared/content-hash.ts';
import type { Logger } from '../../shared/log.ts';
import type { ModelServer } from '../api/model-server.ts';
import { label } from '../api/names.ts';
import type { Cluster, ObjectKey } from '../cluster/cluster.ts';
import { modelServers, persistentVolumeClaims, pods as podKind } from '../cluster/kinds.ts';
import type { Kind, KubeObject } from '../cluster/kube-object.ts';
import { objectKey, toKey } from '../cluster/object-key.ts';
import { childKinds } from '../desired/children.ts';
import { volumeClaims } from '../desired/pod-volumes.ts';
import type { Caches } from '../reconcile/caches.ts';
import type { Pod } from '../reconcile/pod-facts.ts';
import type { Change } from '../runtime/mirror.ts';
import { Reflector } from '../runtime/reflector.ts';
import { byLabel, Store } from '../runtime/store.ts';
import { Scope } from './scope.ts';
import { slimChild, slimClaim, slimPod } from './slim.ts';

export interface WatchesOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly log: Logger;
  /** All of them if empty. */
  readonly namespaces: readonly string[];
  /** A ModelServer, by its key, may not be what it should be. */
  readonly onChange: (key: string) => void;
  /** Something was heard of an object, which goes by its `objectKey`. */
  readonly onHeard: (objectKey: string) => void;
}

/** A watch that has brought nothing at all for so long is broken in here, not out there. */
const deadMs = 300_000;

/** Keeps what the operator knows of the cluster up to date, and tells which ModelServers that is about. */
export class Watches implements Caches {
  readonly #options: WatchesOptions;
  readonly #resources = new Store<KubeObject, 'claim'>({ indexes: { claim: byClaim } });
  readonly #claims = new Store<KubeObject>({ slim: slimClaim });
  readonly #children = new Map(childKinds.map((kind) => [kind, new Store<KubeObject>({ slim: slimChild })]));
  readonly #pods = new Store<Pod, 'owner'>({ slim: slimPod, indexes: { owner: byLabel(label.name) } });
  /** By their namespaces. */
  readonly #scopes: ReadonlyMap<string | undefined, Scope>;
  /** Resolves when each scope is known or refused. */
  #answered: Promise<unknown> | undefined;
  /** Resolves when the first scope is known. */
  readonly #firstSynced = Promise.withResolvers<void>();

  constructor(options: WatchesOptions) {
    this.#options = options;
    const namespaces = options.namespaces.length > 0 ? options.namespaces : [undefined];
    this.#scopes = new Map(namespaces.map((namespace) => [namespace, this.#scope(namespace)]));
    this.#firstSynced.promise.catch(() => {});
  }

  start(): void {
    const { onChange } = this.#options;
    const known = (scope: Scope) => {
      this.#firstSynced.resolve();
      for (const { metadata } of this.knownResources(scope.namespace)) onChange(toKey(metadata));
    };
    this.#answered = Promise.all([...this.#scopes.values()].map((scope) => scope.start(() => known(scope))));
    this.#answered.catch(() => {});
  }

  /** Resolves when all is known that may be read, at least of one namespace; rejects if stopped before. */
  async synced(): Promise<void> {
    await this.#answered;
    await this.#firstSynced.promise;
  }

  /** @returns why nothing can be done yet */
  unready(): string | undefined {
    const scopes = [...this.#scopes.values()];
    if (!scopes.every((scope) => scope.isAnswered)) return 'not everything is known yet';
    if (scopes.some((scope) => scope.hasSynced)) return undefined;
    return `the operator lacks rights: ${scopes[0]!.refusal}`;
  }

  /** The namespaces that were named, and whether each is looked after: it is not while rights are missing, or before all is known. */
  *namespaces(): Generator<readonly [namespace: string, isServed: boolean]> {
    for (const [namespace, { hasSynced, refusal }] of this.#scopes) {
      if (namespace !== undefined) yield [namespace, hasSynced && refusal === undefined];
    }
  }

  /** Whether the cluster knows ModelServers; true until it was asked. */
  get isServed(): boolean {
    return [...this.#scopes.values()].every(({ isServed }) => isServed);
  }

  /** @returns what a restart would mend */
  problem(): string | undefined {
    const now = this.#options.clock.now();
    const reflectors = [...this.#scopes.values()].flatMap((scope) => scope.reflectors);
    const dead = reflectors.filter(({ lastAliveAt }) => now - lastAliveAt > deadMs).length;
    return dead === 0 ? undefined : `${dead} of ${reflectors.length} watches are dead`;
  }

  async stop(): Promise<void> {
    this.#firstSynced.reject(new Error('The watches are stopped'));
    await Promise.all([...this.#scopes.values()].map((scope) => scope.stop()));
  }

  resource(at: ObjectKey): ModelServer | undefined {
    return this.#resources.get(toKey(at)) as ModelServer | undefined;
  }

  /** All of them. */
  *resources(): Generator<ModelServer> {
    for (const [, resource] of this.#resources.entries()) yield resource as ModelServer;
  }

  /** Those about which all is known that there is. @param namespace all of them if undefined */
  *knownResources(namespace?: string): Generator<ModelServer> {
    for (const resource of this.resources()) {
      const isOfIt = namespace === undefined || resource.metadata.namespace === namespace;
      if (isOfIt && this.#isKnown(resource.metadata.namespace)) yield resource;
    }
  }

  child(kind: Kind, at: ObjectKey): KubeObject | undefined {
    return this.#children.get(kind)?.get(toKey(at));
  }

  hasClaim(at: ObjectKey): boolean {
    return this.#claims.get(toKey(at)) !== undefined;
  }

  pods(owner: ObjectKey): readonly Pod[] {
    return this.#pods.find('owner', toKey(owner));
  }

  size(): number {
    return this.#resources.size;
  }

  #scope(namespace: string | undefined): Scope {
    const resources = this.#reflector(modelServers, this.#resources, namespace, undefined, (change) =>
      this.#resourceChanged(change),
    );
    const others = [
      ...[...this.#children].map(([kind, store]) =>
        this.#reflector(kind, store, namespace, ours, (change) => this.#childChanged(kind, change)),
      ),
      this.#reflector(podKind, this.#pods as unknown as Store<KubeObject, string>, namespace, ours, (change) =>
        this.#childChanged(podKind, change),
      ),
      this.#reflector(persistentVolumeClaims, this.#claims, namespace, undefined, (change) =>
        this.#claimChanged(change),
      ),
    ];
    return new Scope({ namespace, resources, others, log: this.#options.log });
  }

  #isKnown(namespace: string | undefined): boolean {
    return (this.#scopes.get(namespace) ?? this.#scopes.get(undefined))?.hasSynced ?? false;
  }

  /** Of what is only half known, what is missing may only be unseen: it waits for the rest. */
  #changed(at: ObjectKey): void {
    if (this.#isKnown(at.namespace)) this.#options.onChange(toKey(at));
  }

  #reflector(
    kind: Kind,
    store: Store<KubeObject, string>,
    namespace: string | undefined,
    labelSelector: string | undefined,
    onChange: (change: Change<KubeObject>) => void,
  ): Reflector<KubeObject> {
    const { cluster, clock, log } = this.#options;
    return new Reflector<KubeObject>({
      cluster,
      clock,
      log,
      kind,
      store,
      onChange,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
    });
  }

  /** The status is the operator's own: that it has changed is no news. */
  #resourceChanged({ object, old }: Change<KubeObject>): void {
    this.#options.onHeard(objectKey(modelServers, object.metadata));
    if (old && wish(old) === wish(object)) return;
    this.#changed(object.metadata);
  }

  #claimChanged({ type, key }: Change<KubeObject>): void {
    if (type === 'modified') return;
    for (const { metadata } of this.#resources.find('claim', key)) this.#changed(metadata);
  }

  #childChanged(kind: Kind, { object, old }: Change<KubeObject>): void {
    this.#options.onHeard(objectKey(kind, object.metadata));
    if (old && content(old) === content(object)) return;
    const { namespace } = object.metadata;
    // A label may have been changed by hand; the reference to the owner is harder to lose.
    const owner = object.metadata.ownerReferences?.find((reference) => reference.kind === modelServers.kind);
    const names = [owner?.name, object.metadata.labels?.[label.name], old?.metadata.labels?.[label.name]];
    for (const name of new Set(names)) {
      if (name !== undefined) this.#changed({ name, ...(namespace === undefined ? {} : { namespace }) });
    }
  }
}

/** The claims that a ModelServer names. */
function byClaim(resource: KubeObject): string[] {
  const { metadata, spec } = resource as ModelServer;
  return volumeClaims(spec).map((name) => toKey({ namespace: metadata.namespace, name }));
}

const ours = `${label.managedBy}=modelserver-operator`;

/** What of a ModelServer its user decides. */
function wish({ metadata }: KubeObject): string {
  const { uid, generation, annotations, deletionTimestamp } = metadata;
  return canonicalJson([uid, generation, annotations, deletionTimestamp]);
}

/** All but the version. */
function content({ metadata: { resourceVersion: _, ...metadata }, ...rest }: KubeObject): string {
  return canonicalJson({ metadata, ...rest });
}
