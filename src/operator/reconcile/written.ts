import type { KubeObject } from '../cluster/kube-object.ts';

/**
 * What the API server answered to our own writes, until the watch tells of them: a reconcile that comes between the two
 * would else take its own work for undone.
 */
export class Written {
  readonly #results = new Map<string, { readonly seen: string | undefined; readonly result: KubeObject | undefined }>();
  /** Keys that are being written to, and whether something was heard of them meanwhile. */
  readonly #underWay = new Map<string, boolean>();

  /**
   * Writes, and remembers what came of it.
   * @param seen the resource version that the cache has now
   * @param write resolves with what is there then; with undefined after a deletion
   */
  async record<T extends KubeObject | undefined>(
    key: string,
    seen: string | undefined,
    write: () => Promise<T>,
  ): Promise<T> {
    this.#underWay.set(key, false);
    try {
      const result = await write();
      // A new object that was heard of before the answer came may be gone again: the cache knows better.
      if (seen !== undefined || !this.#underWay.get(key)) this.#results.set(key, { seen, result });
      return result;
    } finally {
      this.#underWay.delete(key);
    }
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
    if (this.#underWay.has(key)) this.#underWay.set(key, true);
  }
}
