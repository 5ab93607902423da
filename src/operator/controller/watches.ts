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
  readonly #resourceReflectors: readonly Reflector<KubeObject>[];
  readonly #reflectors: readonly Reflector<KubeObject>[];

  constructor(options: WatchesOptions) {
    this.#options = options;
    const namespaces = options.namespaces.length > 0 ? options.namespaces : [undefined];
    this.#resourceReflectors = namespaces.map((namespace) =>
      this.#reflector(modelServers, this.#resources, namespace, undefined, (change) => this.#resourceChanged(change)),
    );
    const others = namespaces.flatMap((namespace) => [
      ...[...this.#children].map(([kind, store]) =>
        this.#reflector(kind, store, namespace, ours, (change) => this.#childChanged(kind, change)),
      ),
      this.#reflector(podKind, this.#pods as unknown as Store<KubeObject, string>, namespace, ours, (change) =>
        this.#childChanged(podKind, change),
      ),
      this.#reflector(persistentVolumeClaims, this.#claims, namespace, undefined, (change) =>
        this.#claimChanged(change),
      ),
    ]);
    this.#reflectors = [...this.#resourceReflectors, ...others];
  }

  start(): void {
    for (const reflector of this.#reflectors) reflector.start();
  }

  /** Resolves when all is known that there is. */
  async synced(): Promise<void> {
    await Promise.all(this.#reflectors.map((reflector) => reflector.synced));
  }

  get hasSynced(): boolean {
    return this.#reflectors.every((reflector) => reflector.hasSynced);
  }

  /** Whether the cluster knows ModelServers; true until it was asked. */
  get isServed(): boolean {
    return this.#resourceReflectors.every(({ served }) => served !== false);
  }

  /** @returns what a restart would mend */
  problem(): string | undefined {
    const now = this.#options.clock.now();
    const dead = this.#reflectors.filter((reflector) => now - reflector.lastAliveAt > deadMs).length;
    return dead === 0 ? undefined : `${dead} of ${this.#reflectors.length} watches are dead`;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#reflectors.map((reflector) => reflector.stop()));
  }

  resource(at: ObjectKey): ModelServer | undefined {
    return this.#resources.get(toKey(at)) as ModelServer | undefined;
  }

  /** All of them. */
  *resources(): Generator<ModelServer> {
    for (const [, resource] of this.#resources.entries()) yield resource as ModelServer;
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
  #resourceChanged({ key, object, old }: Change<KubeObject>): void {
    this.#options.onHeard(objectKey(modelServers, object.metadata));
    if (old && wish(old) === wish(object)) return;
    this.#options.onChange(key);
  }

  #claimChanged({ type, key }: Change<KubeObject>): void {
    if (type === 'modified') return;
    for (const { metadata } of this.#resources.find('claim', key)) this.#options.onChange(toKey(metadata));
  }

  #childChanged(kind: Kind, { object, old }: Change<KubeObject>): void {
    this.#options.onHeard(objectKey(kind, object.metadata));
    if (old && content(old) === content(object)) return;
    const { namespace } = object.metadata;
    // A label may have been changed by hand; the reference to the owner is harder to lose.
    const owner = object.metadata.ownerReferences?.find((reference) => reference.kind === modelServers.kind);
    const names = [owner?.name, object.metadata.labels?.[label.name], old?.metadata.labels?.[label.name]];
    for (const name of new Set(names)) {
      if (name !== undefined)
        this.#options.onChange(toKey({ name, ...(namespace === undefined ? {} : { namespace }) }));
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
