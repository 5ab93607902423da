import type { Logger } from '../../shared/log.ts';
import type { KubeObject } from '../cluster/kube-object.ts';
import { toKey } from '../cluster/object-key.ts';
import type { Store } from './store.ts';

export interface Change<T> {
  readonly type: 'added' | 'modified' | 'deleted';
  readonly key: string;
  /** As the store has it now; if it is deleted, as it was last seen. */
  readonly object: T;
  /** What a modified one was before. */
  readonly old?: T;
}

export interface MirrorOptions<T extends KubeObject> {
  /** Several may fill one, each for a namespace of its own. */
  readonly store: Store<T, string>;
  /** All of them if absent. */
  readonly namespace?: string;
  /** Called for each change, when the store has it already. What it throws is logged and does no harm. */
  readonly onChange: (change: Change<T>) => void;
}

/** Brings a store up to date with what is heard of its objects, and tells what has changed by that. */
export class Mirror<T extends KubeObject> {
  readonly #store: Store<T, string>;
  readonly #namespace: string | undefined;
  readonly #onChange: (change: Change<T>) => void;
  readonly #log: Logger;

  constructor({ store, namespace, onChange }: MirrorOptions<T>, log: Logger) {
    this.#store = store;
    this.#namespace = namespace;
    this.#onChange = onChange;
    this.#log = log;
  }

  /** It is there, and like this. @returns its key */
  put(object: T): string {
    const key = toKey(object.metadata);
    const { uid, resourceVersion } = object.metadata;
    let old = this.#store.get(key);
    if (old && old.metadata.uid !== uid) {
      // Another one of the same name: the first was deleted unseen.
      this.remove(key);
      old = undefined;
    }
    if (old && resourceVersion !== undefined && old.metadata.resourceVersion === resourceVersion) return key;
    const kept = this.#store.put(object);
    this.#tell(old ? { type: 'modified', key, object: kept, old } : { type: 'added', key, object: kept });
    return key;
  }

  /** It is gone. @param last how it was when it was deleted, if known */
  remove(key: string, last?: T): void {
    const old = this.#store.remove(key);
    if (old) this.#tell({ type: 'deleted', key, object: last ?? old });
  }

  /** Only these are there; what else there is of its namespace is gone. */
  keep(keys: ReadonlySet<string>): void {
    const gone: string[] = [];
    for (const [key, { metadata }] of this.#store.entries()) {
      const ours = this.#namespace === undefined || metadata.namespace === this.#namespace;
      if (ours && !keys.has(key)) gone.push(key);
    }
    for (const key of gone) this.remove(key);
  }

  #tell(change: Change<T>): void {
    try {
      this.#onChange(change);
    } catch (error) {
      this.#log.error({ err: error, key: change.key }, `What is to be done when one is ${change.type} failed`);
    }
  }
}
