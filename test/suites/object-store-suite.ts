import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, suite, test } from 'node:test';
import { type ObjectStore, type StoredObject, StoreError } from '../../src/server/cloud/object-store.ts';

/** A bucket that is there, empty at first, and lists ten objects a page; and one that is not. */
export interface StoreUnderTest {
  readonly store: ObjectStore;
  readonly missing: ObjectStore;
  put(key: string, bytes: Uint8Array): Promise<void>;
  delete(key: string): Promise<void>;
  close(): Promise<void>;
}

const signal = new AbortController().signal;

interface SuiteOptions {
  /** Why nothing can be run. */
  readonly skip?: string | false;
  /** Why cases cannot be run, by their names. */
  readonly skips?: Readonly<Record<string, string>> | undefined;
}

/** What every object store does. */
export function objectStoreSuite(
  name: string,
  open: () => Promise<StoreUnderTest>,
  { skip = false, skips = {} }: SuiteOptions = {},
): void {
  const check = (what: string, body: () => Promise<void>) => test(what, { skip: skips[what] ?? false }, body);
  suite(`object store ${name}`, { skip }, () => {
    let subject: StoreUnderTest;
    before(async () => {
      subject = await open();
    });
    after(() => subject?.close());

    check('lists what is below a prefix, with sizes and times', async () => {
      const { store } = subject;
      assert.deepEqual(await keysOf(store, ''), []);
      for (const key of ['a/1/x', 'a/1/deep/y', 'ab/1/x', 'b']) await subject.put(key, bytesOf(10));
      await subject.put('a/1/empty', bytesOf(0));
      assert.deepEqual(await keysOf(store, 'a/'), ['a/1/deep/y', 'a/1/empty', 'a/1/x']);
      assert.deepEqual(await keysOf(store, ''), ['a/1/deep/y', 'a/1/empty', 'a/1/x', 'ab/1/x', 'b']);
      assert.deepEqual(await keysOf(store, 'none/'), []);
      const { size, modifiedAt } = await objectOf(store, 'a/1/x');
      assert.equal(size, 10);
      assert.ok(Math.abs(modifiedAt - Date.now()) < 60_000, `${modifiedAt}`);
      assert.equal((await objectOf(store, 'a/1/empty')).size, 0);
    });

    check('gives out just the bytes that were stored', async () => {
      const { store } = subject;
      const large = bytesOf(3_000_001);
      await subject.put('large', large);
      await subject.put('nothing', bytesOf(0));
      await subject.put('with spaces and ü+%25', bytesOf(7));
      for (const [key, bytes] of [
        ['large', large],
        ['nothing', bytesOf(0)],
        ['with spaces and ü+%25', bytesOf(7)],
      ] as const) {
        assert.equal(sum(await read(store, await objectOf(store, key))), sum(bytes), key);
      }
    });

    check('has another tag for an object that was written anew', async () => {
      const { store } = subject;
      await subject.put('changing', bytesOf(5));
      const old = await objectOf(store, 'changing');
      assert.equal((await objectOf(store, 'changing')).tag, old.tag);
      await subject.put('changing', bytesOf(6));
      const next = await objectOf(store, 'changing');
      assert.notEqual(next.tag, old.tag);
      assert.equal((await read(store, next)).length, 6);
      await subject.delete('changing');
      await rejects(read(store, next), 'changed');
      assert.deepEqual(await keysOf(store, 'changing'), []);
    });

    check('does not give out what is there now for what was listed', async () => {
      const { store } = subject;
      await subject.put('replaced', bytesOf(5));
      const old = await objectOf(store, 'replaced');
      await subject.put('replaced', bytesOf(6));
      await rejects(read(store, old), 'changed');
    });

    check('lists more than a page', async () => {
      const { store } = subject;
      const keys = Array.from({ length: 25 }, (_, i) => `many/${String(i).padStart(2, '0')}`);
      for (const key of keys) await subject.put(key, bytesOf(1));
      assert.deepEqual(await keysOf(store, 'many/'), keys);
    });

    check('says so if there is no such bucket', async () => {
      await rejects(keysOf(subject.missing, ''), 'not-found');
    });

    check('does nothing for a signal that is aborted', async () => {
      const { store } = subject;
      await subject.put('here', bytesOf(1));
      const object = await objectOf(store, 'here');
      const reason = new Error('too late');
      const aborted = { signal: AbortSignal.abort(reason) };
      await assert.rejects(store.list('', aborted)[Symbol.asyncIterator]().next(), (error) => error === reason);
      await assert.rejects(store.read(object, aborted), (error) => error === reason);
    });
  });
}

async function rejects(promise: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof StoreError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, /\w/);
    return true;
  });
}

async function listed(store: ObjectStore, prefix: string): Promise<StoredObject[]> {
  const objects: StoredObject[] = [];
  for await (const object of store.list(prefix, { signal })) objects.push(object);
  return objects;
}

async function keysOf(store: ObjectStore, prefix: string): Promise<string[]> {
  return (await listed(store, prefix)).map(({ key }) => key).sort();
}

async function objectOf(store: ObjectStore, key: string): Promise<StoredObject> {
  const object = (await listed(store, key)).find((each) => each.key === key);
  assert.ok(object, `${key} is not listed`);
  return object;
}

async function read(store: ObjectStore, object: StoredObject): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await store.read(object, { signal })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function bytesOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7919 + length) % 251);
}

function sum(bytes: Uint8Array): string {
  return `${bytes.length} ${createHash('sha256').update(bytes).digest('hex')}`;
}
