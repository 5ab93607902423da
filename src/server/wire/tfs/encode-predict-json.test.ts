import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NamedTensor } from '../../model/inference.ts';
import { stringsOf } from '../../model/strings.ts';
import type { NumericPrecision, Tensor } from '../../model/tensor.ts';
import type { PredictFormat } from './decode-predict-json.ts';
import { encodePredictJson } from './encode-predict-json.ts';

type Values =
  | Float32Array
  | Float64Array
  | Float16Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

function numeric(precision: NumericPrecision, shape: readonly number[], values: Values): Tensor {
  // Not aligned, as what lies in messages and in the runtime's memory may be.
  const data = new Uint8Array(values.byteLength + 1).subarray(1);
  data.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return { precision, shape, data };
}

const floats = (shape: readonly number[], ...values: readonly number[]) =>
  numeric('FP32', shape, Float32Array.of(...values));
const texts = (...values: readonly (string | Uint8Array)[]): Tensor => ({
  precision: 'STRING',
  shape: [values.length],
  strings: stringsOf(values.map((value) => Buffer.from(value))),
});

function encode(format: PredictFormat, outputs: Readonly<Record<string, Tensor>>): string {
  const named: NamedTensor[] = Object.entries(outputs).map(([name, tensor]) => ({ name, tensor }));
  return Buffer.concat([...encodePredictJson(named, format, () => {})]).toString();
}

/** Without the spaces and line ends outside of strings. */
const compact = (text: string) => text.replace(/("(?:[^"\\]|\\.)*")|\s+/g, '$1');

const answers: readonly [format: PredictFormat, outputs: Readonly<Record<string, Tensor>>, json: string][] = [
  ['row', { a: floats([2, 2], 1, 2.5, -3, 0.1) }, '{"predictions":[[1.0,2.5],[-3.0,0.1]]}'],
  ['row', { a: floats([2], 1, 2) }, '{"predictions":[1.0,2.0]}'],
  ['row', { a: floats([0, 3]) }, '{"predictions":[]}'],
  ['row', { a: floats([2, 0]) }, '{"predictions":[[],[]]}'],
  [
    'row',
    { a: floats([2], 1, 2), b: floats([2, 1], 3, 4) },
    '{"predictions":[{"a":1.0,"b":[3.0]},{"a":2.0,"b":[4.0]}]}',
  ],
  ['column', { a: floats([1, 2], 1, 2) }, '{"outputs":[[1.0,2.0]]}'],
  ['column', { a: floats([], 1) }, '{"outputs":1.0}'],
  ['column', { a: floats([1], 1), b: floats([], 2) }, '{"outputs":{"a":[1.0],"b":2.0}}'],
  ['column', { '"ä': floats([1], 1), b: floats([], 2) }, '{"outputs":{"\\"ä":[1.0],"b":2.0}}'],
  [
    'column',
    { a: floats([3], Number.NaN, Number.POSITIVE_INFINITY, -Infinity) },
    '{"outputs":[NaN,Infinity,-Infinity]}',
  ],
  ['column', { a: numeric('FP64', [1], Float64Array.of(0.1)) }, '{"outputs":[0.1]}'],
  ['column', { a: numeric('FP16', [2], Float16Array.of(0.1, 65_504)) }, '{"outputs":[0.1,65504.0]}'],
  ['column', { a: numeric('BF16', [1], Uint16Array.of(0x3f80)) }, '{"outputs":[1.0]}'],
  ['column', { a: numeric('BOOL', [2], Uint8Array.of(1, 0)) }, '{"outputs":[true,false]}'],
  [
    'column',
    { a: numeric('I64', [3], BigInt64Array.of(-(2n ** 63n), 2n ** 53n + 1n, -5n)) },
    '{"outputs":[-9223372036854775808,9007199254740993,-5]}',
  ],
  [
    'column',
    { a: numeric('U64', [2], BigUint64Array.of(2n ** 64n - 1n, 2n ** 40n)) },
    '{"outputs":[18446744073709551615,1099511627776]}',
  ],
  [
    'column',
    { a: numeric('I32', [3], Int32Array.of(-(2 ** 31), 2 ** 31 - 1, 0)) },
    '{"outputs":[-2147483648,2147483647,0]}',
  ],
  ['column', { a: numeric('U32', [1], Uint32Array.of(2 ** 32 - 1)) }, '{"outputs":[4294967295]}'],
  ['column', { a: numeric('I16', [1], Int16Array.of(-32_768)) }, '{"outputs":[-32768]}'],
  ['column', { a: numeric('U16', [1], Uint16Array.of(65_535)) }, '{"outputs":[65535]}'],
  ['column', { a: numeric('I8', [1], Int8Array.of(-128)) }, '{"outputs":[-128]}'],
  ['column', { a: numeric('U8', [2], Uint8Array.of(255, 10)) }, '{"outputs":[255,10]}'],
  ['column', { a: texts('ä\n"\\\u0001', '') }, '{"outputs":["ä\\n\\"\\\\\\u0001",""]}'],
  ['column', { a: texts(Uint8Array.of(0xff, 0)) }, '{"outputs":[{"b64":"/wA="}]}'],
  ['column', { a_bytes: texts('a') }, '{"outputs":[{"b64":"YQ=="}]}'],
  ['column', {}, '{"outputs":{}}'],
];

for (const [format, outputs, json] of answers) {
  test(`${json} is an answer in ${format} format`, () => assert.equal(compact(encode(format, outputs)), json));
}

test('an answer is laid out for people', () => {
  assert.equal(encode('row', { a: floats([2, 1], 1, 2) }), '{\n    "predictions": [[1.0], [2.0]]\n}\n');
});

test('outputs without common rows are refused row by row', () => {
  for (const outputs of [{ a: floats([], 1) }, { a: floats([1], 1), b: floats([2], 1, 2) }, {}]) {
    assert.throws(() => encode('row', outputs), {
      code: 'invalid-argument',
      message: /^The outputs cannot be given row by row/,
    });
  }
});

test('a large answer comes in chunks, of what the tensors held when it was made', () => {
  const values = Float32Array.from({ length: 100_000 }, (_, i) => i / 7);
  const tensor = numeric('FP32', [100, 1000], values);
  let taken = 0;
  const chunks = encodePredictJson([{ name: 'a', tensor }], 'row', (bytes) => {
    taken += bytes;
  });
  assert.equal(taken, 400_000);
  if (tensor.precision !== 'STRING') tensor.data.fill(0);
  const all = [...chunks];
  assert.ok(all.length > 10);
  assert.ok(all.every(({ byteLength }) => byteLength < 70_000));
  const { predictions } = JSON.parse(Buffer.concat(all).toString());
  assert.deepEqual(Float32Array.from(predictions.flat()), values);
});
