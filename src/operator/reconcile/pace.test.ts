import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextLook } from './pace.ts';

const cases: [kind: Parameters<typeof nextLook>[0], population: number, ms: number][] = [
  ['serving', 1, 2_000],
  ['serving', 100, 2_000],
  ['serving', 1_000, 20_000],
  ['stalled', 1_000, 20_000],
  ['held', 1, 2_000],
  ['moving', 1, 500],
  ['moving', 100, 500],
  ['moving', 1_000, 5_000],
];

for (const [kind, population, ms] of cases) {
  test(`one of ${population} that is ${kind} is looked at every ${ms} ms`, () =>
    assert.equal(nextLook(kind, population), ms));
}
