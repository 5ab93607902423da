import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ServingError } from '../../model/error.ts';
import type { InputTensor } from '../../model/inference.ts';
import { countStrings, stringAt } from '../../model/strings.ts';
import { decodeInferJson } from './decode-infer-json.ts';

function decode(json: string, tail?: Uint8Array, headerLength?: string) {
  const header = Buffer.from(json);
  const body = Buffer.concat([header, tail ?? Buffer.alloc(0)]);
  const length = headerLength ?? (tail ? String(header.byteLength) : undefined);
  return decodeInferJson(body, length, { name: 'm' }, () => {});
}

/** `datatype precision (shape) elements`. */
function printed({ datatype, precision, shape, payload }: InputTensor): string {
  const head = `${datatype} ${precision} (${shape})`;
  switch (payload.kind) {
    case 'strings': {
      const { strings } = payload;
      return `${head} ${Array.from({ length: countStrings(strings) }, (_, i) => `"${stringAt(strings, i)}"`).join(' ')}`;
    }
    case 'values':
      return `${head} ${payload.count}: ${Buffer.from(payload.bytes).toString('hex')}`;
    default:
      return `${head} ${payload.kind} ${Buffer.from(payload.bytes).toString('hex')}`;
  }
}

const input = (rest: string) => `{"inputs": [{"name": "b", ${rest}}]}`;

const inputs: readonly [json: string, printed: string, tail?: Uint8Array][] = [
  ['"shape": [1, 2], "datatype": "UINT8", "data": [1, 2]', 'UINT8 U8 (1,2) 2: 0102'],
  ['"data": [[1], [2]], "shape": [1, 2], "datatype": "UINT8"', 'UINT8 U8 (1,2) 2: 0102'],
  ['"data": [[1, [2, 3]]], "shape": [3], "datatype": "UINT8"', 'UINT8 U8 (3) 3: 010203'],
  ['"shape": [], "datatype": "INT16", "data": -2', 'INT16 I16 () 1: feff'],
  ['"shape": [2], "datatype": "BOOL", "data": [true, false]', 'BOOL BOOL (2) 2: 0100'],
  ['"shape": [1], "datatype": "FP16", "data": [1.5]', 'FP16 FP16 (1) 1: 003e'],
  ['"shape": [1], "datatype": "BF16", "data": [1]', 'BF16 BF16 (1) 1: 803f'],
  ['"shape": [1], "datatype": "FP32", "data": [0.1]', 'FP32 FP32 (1) 1: cdcccc3d'],
  ['"shape": [1], "datatype": "FP64", "data": [0.1]', 'FP64 FP64 (1) 1: 9a9999999999b93f'],
  ['"shape": [1], "datatype": "INT64", "data": [9007199254740993]', 'INT64 I64 (1) 1: 0100000000002000'],
  ['"shape": [1], "datatype": "UINT64", "data": [18446744073709551615]', 'UINT64 U64 (1) 1: ffffffffffffffff'],
  ['"data": ["a\\n", "\\u00e4\\"]"], "datatype": "BYTES", "shape": [2]', 'BYTES STRING (2) "a\n" "ä"]"'],
  ['"shape": [0], "datatype": "FP32", "data": []', 'FP32 FP32 (0) 0: '],
  ['"shape": [2], "datatype": "FP32"', 'FP32 FP32 (2) 0: '],
  ['"shape": [2], "datatype": "FP32", "data": null', 'FP32 FP32 (2) 0: '],
  ['"shape": [0], "datatype": "FP32", "data": null, "parameters": {"binary_data_size": 0}', 'FP32 FP32 (0) 0: '],
  ['"shape": [1], "datatype": "INT4", "data": [1]', 'INT4 INVALID (1) 0: '],
  ['"shape": [9223372036854775807], "datatype": "UINT8", "data": [1]', 'UINT8 U8 (9223372036854776000) 1: 01'],
  ['"shape": [-1], "datatype": "UINT8", "data": [1]', 'UINT8 U8 (-1) 1: 01'],
  [
    '"shape": [2], "datatype": "UINT8", "parameters": {"binary_data_size": 2}',
    'UINT8 U8 (2) bytes 0102',
    Buffer.of(1, 2),
  ],
  ['"shape": [2], "datatype": "UINT8"', 'UINT8 U8 (2) bytes 0102', Buffer.of(1, 2)],
  ['"shape": [1], "datatype": "BYTES"', 'BYTES STRING (1) packed 0100000061', Buffer.of(1, 0, 0, 0, 97)],
  ['"shape": [1], "datatype": "FP16"', 'FP16 FP16 (1) bytes 003c', Buffer.of(0, 60)],
  ['"shape": [1], "datatype": "UINT8", "data": [7]', 'UINT8 U8 (1) 1: 07', Buffer.alloc(0)],
];

for (const [rest, read, tail] of inputs) {
  test(`${rest} ${tail ? 'with bytes behind it ' : ''}is read`, () => {
    assert.equal(printed(decode(input(rest), tail).inputs.get('b')!), read);
  });
}

test('inputs have their bytes in their order, whatever stands between', () => {
  const { inputs: read } = decode(
    `{"inputs": [
      {"name": "a", "shape": [1], "datatype": "UINT8", "parameters": {"binary_data_size": 1, "other": "x"}},
      {"name": "b", "shape": [1], "datatype": "UINT8", "data": [9]},
      {"name": "c", "shape": [1], "datatype": "BYTES", "parameters": {"binary_data_size": 5}}]}`,
    Buffer.of(1, 1, 0, 0, 0, 97),
  );
  assert.deepEqual([...read.values()].map(printed), [
    'UINT8 U8 (1) bytes 01',
    'UINT8 U8 (1) 1: 09',
    'BYTES STRING (1) packed 0100000061',
  ]);
});

test('outputs are wanted in their order, as JSON or as bytes', () => {
  const { outputFilter, isBinary, id } = decode(
    `{"id": "mi\\u006ee", "parameters": {"binary_data_output": true, "sequence_id": 1},
      "outputs": [{"name": "d", "parameters": {"binary_data": false}}, {"name": "a"}],
      "inputs": [{"name": "b", "shape": [1], "datatype": "UINT8", "data": [1]}]}`,
  );
  assert.deepEqual(
    [id, outputFilter, isBinary('d'), isBinary('a'), isBinary('x')],
    ['mine', ['d', 'a'], false, true, true],
  );
  assert.equal(decode(input('"shape": [1], "datatype": "UINT8", "data": [1]')).isBinary('a'), false);
});

const one = '"shape": [1], "datatype": "UINT8"';
const ndarray = 'Could not parse input content. Not valid ndarray detected';
const refusals: readonly [json: string, message: string, tail?: Uint8Array | undefined, headerLength?: string][] = [
  ['{"inputs": [', 'The file is not valid json'],
  ['[]', 'Request body should be JSON object'],
  ['{}', 'Invalid JSON structure, missing inputs'],
  ['{"inputs": []}', 'Invalid JSON structure, missing inputs'],
  ['{"inputs": {}}', ndarray],
  ['{"inputs": [1]}', ndarray],
  ['{"inputs": [{"name": "b"}]}', ndarray],
  ['{"id": 1, "inputs": []}', ndarray],
  ['{"inputs": [], "outputs": [{}]}', ndarray],
  ['{"inputs": [], "parameters": 1}', ndarray],
  [input('"shape": 1, "datatype": "UINT8", "data": [1]'), ndarray],
  [input('"shape": [1.5], "datatype": "UINT8", "data": [1]'), ndarray],
  [input('"shape": ["1"], "datatype": "UINT8", "data": [1]'), ndarray],
  [input(`${one}, "data": ["a"]`), ndarray],
  [input(`${one}, "data": [true]`), ndarray],
  [input(`${one}, "data": [null]`), ndarray],
  [input(`${one}, "data": [{"b64": "YQ=="}]`), ndarray],
  [input(`${one}, "data": [1e300]`), ndarray],
  [input('"shape": [1], "datatype": "BYTES", "data": [1]'), ndarray],
  [`{"inputs": [{"name": "b", ${one}}, {"name": "b", ${one}}]}`, 'Invalid number of inputs'],
  [input(one), 'Inference-Header-Content-Length header exceeds actual payload length', undefined, '1000'],
  [input(one), "Inference-Header-Content-Length header is invalid and couldn't be parsed", undefined, '-1'],
  [input(one), "Inference-Header-Content-Length header is invalid and couldn't be parsed", undefined, 'x'],
  [input(one), 'The file is not valid json', undefined, '0'],
  [
    input(`${one}, "parameters": {"binary_data_size": "1"}`),
    'binary_data_size parameter is invalid and cannot be parsed',
    Buffer.of(1),
  ],
  [
    input(`${one}, "parameters": {"binary_data_size": -1}`),
    'binary_data_size parameter is invalid and cannot be parsed',
    Buffer.of(1),
  ],
  [
    input(`${one}, "parameters": {"binary_data_size": 2}`),
    'Received buffer size is smaller than binary_data_size parameter indicates',
    Buffer.of(1),
  ],
  [
    input(`${one}, "parameters": {"binary_data_size": 1}`),
    'Received buffer size is smaller than binary_data_size parameter indicates',
  ],
  [
    input(`${one}, "data": [1], "parameters": {"binary_data_size": 1}`),
    'Request contains values both in binary data and in content value',
    Buffer.of(1),
  ],
  [input(one), "Received buffer size is larger than the inputs'", Buffer.of(1, 2)],
  [
    `{"inputs": [{"name": "b", ${one}}, {"name": "c", "shape": [1], "datatype": "BYTES"}]}`,
    'binary_data_size parameter is invalid and cannot be parsed',
    Buffer.of(1, 1, 0, 0, 0, 97),
  ],
];

for (const [json, message, tail, headerLength] of refusals) {
  test(`${json} ${tail ? 'with bytes behind it ' : ''}${headerLength ?? ''} is refused`, () => {
    assert.throws(
      () => decode(json, tail, headerLength),
      (error) =>
        error instanceof ServingError && error.code === 'invalid-argument' && error.message.startsWith(message),
    );
  });
}

test('any change of a body is read or refused', () => {
  const base = `{"id":"i","inputs":[{"name":"b","shape":[2],"datatype":"FP32","data":[1.5,NaN]},{"name":"c","datatype":"BYTES","data":["\\u00e4","x\\n"],"shape":[2]},{"name":"d","shape":[1],"datatype":"UINT8","parameters":{"binary_data_size":1}}],"outputs":[{"name":"a","parameters":{"binary_data":true}}]}`;
  const byte = fc.constantFrom(...Array.from('{}[]",:\\0-.etfn \u0000\u00ff'));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(base.length), fc.nat(3), byte), { minLength: 1, maxLength: 4 }),
      fc.uint8Array({ maxLength: 3 }),
      (changes, tail) => {
        let body = base;
        for (const [at, length, text] of changes) body = body.slice(0, at) + text + body.slice(at + length);
        try {
          decode(body, tail);
        } catch (error) {
          assert.ok(error instanceof ServingError, `${body}: ${error}`);
        }
      },
    ),
    { numRuns: 3000 },
  );
});
