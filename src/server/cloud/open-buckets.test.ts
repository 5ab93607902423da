import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { captureLog } from '../../../test/support/captured-log.ts';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { FakeObjectStore } from '../../../test/support/fake-object-store.ts';
import { temporaryFolder } from '../../../test/support/server.ts';
import { FilesChanged } from '../model/wanted.ts';
import { Unreadable } from '../source/version-folders.ts';
import { StoreError } from './object-store.ts';
import { openBuckets } from './open-buckets.ts';

const never = new AbortController().signal;

function bench(t: TestContext) {
  const cacheDir = temporaryFolder(t);
  const { log } = captureLog();
  const clock = new FakeClock();
  const store = new FakeObjectStore();
  const paths: string[] = [];
  const buckets = openBuckets({
    cacheDir,
    clock,
    log,
    openStore: async ({ cloud, bucket }) => {
      paths.push(`${cloud} ${bucket}`);
      return store;
    },
  });
  const folders = buckets.open('s3://b/m');
  /** As the watch does it: list, look, open. */
  const look = async (name: string) => {
    await folders.list(false);
    const found = await folders.lookAt(name);
    assert.ok(typeof found === 'object', String(found));
    return folders.open(name, found.digest);
  };
  return { buckets, cacheDir, clock, folders, look, paths, store };
}

test('versions are listed without a copy, and copied when they are fetched', async (t) => {
  const { cacheDir, folders, look, paths, store } = bench(t);
  store.put('m/1/a', 'one');
  store.put('m/2/a', 'two');
  assert.deepEqual([...(await folders.list(false))].sort(), ['1', '2']);
  assert.deepEqual(store.reads, []);
  const two = await look('2');
  assert.equal(await two.unchanged(), false);
  const held = await two.fetch!(never);
  assert.equal(await two.unchanged(), true);
  assert.equal(readFileSync(join(two.directory, 'a'), 'utf8'), 'two');
  assert.ok(two.directory.startsWith(cacheDir));
  assert.deepEqual([store.reads, paths], [['m/2/a'], ['s3 b']]);
  held.release();
  assert.equal(await two.unchanged(), false);
});

test('what is written anew is another version of the files, elsewhere', async (t) => {
  const { folders, look, store } = bench(t);
  store.put('m/1/a', 'old');
  const old = await look('1');
  await old.fetch!(never);
  store.put('m/1/a', 'new');
  // Until its files have settled the watch goes on with what it had.
  const digest = old.directory.split('/').at(-1)!;
  for (let looks = 0; looks < 3; looks++) {
    await folders.list(false);
    assert.equal(folders.open('1', digest).directory, old.directory);
  }
  const next = await look('1');
  assert.notEqual(next.directory, old.directory);
  await next.fetch!(never);
  assert.deepEqual(
    [old, next].map(({ directory }) => readFileSync(join(directory, 'a'), 'utf8')),
    ['old', 'new'],
  );
});

test('what changes while it is fetched is told as such, and leaves nothing', async (t) => {
  const { cacheDir, look, store } = bench(t);
  store.put('m/1/a', 'old');
  const version = await look('1');
  store.put('m/1/a', 'new');
  await assert.rejects(version.fetch!(never), (error) => error instanceof FilesChanged);
  assert.deepEqual(readdirSync(join(cacheDir, readdirSync(cacheDir)[0]!)), []);
});

test('a store that fails is asked ever more seldom, and says why', async (t) => {
  const { clock, folders, store } = bench(t);
  store.down = new StoreError('denied', 'AccessDenied');
  const asked: number[] = [];
  for (let second = 0; second < 180; second++) {
    const before = store.lists;
    await assert.rejects(folders.list(false), (error) => {
      assert.ok(error instanceof Unreadable);
      assert.equal(error.message, 's3://b/m: AccessDenied');
      assert.ok(error.retryMs >= 0 && error.retryMs <= 60_000);
      return true;
    });
    if (store.lists > before) asked.push(second);
    await clock.advance(1000);
  }
  const waits = asked.slice(1).map((second, i) => second - asked[i]!);
  assert.ok(waits.length >= 4 && waits.length <= 8, waits.join());
  assert.ok(waits[0]! >= 4 && waits[0]! <= 5 && Math.max(...waits) <= 60 && waits.at(-1)! > 20, waits.join());
  await assert.rejects(folders.list(true), Unreadable);
  store.down = undefined;
  await assert.rejects(folders.list(false), Unreadable);
  assert.deepEqual(await folders.list(true), [], 'whoever asks does not wait');
  await clock.advance(60_000);
  assert.deepEqual(await folders.list(false), []);
});

test('a fetch that fails names the version and the cause', async (t) => {
  const { look, store } = bench(t);
  store.put('m/1/a', 'one');
  const version = await look('1');
  store.down = new StoreError('unavailable', 'connect ECONNREFUSED');
  const message = 'The files of s3://b/m/1 cannot be fetched - connect ECONNREFUSED';
  await assert.rejects(version.fetch!(never), { message });
});

test('a marker is another one when it has been written', async (t) => {
  const { folders, store } = bench(t);
  store.put('m/1/READY', '');
  await folders.list(false);
  const first = await folders.stampOf('1', 'READY');
  assert.ok(first);
  assert.equal(await folders.stampOf('1', 'none'), undefined);
  store.put('m/1/READY', '');
  await folders.list(false);
  assert.notEqual(await folders.stampOf('1', 'READY'), first);
});
