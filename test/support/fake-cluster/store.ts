import { isDeepStrictEqual } from 'node:util';
import type { ObjectKey } from '../../../src/operator/cluster/cluster.ts';
import type { Kind, KubeObject } from '../../../src/operator/cluster/kube-object.ts';
import type { JsonObject } from './json.ts';
import type { Ownership } from './ownership.ts';
import type { Change } from './watches.ts';

export interface Stored {
  readonly object: KubeObject;
  readonly ownership: Ownership;
}

/** Kinds whose objects the API server does not give a generation. */
const withoutGeneration = new Set([
  'configmaps',
  'services',
  'serviceaccounts',
  'persistentvolumeclaims',
  'horizontalpodautoscalers',
  'leases',
  'events',
]);

export function kindKey(kind: Kind): string {
  return `${kind.apiVersion}/${kind.plural}`;
}

/** What is there, what has happened, and the resource versions. */
export class Store {
  readonly #now: () => number;
  readonly #told: (change: Change) => void;
  /** By kind, then by namespace and name. */
  readonly #objects = new Map<string, Map<string, Stored>>();
  #history: Change[] = [];
  #sequence = 100;
  #compacted = 0;
  #uids = 0;

  /** @param now milliseconds since 1970 */
  constructor(now: () => number, told: (change: Change) => void) {
    this.#now = now;
    this.#told = told;
  }

  get version(): string {
    return versionOf(this.#sequence);
  }

  get(kind: Kind, at: ObjectKey): Stored | undefined {
    return this.#objects.get(kindKey(kind))?.get(objectKey(at));
  }

  /** In the order of namespaces and names. */
  all(kind: Kind): KubeObject[] {
    const objects = [...(this.#objects.get(kindKey(kind)) ?? [])];
    return objects.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, { object }]) => object);
  }

  /** Since the resource version; undefined if that is forgotten or never was. */
  since(version: string): Change[] | undefined {
    const sequence = sequenceOf(version);
    if (!(sequence >= this.#compacted && sequence <= this.#sequence)) return undefined;
    return this.#history.filter((change) => sequenceOf(change.version) > sequence);
  }

  /** Forgets what has happened. */
  compact(): void {
    this.#sequence++;
    this.#compacted = this.#sequence;
    this.#history = [];
  }

  create(kind: Kind, object: JsonObject, ownership: Ownership): KubeObject {
    const { metadata, ...rest } = object as unknown as KubeObject;
    const { resourceVersion: _, generation: __, ...given } = metadata;
    const created = {
      ...rest,
      metadata: {
        ...filled(given),
        uid: `00000000-0000-4000-8000-${String(++this.#uids).padStart(12, '0')}`,
        ...(withoutGeneration.has(kind.plural) ? {} : { generation: 1 }),
        creationTimestamp: this.timestamp(),
      },
    };
    return this.#write(kind, created, ownership, undefined);
  }

  /** @returns what is there already, if it is the same */
  update(kind: Kind, before: Stored, object: JsonObject, ownership: Ownership): KubeObject {
    const { metadata, ...rest } = object as unknown as KubeObject;
    const { uid, creationTimestamp, generation, resourceVersion, deletionTimestamp } = before.object.metadata;
    const kept = { uid, creationTimestamp, generation, resourceVersion, deletionTimestamp };
    const after = { ...rest, metadata: { ...filled(metadata), ...filled(kept) } } as KubeObject;
    if (isDeepStrictEqual(after, before.object) && isDeepStrictEqual(ownership, before.ownership)) return before.object;
    const bump = generation !== undefined && !isDeepStrictEqual(intent(kind, after), intent(kind, before.object));
    const next = bump ? { ...after, metadata: { ...after.metadata, generation: generation + 1 } } : after;
    if (next.metadata.deletionTimestamp !== undefined && !next.metadata.finalizers?.length) {
      this.#forget(kind, next);
      return next;
    }
    return this.#write(kind, next, ownership, before.object);
  }

  delete(kind: Kind, { object, ownership }: Stored): void {
    if (!object.metadata.finalizers?.length) {
      this.#forget(kind, object);
      return;
    }
    if (object.metadata.deletionTimestamp !== undefined) return;
    const { generation } = object.metadata;
    const metadata = {
      ...object.metadata,
      deletionTimestamp: this.timestamp(),
      ...(generation === undefined ? {} : { generation: generation + 1 }),
    };
    this.#write(kind, { ...object, metadata }, ownership, object);
  }

  /** Deletes those whose owners are all gone, until there are none left. */
  collectGarbage(): void {
    for (let collected = true; collected; ) {
      collected = false;
      const uids = new Set<string | undefined>();
      for (const objects of this.#objects.values())
        for (const { object } of objects.values()) uids.add(object.metadata.uid);
      for (const [key, objects] of this.#objects) {
        for (const stored of objects.values()) {
          const owners = stored.object.metadata.ownerReferences ?? [];
          if (owners.length === 0 || owners.some(({ uid }) => uids.has(uid))) continue;
          if (stored.object.metadata.deletionTimestamp !== undefined) continue;
          const at = key.lastIndexOf('/');
          const kind = { apiVersion: key.slice(0, at), plural: key.slice(at + 1), kind: '', namespaced: true };
          this.delete(kind, stored);
          collected = true;
        }
      }
    }
  }

  timestamp(): string {
    return new Date(this.#now()).toISOString().replace(/\.\d+/, '');
  }

  #write(kind: Kind, object: KubeObject, ownership: Ownership, before: KubeObject | undefined): KubeObject {
    const written = { ...object, metadata: { ...object.metadata, resourceVersion: versionOf(++this.#sequence) } };
    let objects = this.#objects.get(kindKey(kind));
    if (!objects) {
      objects = new Map();
      this.#objects.set(kindKey(kind), objects);
    }
    objects.set(objectKey(written.metadata), { object: written, ownership });
    this.#tell({
      version: this.version,
      kind: kindKey(kind),
      ...(before ? { before } : {}),
      object: written,
      deleted: false,
    });
    return written;
  }

  #forget(kind: Kind, object: KubeObject): void {
    this.#objects.get(kindKey(kind))?.delete(objectKey(object.metadata));
    const last = { ...object, metadata: { ...object.metadata, resourceVersion: versionOf(++this.#sequence) } };
    this.#tell({ version: this.version, kind: kindKey(kind), before: object, object: last, deleted: true });
  }

  #tell(change: Change): void {
    this.#history.push(change);
    this.#told(change);
  }
}

/** What a new generation comes of. */
function intent(kind: Kind, object: KubeObject): object {
  const { metadata, status: _, ...rest } = object as KubeObject & { status?: unknown };
  return kind.plural === 'deployments' ? { ...rest, annotations: metadata.annotations } : rest;
}

function objectKey({ namespace, name }: ObjectKey): string {
  return `${namespace ?? ''}/${name}`;
}

/** Without what metadata never has: fields that are undefined, empty maps and empty lists. */
export function filled<T extends object>(metadata: T): T {
  const isFilled = ([, value]: [string, unknown]) =>
    value !== undefined && !(typeof value === 'object' && value !== null && Object.keys(value).length === 0);
  return Object.fromEntries(Object.entries(metadata).filter(isFilled)) as T;
}

/** Not a number to look at, so that nobody reckons with it. */
function versionOf(sequence: number): string {
  return `v${sequence.toString(36)}`;
}

function sequenceOf(version: string): number {
  return version.startsWith('v') ? Number.parseInt(version.slice(1), 36) : Number.NaN;
}
