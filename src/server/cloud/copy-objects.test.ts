import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { FakeClock, settle } from '../../../test/support/fake-clock.ts';
import { FakeObjectStore } from '../../../test/support/fake-object-store.ts';
import { temporaryFolder } from '../../../test/support/server.ts';
import { Turns } from '../../shared/turns.ts';
import { readListing } from './bucket-listing.ts';
import { copyObjects } from './copy-objects.ts';
import { StoreError } from './object-store.ts';

const never = new AbortController().signal;

async function bench(t: TestContext, objects: Readonly<Record<string, string>>) {
  const store = new FakeObjectStore();
  for (const [path, text] of Object.entries(objects)) store.put(`1/${path}`, text);
  const source = (await readListing(store.list('', { signal: never }), '')).get('1')!;
  const target = temporaryFolder(t);
  const clock = new FakeClock();
  const copy = (over: { signal?: AbortSignal; turns?: Turns } = {}) =>
    copyObjects(source, target, { store, turns: new Turns(8), clock, signal: never, ...over });
  return { store, target, clock, copy };
}

test('all objects become files, the empty one too', async (t) => {
  const { target, copy } = await bench(t, { 'a.xml': 'graph', 'deep/er/b': 'weights', empty: '' });
  await copy();
  const read = (path: string) => readFileSync(join(target, path), 'utf8');
  assert.deepEqual([read('a.xml'), read('deep/er/b'), read('empty')], ['graph', 'weights', '']);
});

test('no more are read at a time than there are turns', async (t) => {
  const { store, copy } = await bench(t, Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`${i}`, 'x'])));
  let now = 0;
  let most = 0;
  store.beforeRead = async () => {
    most = Math.max(most, ++now);
    await settle();
    now--;
  };
  await copy({ turns: new Turns(2) });
  assert.equal(store.reads.length, 9);
  assert.ok(most <= 2, `${most} at a time`);
});

test('what was written after it was listed is not taken', async (t) => {
  const { store, copy } = await bench(t, { a: 'old', b: 'b' });
  store.put('1/a', 'new');
  await assert.rejects(copy(), (error) => error instanceof StoreError && error.code === 'changed');
});

for (const [what, bytes] of [
  ['less', 'ab'],
  ['more', 'abcd'],
] as const) {
  test(`a store that brings ${what} than it announced is not believed`, async (t) => {
    const { store, copy } = await bench(t, { a: 'abc' });
    store.read = async () => Readable.from([Buffer.from(bytes)]);
    await assert.rejects(copy(), { message: `1/a - Expected: 3 bytes; Actual: ${bytes.length}` });
  });
}

test('a store that falls silent is given up, and one that is slow is not', async (t) => {
  const { store, clock, copy } = await bench(t, { a: 'abc' });
  const stream = new Readable({ read() {} });
  store.read = async () => stream;
  const copied = assert.rejects(copy(), /Nothing has come of 1\/a for 60 s/);
  for (const part of ['a', 'b']) {
    stream.push(part);
    while (stream.readableLength > 0) await settle();
    await clock.advance(59_000);
  }
  assert.equal(stream.destroyed, false);
  await clock.advance(2000);
  await copied;
  assert.equal(stream.destroyed, true);
});

test('whoever gives up gets the reason, and nothing is written after that', async (t) => {
  const { store, target, copy } = await bench(t, { a: 'a', b: 'b' });
  const aborted = new AbortController();
  const reason = new Error('enough');
  store.beforeRead = async () => aborted.abort(reason);
  await assert.rejects(copy({ signal: aborted.signal }), (error) => error === reason);
  assert.deepEqual(
    readdirSync(target)
      .map((name) => readFileSync(join(target, name), 'utf8'))
      .join(''),
    '',
  );
});
