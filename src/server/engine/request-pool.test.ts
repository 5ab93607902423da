import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServingError } from '../model/error.ts';
import { RequestPool } from './request-pool.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** What has come of a promise so far. */
function watch<T>(promise: Promise<T>): { readonly outcome: unknown } {
  const watched: { outcome: unknown } = { outcome: 'waits' };
  promise.then(
    (value) => {
      watched.outcome = value;
    },
    (error) => {
      watched.outcome = error.code;
    },
  );
  return watched;
}

test('the one that was used last is given first', async () => {
  const pool = new RequestPool(['a', 'b', 'c'], 0);
  assert.deepEqual([await pool.take(undefined), pool.tryTake(), pool.tryTake()], ['c', 'b', 'a']);
  assert.equal(pool.tryTake(), undefined);
  pool.give('b');
  pool.give('c');
  assert.equal(await pool.take(undefined), 'c');
});

test('those who wait are served in the order they came', async () => {
  const pool = new RequestPool(['a', 'b'], 9);
  pool.tryTake();
  pool.tryTake();
  const line = [1, 2, 3].map(() => watch(pool.take(undefined)));
  assert.equal(pool.waiting, 3);
  pool.give('b');
  pool.give('a');
  await turn();
  assert.deepEqual(
    line.map(({ outcome }) => outcome),
    ['b', 'a', 'waits'],
  );
  assert.equal(pool.waiting, 1);
  assert.equal(pool.tryTake(), undefined);
});

test('more than may wait are refused, until one has left the line', async () => {
  const pool = new RequestPool(['a'], 1);
  pool.tryTake();
  const first = pool.take(undefined);
  await assert.rejects(
    pool.take(undefined),
    new ServingError('resource-exhausted', 'Too many requests wait for an infer request - Limit: 1; infer requests: 1'),
  );
  pool.give('a');
  assert.equal(await first, 'a');
  const next = pool.take(undefined);
  pool.give('a');
  assert.equal(await next, 'a');
});

test('with a line of none, only what is free can be had', async () => {
  const pool = new RequestPool(['a'], 0);
  assert.equal(await pool.take(undefined), 'a');
  await assert.rejects(pool.take(undefined), { code: 'resource-exhausted' });
});

test('whoever gives up leaves the line, also from its middle', async () => {
  const pool = new RequestPool(['a'], 3);
  pool.tryTake();
  const [early, late] = [watch(pool.take(undefined)), new AbortController()];
  const middle = pool.take(late.signal);
  const last = watch(pool.take(undefined));
  late.abort(new ServingError('deadline-exceeded', 'too late'));
  await assert.rejects(middle, new ServingError('deadline-exceeded', 'too late'));
  assert.equal(pool.waiting, 2);
  pool.give('a');
  pool.give('a');
  await turn();
  assert.deepEqual([early.outcome, last.outcome], ['a', 'a']);
});

test('a reason that is for no client is told as a cancelled request', async () => {
  const pool = new RequestPool(['a'], 1);
  pool.tryTake();
  const controller = new AbortController();
  const taken = pool.take(controller.signal);
  controller.abort(new Error('the socket at 10.0.0.7 is gone'));
  await assert.rejects(taken, new ServingError('cancelled', 'Request was cancelled'));
});

test('whoever has given up before gets nothing, even if one is free', async () => {
  const pool = new RequestPool(['a'], 1);
  await assert.rejects(pool.take(AbortSignal.abort()), { code: 'cancelled' });
  assert.equal(pool.tryTake(), 'a');
});

test('giving up after one was had changes nothing', async () => {
  const pool = new RequestPool(['a'], 1);
  pool.tryTake();
  const controller = new AbortController();
  const taken = pool.take(controller.signal);
  pool.give('a');
  controller.abort();
  assert.equal(await taken, 'a');
  const next = pool.take(undefined);
  pool.give('a');
  assert.equal(await next, 'a');
});

test('draining refuses those who wait and those who come, and ends when every item is back', async () => {
  const pool = new RequestPool(['a', 'b', 'c'], 9);
  pool.tryTake();
  pool.tryTake();
  pool.tryTake();
  const waits = watch(pool.take(undefined));
  const drained = watch(pool.drain());
  await turn();
  assert.equal(waits.outcome, 'version-retired');
  assert.equal(pool.waiting, 0);
  await assert.rejects(
    pool.take(undefined),
    new ServingError('version-retired', 'Model with requested version is retired'),
  );
  pool.give('c');
  pool.give('a');
  await turn();
  assert.equal(drained.outcome, 'waits');
  pool.give('b');
  await turn();
  assert.deepEqual(drained.outcome, ['a', 'b', 'c']);
});

test('while it drains, what comes back is not given out again', async () => {
  const pool = new RequestPool(['a', 'b'], 9);
  pool.tryTake();
  pool.tryTake();
  const drained = watch(pool.drain());
  pool.give('a');
  assert.equal(pool.tryTake(), undefined);
  pool.give('b');
  await turn();
  assert.deepEqual(drained.outcome, ['a', 'b']);
});

test('a pool that nobody uses drains at once, and has nothing to give then', async () => {
  const pool = new RequestPool(['a', 'b'], 9);
  assert.deepEqual(await pool.drain(), ['a', 'b']);
  assert.equal(pool.tryTake(), undefined);
  await assert.rejects(pool.take(undefined), { code: 'version-retired' });
});
