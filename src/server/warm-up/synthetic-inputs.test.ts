import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toList } from '../../../test/support/to-list.ts';
import type { Dimension, TensorInfo } from '../model/signature.ts';
import { bytesPerElement, type NumericPrecision } from '../model/tensor.ts';
import { syntheticInputs } from './synthetic-inputs.ts';

const dimension = (min: number, max = min): Dimension => ({ min, max });
const any = dimension(0, Number.POSITIVE_INFINITY);
const info = (precision: TensorInfo['precision'], shape: TensorInfo['shape']): TensorInfo => ({
  name: 'b',
  precision,
  shape,
  layout: 'N...',
});
const inputs = (...infos: TensorInfo[]) => syntheticInputs({ inputs: infos, outputs: [] });

const shapes: [shape: Dimension[], sizes: number[]][] = [
  [[], []],
  [
    [dimension(2), dimension(3)],
    [2, 3],
  ],
  [
    [any, dimension(4, 9), dimension(0, 5)],
    [1, 4, 1],
  ],
  [
    [dimension(0), dimension(3)],
    [0, 3],
  ],
];

for (const [shape, sizes] of shapes) {
  test(`zeros of ${JSON.stringify(sizes)}`, () => {
    const count = sizes.reduce((product, size) => product * size, 1);
    for (const precision of Object.keys(bytesPerElement) as NumericPrecision[]) {
      const data = new Uint8Array(count * bytesPerElement[precision]);
      assert.deepEqual(inputs(info(precision, shape)), [{ precision, shape: sizes, data }]);
    }
    const [strings] = inputs(info('STRING', shape));
    assert.ok(strings?.precision === 'STRING');
    assert.deepEqual(strings.shape, sizes);
    assert.deepEqual(toList(strings.strings), new Array(count).fill(Buffer.alloc(0)));
  });
}

test('each input has its own', () => {
  const all = inputs(info('FP32', [dimension(1)]), info('I64', [any]));
  assert.deepEqual(
    all.map(({ precision }) => precision),
    ['FP32', 'I64'],
  );
});

test('refused: what is not known, or too much', () => {
  assert.throws(() => inputs(info('FP32', undefined)), new Error('input b has no fixed rank'));
  const large = new Error('input b takes more than 1073741824 bytes');
  assert.throws(() => inputs(info('FP32', [dimension(2 ** 30)])), large);
  assert.throws(() => inputs(info('STRING', [dimension(2 ** 30)])), large);
  assert.throws(() => inputs(info('U8', [dimension(2 ** 40), dimension(2 ** 40)])), large);
});
