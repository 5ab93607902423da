import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expand, fits, isLayout } from './layout.ts';

const expanded: [layout: string, rank: number, letters: string | undefined][] = [
  ['NHWC', 4, 'NHWC'],
  ['NHWC', 3, undefined],
  ['NHWC', 5, undefined],
  ['N...', 1, 'N'],
  ['N...', 4, 'N???'],
  ['...', 0, ''],
  ['...', 2, '??'],
  ['N...HW', 3, 'NHW'],
  ['N...HW', 5, 'N??HW'],
  ['N...HW', 2, undefined],
  ['...NC', 3, '?NC'],
  ['N?HW', 4, 'N?HW'],
];

for (const [layout, rank, letters] of expanded) {
  test(`${layout} of rank ${rank}`, () => assert.equal(expand(layout, rank), letters));
}

const fitting: [layout: string, pattern: string, fits: boolean][] = [
  ['NHWC', 'NHWC', true],
  ['N???', 'NHWC', true],
  ['????', 'NHWC', true],
  ['N?HWC', 'N?HWC', true],
  ['NDHWC', 'N?HWC', true],
  ['NCHW', 'NHWC', false],
  ['NHW', 'NHWC', false],
];

for (const [layout, pattern, doesFit] of fitting) {
  test(`${layout} ${doesFit ? 'fits' : 'does not fit'} ${pattern}`, () => assert.equal(fits(layout, pattern), doesFit));
}

for (const text of ['NHWC', 'NCDHW', 'N...', '...', '?', 'N??C', 'N...C']) {
  test(`${text} is a layout`, () => assert.ok(isLayout(text)));
}
for (const text of ['', 'NN', 'NXY', 'nhwc', 'N..C', 'N....', '...N...', 'N:C', 'N HW']) {
  test(`"${text}" is no layout`, () => assert.ok(!isLayout(text)));
}
