import assert from 'node:assert/strict';
import { test } from 'node:test';
import { suppressOverlaps } from './suppress-overlaps.ts';

const box = (x: number, score: number) => ({ box: { x, y: 0, width: 4, height: 2 }, score });
/** The second has a third in common with the first, the third none with it, and as much with the second. */
const row = [box(0, 0.5), box(2, 0.9), box(4, 0.5)];

const cases: [threshold: number, most: number, kept: number[]][] = [
  [0.3, 9, [2]],
  [0.34, 9, [2, 4, 0]],
  [0.34, 2, [2, 4]],
  [0, 9, [2]],
];

for (const [threshold, most, kept] of cases) {
  test(`with a threshold of ${threshold}, at most ${most}`, () => {
    assert.deepEqual(
      suppressOverlaps(row, threshold, most).map(({ box: { x } }) => x),
      kept,
    );
  });
}

test('of none, none', () => assert.deepEqual(suppressOverlaps([], 0.5, 9), []));
