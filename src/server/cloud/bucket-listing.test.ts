import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mostObjects, readListing } from './bucket-listing.ts';
import type { StoredObject } from './object-store.ts';

function object(key: string, over: Partial<StoredObject> = {}): StoredObject {
  return { key, size: 1, tag: 'a', modifiedAt: 5, ...over };
}

async function* stream(objects: Iterable<StoredObject>): AsyncGenerator<StoredObject> {
  yield* objects;
}

const digestOf = async (...objects: StoredObject[]) => (await readListing(stream(objects), 'm/')).get('1')?.digest;

test('folders are what stands before the first slash; files in none, and markers of folders, do not count', async () => {
  const keys = ['m/', 'm/readme', 'm/1/', 'm/1/a', 'm/1/deep/', 'm/1/deep/b', 'm/2/', 'm//3/x', 'm/other/c'];
  const folders = await readListing(stream(keys.map((key) => object(key))), 'm/');
  const shown = [...folders].map(([name, { files }]) => `${name}: ${files.map(({ path }) => path).join()}`);
  assert.deepEqual(shown, ['1: a,deep/b', '2: ', 'other: c']);
});

test('the digest is another one for other names, sizes or tags, and no other for another order or time', async () => {
  const [a, b] = [object('m/1/a'), object('m/1/b')];
  const digest = await digestOf(a, b);
  assert.equal(await digestOf(b, a, object('m/2/c')), digest);
  assert.equal(await digestOf({ ...a, modifiedAt: 9 }, b), digest);
  for (const changed of [[a], [a, b, object('m/1/c')], [{ ...a, size: 2 }, b], [{ ...a, tag: 'b' }, b]]) {
    assert.notEqual(await digestOf(...changed), digest);
  }
});

test('a folder has changed when the last of its objects has', async () => {
  const objects = [object('m/1/a', { modifiedAt: 7 }), object('m/1/b', { modifiedAt: 3 })];
  assert.equal((await readListing(stream(objects), 'm/')).get('1')!.changedAt, 7);
});

const refused = ['m/1/../../etc/passwd', 'm/1/./a', 'm/1//a', 'm/1/a\u0000b', 'm/1/a\nb', 'm/1/..', 'm/1/file/below'];
for (const key of refused) {
  test(`the key ${JSON.stringify(key)} makes its folder unusable, and no other`, async () => {
    const folders = await readListing(stream([object('m/1/file'), object(key), object('m/2/a')]), 'm/');
    assert.match(folders.get('1')!.problem!, /^the key of an object is no path of a file: "/);
    assert.equal(folders.get('2')!.problem, undefined);
  });
}

test('a bucket of very many objects is refused before they are all in memory', async () => {
  let given = 0;
  function* endless() {
    for (;;) yield object(`m/1/${given++}`);
  }
  await assert.rejects(readListing(stream(endless()), 'm/'), /^Error: More than 20000 objects are below it/);
  assert.equal(given, mostObjects + 1);
});
