import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bounds, Histogram } from './histogram.ts';

test('the bounds are those of OpenVINO Model Server', () => {
  assert.equal(bounds.length, 33);
  assert.deepEqual(bounds.slice(0, 11), [10, 18, 32, 58, 104, 188, 340, 612, 1101, 1983, 3570]);
  assert.equal(bounds.at(-1), 1_474_755_971);
});

/** Where a value falls, looked for the slow way. */
function bucketOf(us: number): number {
  const index = bounds.findIndex((bound) => us <= bound);
  return index < 0 ? bounds.length : index;
}

function observed(us: number): number {
  const histogram = new Histogram();
  histogram.observe(us);
  return histogram.cumulative().indexOf(1);
}

test('a value at a bound, or beside it, falls where it should', () => {
  for (const bound of [0, ...bounds, 2 ** 31, 2 ** 32, 2 ** 53]) {
    for (const us of [bound, bound + 0.001, bound + 1, Math.max(0, bound - 0.001), Math.max(0, bound - 1)]) {
      assert.equal(observed(us), bucketOf(us), `${us} µs`);
    }
  }
});

test('any value falls where it should', () => {
  const us = fc.oneof(fc.double({ min: 0, max: 1e12, noNaN: true }), fc.double({ min: 0, max: 1000, noNaN: true }));
  fc.assert(fc.property(us, (value) => observed(value) === bucketOf(value)));
});

test('counts add up from below, and the sum is that of the values', () => {
  const histogram = new Histogram();
  for (const us of [0, 10, 10.5, 18, 5e9]) histogram.observe(us);
  const counts = histogram.cumulative();
  assert.deepEqual([...counts.slice(0, 3), ...counts.slice(-2)], [2, 4, 4, 4, 5]);
  assert.equal(counts.length, bounds.length + 1);
  assert.equal(histogram.sum, 5e9 + 38.5);
});
