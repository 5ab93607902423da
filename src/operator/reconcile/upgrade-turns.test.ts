import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UpgradeTurns } from './upgrade-turns.ts';

/** How many of so many ModelServers get a turn. */
function taken(turns: UpgradeTurns, population: number, isServing = true): number {
  return Array.from({ length: population }, (_, i) => turns.take(`${i}`, isServing, population)).filter(Boolean).length;
}

const cases: [population: number, atOnce: number][] = [
  [1, 1],
  [5, 5],
  [40, 5],
  [100, 10],
  [1_000, 100],
];

for (const [population, atOnce] of cases) {
  test(`of ${population}, ${atOnce} at a time`, () => assert.equal(taken(new UpgradeTurns(), population), atOnce));
}

test('a turn that is under way is not taken anew, and one that has ended makes room', () => {
  const turns = new UpgradeTurns();
  assert.equal(taken(turns, 20), 5);
  assert.equal(taken(turns, 20), 5, 'the same ones');
  turns.end('0');
  turns.end('19');
  assert.equal(turns.take('7', true, 20), true);
  assert.equal(turns.take('8', true, 20), false);
});

test('what does not serve takes no turn', () => {
  const turns = new UpgradeTurns();
  assert.equal(taken(turns, 20, false), 20);
  assert.equal(taken(turns, 20), 5);
});
