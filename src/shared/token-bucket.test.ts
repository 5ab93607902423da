import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TokenBucket } from './token-bucket.ts';

test('a burst passes, then as many as come back, and no more than it holds are saved up', () => {
  const bucket = new TokenBucket({ burst: 2, perSecond: 1 });
  const take = (...times: number[]) => times.map((now) => bucket.tryTake(now));
  assert.deepEqual(take(0, 0, 0, 999), [true, true, false, false]);
  assert.deepEqual(take(1000, 1500, 2000), [true, false, true]);
  assert.deepEqual(take(1_000_000, 1_000_000, 1_000_000), [true, true, false]);
});

test('what is reserved beyond the burst is there later, one after the other', () => {
  const bucket = new TokenBucket({ burst: 2, perSecond: 10 });
  assert.deepEqual(
    [0, 0, 0, 0, 100].map((now) => Math.round(bucket.reserve(now))),
    [0, 0, 100, 200, 200],
  );
  assert.equal(bucket.tryTake(300), false);
  assert.equal(bucket.tryTake(401), true);
});

test('a clock that stands still or is behind gives nothing', () => {
  const bucket = new TokenBucket({ burst: 1, perSecond: 1000 });
  assert.deepEqual(
    [5, 5, 1].map((now) => bucket.tryTake(now)),
    [true, false, false],
  );
});
