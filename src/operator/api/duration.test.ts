import assert from 'node:assert/strict';
import { test } from 'node:test';
import { milliseconds, wholeSeconds } from './duration.ts';

const durations: [text: string, ms: number, seconds: number][] = [
  ['500ms', 500, 1],
  ['1s', 1000, 1],
  ['1.001s', 1001, 2],
  ['2s500ms', 2500, 3],
  ['10m', 600_000, 600],
  ['1h30m', 5_400_000, 5400],
  ['1.5h', 5_400_000, 5400],
  ['1h0m0s1ms', 3_600_001, 3601],
  ['0s', 0, 0],
];

for (const [text, ms, seconds] of durations) {
  test(`${text} is ${ms} ms`, () => {
    assert.equal(milliseconds(text), ms);
    assert.equal(wholeSeconds(text), seconds);
  });
}

for (const text of ['', '10', 's', '1d', '-1s', '1h 30m', ' 1s', '1s,', '1 s', 'ten seconds', '1us']) {
  test(`"${text}" is no duration`, () => assert.throws(() => milliseconds(text), /no duration: ".*"; write it like/));
}
