import { Readable } from 'node:stream';
import { type ObjectStore, type StoredObject, StoreError } from '../../src/server/cloud/object-store.ts';

/** An object store in memory, which passes the suite of the real ones. It can be down, and hold its answers back. */
export class FakeObjectStore implements ObjectStore {
  /** What every call fails with, if it is to. */
  down: StoreError | undefined;
  /** Waited for before the bytes of an object are given out. */
  beforeRead: (key: string) => Promise<void> = async () => {};
  /** Keys of objects that were read. */
  readonly reads: string[] = [];
  lists = 0;
  readonly #objects = new Map<string, StoredObject & { readonly bytes: Uint8Array }>();
  #writes = 0;

  put(key: string, bytes: Uint8Array | string, over: Partial<StoredObject> = {}): void {
    const content = Buffer.from(bytes);
    const tag = `tag-${++this.#writes}`;
    this.#objects.set(key, { key, size: content.length, tag, modifiedAt: Date.now(), bytes: content, ...over });
  }

  delete(key: string): void {
    this.#objects.delete(key);
  }

  async *list(prefix: string, { signal }: { readonly signal: AbortSignal }): AsyncGenerator<StoredObject> {
    this.lists++;
    await this.#ask(signal);
    for (const { bytes: _, ...object } of [...this.#objects.values()]) if (object.key.startsWith(prefix)) yield object;
  }

  async read({ key, tag }: StoredObject, { signal }: { readonly signal: AbortSignal }): Promise<Readable> {
    await this.#ask(signal);
    this.reads.push(key);
    await this.beforeRead(key);
    signal.throwIfAborted();
    const object = this.#objects.get(key);
    if (object?.tag !== tag) throw new StoreError('changed', `${key} is another one now`);
    return Readable.from(object.bytes.length > 0 ? [object.bytes] : []);
  }

  close(): void {}

  async #ask(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await Promise.resolve();
    if (this.down) throw this.down;
  }
}
