import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { captureLog } from '../../../test/support/captured-log.ts';
import { eventually, temporaryFolder } from '../../../test/support/server.ts';
import { type CopyOrder, LocalCopies } from './local-copies.ts';

const never = new AbortController().signal;

function bench(t: TestContext) {
  const home = join(temporaryFolder(t), 'cache/home');
  const { log } = captureLog();
  const copies = new LocalCopies(log);
  const brought: string[] = [];
  /** Of a version that holds one file, whose text is `content`. */
  const order = (version: number, content: string, over: Partial<CopyOrder> = {}): CopyOrder => ({
    home,
    directory: join(home, `${version}`, content),
    files: [{ path: 'deep/file', size: content.length }],
    async bring(folder) {
      brought.push(content);
      mkdirSync(join(folder, 'deep'));
      writeFileSync(join(folder, 'deep/file'), content);
    },
    ...over,
  });
  const left = () => (existsSync(home) ? readdirSync(home, { recursive: true, encoding: 'utf8' }).sort() : []);
  const empties = () =>
    eventually(
      async () => left(),
      (names) => names.length === 0,
    );
  return { home, log, copies, brought, order, left, empties };
}

test('a copy is there as long as somebody holds it, and is made once for all', async (t) => {
  const { copies, brought, order, left, empties } = bench(t);
  const one = order(1, 'abc');
  const [first, second] = await Promise.all([copies.hold(one, never), copies.hold(one, never)]);
  assert.deepEqual(brought, ['abc']);
  assert.equal(readFileSync(join(one.directory, 'deep/file'), 'utf8'), 'abc');
  first!.release();
  first!.release();
  assert.equal(await copies.isWhole(one), true);
  second!.release();
  assert.equal(await copies.isWhole(one), false);
  await empties();
  (await copies.hold(one, never)).release();
  assert.deepEqual(brought, ['abc', 'abc']);
  await empties();
  assert.deepEqual(left(), []);
});

test('what fails leaves nothing behind, and may be tried again', async (t) => {
  const { copies, order, left } = bench(t);
  let attempts = 0;
  const whole = order(1, 'abc');
  const flawed = order(1, 'abc', {
    async bring(folder, signal) {
      await whole.bring(folder, signal);
      if (attempts++ === 0) throw new Error('the line is cut');
    },
  });
  await assert.rejects(copies.hold(flawed, never), /the line is cut/);
  assert.deepEqual(left(), []);
  await copies.hold(flawed, never);
  assert.equal(await copies.isWhole(flawed), true);
});

test('who gives up does not wait, and the last to do so ends the work', async (t) => {
  const { copies, order, empties } = bench(t);
  let ended: AbortSignal | undefined;
  const endless = order(1, 'abc', {
    bring: (_, signal) => {
      ended = signal;
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    },
  });
  const [one, other] = [new AbortController(), new AbortController()];
  const held = [copies.hold(endless, one.signal), copies.hold(endless, other.signal)];
  await eventually(
    async () => ended,
    (signal) => signal !== undefined,
  );
  one.abort(new Error('one'));
  await assert.rejects(held[0]!, /one/);
  assert.equal(ended!.aborted, false);
  other.abort(new Error('other'));
  await assert.rejects(held[1]!, /other/);
  assert.equal(ended!.aborted, true);
  await empties();
});

test('the next process finds what is whole, and only that', async (t) => {
  const { copies, brought, order, home, log } = bench(t);
  const orders = [order(1, 'whole'), order(2, 'shortened'), order(3, 'gone')];
  for (const each of orders) await copies.hold(each, never);
  await copies.close();
  mkdirSync(join(home, '.partial-x/deep'), { recursive: true });
  writeFileSync(join(orders[1]!.directory, 'deep/file'), 'sh');
  rmSync(join(orders[2]!.directory, 'deep/file'));
  brought.length = 0;
  const next = new LocalCopies(log);
  for (const each of orders) await next.hold(each, never);
  assert.deepEqual(brought, ['shortened', 'gone']);
  await next.close();
  assert.deepEqual(readdirSync(home).sort(), ['1', '2', '3']);
});

test('a copy that somebody has taken away is made again for whoever asks, also while others hold it', async (t) => {
  const { copies, brought, order, home } = bench(t);
  const one = order(1, 'abc');
  const first = await copies.hold(one, never);
  rmSync(home, { recursive: true });
  const second = await copies.hold(one, never);
  assert.deepEqual(brought, ['abc', 'abc']);
  first.release();
  assert.equal(await copies.isWhole(one), true);
  second.release();
  assert.equal(await copies.isWhole(one), false);
});

test('a sweep removes what is neither held nor listed', async (t) => {
  const { copies, order, home } = bench(t);
  const held = order(1, 'held');
  await copies.hold(held, never);
  for (const path of ['2/listed', '2/old', '3/old']) mkdirSync(join(home, path, 'deep'), { recursive: true });
  copies.sweep(home, new Set([join(home, '2/listed')]));
  await eventually(
    async () =>
      readdirSync(home).flatMap((version) => readdirSync(join(home, version)).map((name) => `${version}/${name}`)),
    (all) => all.sort().join() === '1/held,2/listed',
  );
});

test('at the end what is held stays, and what is under way ends', async (t) => {
  const { copies, order, home } = bench(t);
  const held = await copies.hold(order(1, 'held'), never);
  const endless = order(2, 'endless', {
    bring: (_, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  });
  const rejected = assert.rejects(copies.hold(endless, never), /The server ends/);
  await eventually(
    async () => readdirSync(home),
    (names) => names.some((name) => name.startsWith('.partial-')),
  );
  await copies.close();
  await rejected;
  held.release();
  assert.deepEqual(readdirSync(home), ['1']);
});

test('more than the disk has room for is refused before it is begun', async (t) => {
  const { copies, brought, order } = bench(t);
  const huge = order(1, 'huge', { files: [{ path: 'a', size: 1e18 }] });
  await assert.rejects(
    copies.hold(huge, never),
    /^Error: Not enough space in .* - Expected: 1000000000000000000 bytes; Actual: \d+ bytes$/,
  );
  assert.deepEqual(brought, []);
});
