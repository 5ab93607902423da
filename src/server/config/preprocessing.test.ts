import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readPreprocessing } from './preprocessing.ts';
import { Problems } from './problems.ts';

type Fields = Parameters<typeof readPreprocessing>[0];
const none: Fields = { mean: undefined, scale: undefined, color_format: undefined, precision: undefined };

function read(fields: Partial<Fields>) {
  const problems = new Problems();
  const read = readPreprocessing({ ...none, ...fields }, (field) => `m.${field}`, problems);
  return { read, problems: problems.all };
}

suite('preprocessing', () => {
  const good: [fields: Partial<Fields>, read: unknown][] = [
    [{}, undefined],
    [{ mean: '127.5' }, { mean: 127.5 }],
    [{ mean: 127.5 }, { mean: 127.5 }],
    [{ mean: '[1.0,2.0,3.0]' }, { mean: [1, 2, 3] }],
    [{ mean: [1, 2, 3] }, { mean: [1, 2, 3] }],
    [{ mean: '[ 123.675, 116.28, -1e2 ]' }, { mean: [123.675, 116.28, -100] }],
    [
      { mean: 0, scale: '[58.395,57.12,57.375]' },
      { mean: 0, scale: [58.395, 57.12, 57.375] },
    ],
    [{ color_format: 'BGR:RGB' }, { colors: { seen: 'BGR', own: 'RGB' } }],
    [{ color_format: 'nv12 : bgr' }, { colors: { seen: 'NV12', own: 'BGR' } }],
    [{ precision: 'uint8:fp32' }, { precision: { seen: 'U8', own: 'FP32' } }],
    [{ precision: 'INT64:INT32' }, { precision: { seen: 'I64', own: 'I32' } }],
  ];
  for (const [fields, expected] of good) {
    test(JSON.stringify(fields), () => assert.deepEqual(read(fields), { read: expected, problems: [] }));
  }

  const numbers = 'expected a number, or one for each channel such as "[123.675,116.28,103.53]"';
  const formats = 'expected TARGET:SOURCE such as "BGR:RGB", each one of RGB, BGR, GRAY, NV12, I420';
  const types =
    'expected TARGET:SOURCE such as "uint8:fp32", each one of FP64, FP32, FP16, BF16, INT64, INT32, INT16, INT8, UINT64, UINT32, UINT16, UINT8';
  const bad: [fields: Partial<Fields>, problem: string][] = [
    [{ mean: 'grey' }, `m.mean: ${numbers}, got "grey"`],
    [{ mean: '' }, `m.mean: ${numbers}, got ""`],
    [{ mean: '[]' }, `m.mean: ${numbers}, got "[]"`],
    [{ mean: '[1,"2"]' }, `m.mean: ${numbers}, got "[1,\\"2\\"]"`],
    [{ mean: '1,2,3' }, `m.mean: ${numbers}, got "1,2,3"`],
    [{ mean: 1e39 }, `m.mean: ${numbers}, got 1e+39`],
    [{ scale: true }, `m.scale: ${numbers}, got true`],
    [{ scale: '0' }, 'm.scale: expected numbers other than 0, got "0"'],
    [{ scale: [1, 0] }, 'm.scale: expected numbers other than 0, got [1,0]'],
    [{ color_format: 'RGB' }, `m.color_format: ${formats}, got "RGB"`],
    [{ color_format: 'BGR:NV12_2' }, `m.color_format: ${formats}, got "BGR:NV12_2"`],
    [{ color_format: 'BGR:RGB:BGR' }, `m.color_format: ${formats}, got "BGR:RGB:BGR"`],
    [{ precision: 'FP32' }, `m.precision: ${types}, got "FP32"`],
    [{ precision: 'uint4:fp32' }, `m.precision: ${types}, got "uint4:fp32"`],
    [{ precision: 8 }, `m.precision: ${types}, got 8`],
  ];
  for (const [fields, problem] of bad) {
    test(`${JSON.stringify(fields)} is refused`, () => assert.deepEqual(read(fields).problems, [problem]));
  }
});
