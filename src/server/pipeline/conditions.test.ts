import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Comparison } from '../model/pipeline.ts';
import { stringsOf } from '../model/strings.ts';
import type { NumericPrecision } from '../model/tensor.ts';
import { holds } from './conditions.ts';

/** The bytes of 3, and of what is a little more in none of them. */
const threes: Readonly<Record<NumericPrecision, string>> = {
  BOOL: '03',
  U8: '03',
  I8: '03',
  U16: '0300',
  I16: '0300',
  U32: '03000000',
  I32: '03000000',
  U64: '0300000000000000',
  I64: '0300000000000000',
  FP16: '0042',
  BF16: '4040',
  FP32: '00004040',
  FP64: '0000000000000840',
};

const cases: [comparison: Comparison, value: number, of3: boolean][] = [
  ['equals', 3, true],
  ['equals', 2, false],
  ['at_least', 3, true],
  ['at_least', 3.5, false],
  ['at_most', 3, true],
  ['at_most', 2.5, false],
];

for (const [precision, hex] of Object.entries(threes) as [NumericPrecision, string][]) {
  test(`3 as ${precision} is compared as what it is`, () => {
    // Not aligned to anything.
    const data = Buffer.concat([Buffer.from([255]), Buffer.from(hex, 'hex')]).subarray(1);
    for (const [comparison, value, of3] of cases) {
      assert.equal(
        holds({ comparison, value }, { precision, shape: [1, 1], data }, 'n'),
        of3,
        `${comparison} ${value}`,
      );
    }
  });
}

test('what is not one number has no answer', () => {
  const condition = { comparison: 'equals', value: 1 } as const;
  const refusal = (actual: string) => ({
    code: 'failed-precondition',
    message: `Condition of a node cannot be tested - Node: n; Expected: one number; Actual: ${actual}`,
  });
  const two = { precision: 'U8', shape: [2], data: new Uint8Array(2) } as const;
  assert.throws(() => holds(condition, two, 'n'), refusal('U8 (2)'));
  const text = { precision: 'STRING', shape: [1], strings: stringsOf([Buffer.from('1')]) } as const;
  assert.throws(() => holds(condition, text, 'n'), refusal('STRING (1)'));
});
