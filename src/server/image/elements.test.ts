import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NumericPrecision } from '../model/tensor.ts';
import { createElements, writeSamples } from './elements.ts';

function elements(precision: NumericPrecision, channels: number, samples: Uint8Array | Uint16Array): number[] {
  const target = createElements(precision, samples.length + 1);
  writeSamples(samples, channels, precision, target, 1);
  assert.equal(target[0], 0);
  return [...target.subarray(1)];
}

const orders: [channels: number, samples: number[], elements: number[]][] = [
  [1, [1, 2, 3], [1, 2, 3]],
  [2, [1, 2, 3, 4], [1, 2, 3, 4]],
  [3, [1, 2, 3, 4, 5, 6], [3, 2, 1, 6, 5, 4]],
  [4, [1, 2, 3, 4, 5, 6, 7, 8], [3, 2, 1, 4, 7, 6, 5, 8]],
];

for (const [channels, samples, expected] of orders) {
  test(`the order of ${channels} channels`, () => {
    for (const precision of ['FP32', 'FP64', 'FP16', 'I32', 'I16', 'I8', 'U16', 'U8'] as const) {
      assert.deepEqual(elements(precision, channels, Uint8Array.from(samples)), expected, precision);
    }
  });
}

const samples8 = [0, 127, 128, 255];
const samples16 = [0, 255, 256, 32_767, 32_768, 65_535];
const ranges: [precision: NumericPrecision, of8: number[], of16: number[]][] = [
  ['FP32', samples8, samples16],
  ['FP64', samples8, samples16],
  ['FP16', samples8, [0, 255, 256, 32_768, 32_768, Number.POSITIVE_INFINITY]],
  ['I32', samples8, samples16],
  ['I16', samples8, [0, 255, 256, 32_767, 32_767, 32_767]],
  ['I8', [0, 127, 127, 127], [0, 127, 127, 127, 127, 127]],
  ['U16', samples8, samples16],
  ['U8', samples8, [0, 255, 255, 255, 255, 255]],
];

for (const [precision, of8, of16] of ranges) {
  test(`samples as ${precision} keep their values, as far as it has them`, () => {
    assert.deepEqual(elements(precision, 1, Uint8Array.from(samples8)), of8);
    assert.deepEqual(elements(precision, 1, Uint16Array.from(samples16)), of16);
  });
}
