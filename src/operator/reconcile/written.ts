import type { KubeObject } from '../cluster/kube-object.ts';

/**
 * What the API server answered to our own writes, until the watch tells of them: a reconcile that comes between the two
 * would else take its own work for undone.
 */
export class Written {
  readonly #results = new Map<string, { readonly seen: string | undefined; readonly result: KubeObject | undefined }>();

  /**
   * @param seen the resource version that the cache had when we wrote
   * @param result what is there now; undefined after a deletion
   */
  put(key: string, seen: string | undefined, result: KubeObject | undefined): void {
    this.#results.set(key, { seen, result });
  }

  /** The newer of the two: what the cache has, unless it is still at what it had when we wrote. */
  read<T extends KubeObject>(key: string, cached: T | undefined): T | undefined {
    const entry = this.#results.get(key);
    if (!entry) return cached;
    if (cached?.metadata.resourceVersion === entry.seen) return entry.result as T | undefined;
    this.#results.delete(key);
    return cached;
  }

  /** To be called for each event of the object: from there on the cache knows. */
  forget(key: string): void {
    this.#results.delete(key);
  }
}
