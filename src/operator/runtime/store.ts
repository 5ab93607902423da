import type { KubeObject } from '../cluster/kube-object.ts';
import { toKey } from '../cluster/object-key.ts';

/** Under which values an object is to be found. */
export type Index<T> = (object: T) => readonly string[];

export interface StoreOptions<T, I extends string> {
  readonly indexes?: Readonly<Record<I, Index<T>>>;
  /** The part of an object that is worth its memory; it keeps what the indexes read, and the metadata's name and uid. */
  readonly slim?: (object: T) => T;
}

/** Under the uids of those who own it. */
export const byOwner: Index<KubeObject> = ({ metadata }) => metadata.ownerReferences?.map(({ uid }) => uid) ?? [];

/** Under `namespace/value`, or `value` for what lies in no namespace. */
export function byLabel(name: string): Index<KubeObject> {
  return ({ metadata: { namespace, labels } }) => {
    const value = labels?.[name];
    return value === undefined ? [] : [toKey({ name: value, ...(namespace === undefined ? {} : { namespace }) })];
  };
}

/** The objects of one kind, as last heard of. What it gives out is shared: nobody changes it. */
export class Store<T extends KubeObject, I extends string = never> {
  readonly #slim: (object: T) => T;
  readonly #objects = new Map<string, T>();
  readonly #indexes: readonly { readonly name: string; readonly index: Index<T>; readonly keys: Keys }[];

  constructor(options: StoreOptions<T, I> = {}) {
    this.#slim = options.slim ?? ((object) => object);
    this.#indexes = Object.entries<Index<T>>(options.indexes ?? {}).map(([name, index]) => ({
      name,
      index,
      keys: new Map(),
    }));
  }

  get size(): number {
    return this.#objects.size;
  }

  /** @param key as `toKey` makes it */
  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  /** All of them, in no order, each with its key. */
  entries(): IterableIterator<readonly [key: string, object: T]> {
    return this.#objects.entries();
  }

  /** Those that an index finds under a value, in no order. */
  find(index: I, value: string): readonly T[] {
    const keys = this.#indexes.find(({ name }) => name === index)?.keys.get(value) ?? [];
    return [...keys].map((key) => this.#objects.get(key)!);
  }

  /** Takes it in, in place of the one of that key. @returns what is kept of it */
  put(object: T): T {
    const key = toKey(object.metadata);
    const kept = this.#slim(withoutManagedFields(object));
    this.remove(key);
    this.#objects.set(key, kept);
    for (const { index, keys } of this.#indexes) {
      for (const value of index(kept)) {
        const under = keys.get(value);
        if (under) under.add(key);
        else keys.set(value, new Set([key]));
      }
    }
    return kept;
  }

  /** @returns what was there */
  remove(key: string): T | undefined {
    const object = this.#objects.get(key);
    if (!object) return undefined;
    this.#objects.delete(key);
    for (const { index, keys } of this.#indexes) {
      for (const value of index(object)) {
        const under = keys.get(value);
        under?.delete(key);
        if (under?.size === 0) keys.delete(value);
      }
    }
    return object;
  }
}

type Keys = Map<string, Set<string>>;

/** Often the larger half of an object, and of no use to anyone here. */
function withoutManagedFields<T extends KubeObject>(object: T): T {
  if (!('managedFields' in object.metadata)) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
