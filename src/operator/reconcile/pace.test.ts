import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pace, type Questions } from './pace.ts';

type Kind = Parameters<Pace['next']>[1];

const small: Questions = { pods: 1, models: 0 };

/** When the last of so many like it is looked at again. */
function nextOf(count: number, kind: Kind, questions: Questions, pace = new Pace()): number {
  let ms = 0;
  for (let i = 0; i < count; i++) ms = pace.next(`${i}`, kind, questions, count);
  return ms;
}

const cases: [count: number, kind: Kind, questions: Questions, ms: number][] = [
  [1, 'serving', small, 2_000],
  [100, 'serving', small, 2_000],
  [1_000, 'serving', small, 20_000],
  [1_000, 'stalled', small, 20_000],
  [1, 'held', small, 2_000],
  [1, 'moving', small, 500],
  [100, 'moving', small, 500],
  [1_000, 'moving', small, 5_000],
  [100, 'serving', { pods: 10, models: 0 }, 20_000],
  [100, 'serving', { pods: 5, models: 16 }, 20_000],
  [100, 'serving', { pods: 1, models: 64 }, 10_000],
  [1, 'serving', { pods: 1_000, models: 8 }, 30_000],
  [1_000, 'serving', { pods: 0, models: 64 }, 20_000],
];

for (const [count, kind, questions, ms] of cases) {
  const { pods, models } = questions;
  test(`one of ${count} with ${pods} pods of ${models} models that is ${kind}: the next look after ${ms} ms`, () =>
    assert.equal(nextOf(count, kind, questions), ms));
}

test('those that have not been looked at yet count as well', () => {
  assert.equal(new Pace().next('a', 'serving', small, 1_000), 20_000);
});

test('what a ModelServer was like before, or one that is gone, does not count', () => {
  const pace = new Pace();
  assert.equal(nextOf(10, 'serving', { pods: 100, models: 16 }, pace), 40_000);
  assert.equal(nextOf(10, 'serving', { pods: 50, models: 16 }, pace), 20_000);
  for (let i = 1; i < 10; i++) pace.forget(`${i}`);
  assert.equal(pace.next('0', 'serving', small, 1), 2_000);
});
