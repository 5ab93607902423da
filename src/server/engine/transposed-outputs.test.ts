import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytesPerElement, type NumericPrecision } from '../model/tensor.ts';
import { transposed } from './transposed-outputs.ts';

const precisions = Object.keys(bytesPerElement) as NumericPrecision[];

/** Bytes that tell elements, and the bytes of one, apart. */
function tensor(precision: NumericPrecision, shape: readonly number[]) {
  const count = shape.reduce((product, size) => product * size, 1);
  const data = new Uint8Array(count * bytesPerElement[precision]).map((_, i) => (i * 7919) % 251);
  return { precision, shape, data };
}

test('any tensor is transposed as by its definition', () => {
  const cases = fc
    .array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 5 })
    .chain((shape) =>
      fc.tuple(
        fc.constant(shape),
        fc.shuffledSubarray([...shape.keys()], { minLength: shape.length }),
        fc.constantFrom(...precisions),
      ),
    );
  fc.assert(
    fc.property(cases, ([shape, places, precision]) => {
      const source = tensor(precision, shape);
      const { shape: to, data } = transposed(source, places);
      assert.deepEqual(
        to,
        places.map((place) => shape[place]),
      );
      const size = bytesPerElement[precision];
      for (let i = 0; i < data.byteLength / size; i++) {
        const at = indexOf(i, to);
        const from = shape.map((_, dimension) => at[places.indexOf(dimension)]!);
        const j = from.reduce((sum, index, dimension) => sum * shape[dimension]! + index, 0);
        assert.deepEqual(data.subarray(i * size, (i + 1) * size), source.data.subarray(j * size, (j + 1) * size));
      }
    }),
  );
});

test('where only dimensions of size 1 move, nothing is copied', () => {
  const source = tensor('FP32', [1, 1, 4, 5]);
  const { shape, data } = transposed(source, [0, 2, 3, 1]);
  assert.deepEqual(shape, [1, 4, 5, 1]);
  assert.equal(data, source.data);
});

function indexOf(i: number, shape: readonly number[]): number[] {
  const index: number[] = [];
  let rest = i;
  for (const size of shape.toReversed()) {
    index.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return index;
}
