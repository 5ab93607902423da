import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ServingError } from '../../model/error.ts';
import type { InputTensor } from '../../model/inference.ts';
import type { Signature, TensorInfo } from '../../model/signature.ts';
import { countStrings, stringAt } from '../../model/strings.ts';
import type { Precision } from '../../model/tensor.ts';
import { decodePredictJson } from './decode-predict-json.ts';

const any = { min: 0, max: Number.POSITIVE_INFINITY };

function input(name: string, precision: Precision = 'FP32', rank = 2): TensorInfo {
  return { name, precision, shape: Array.from({ length: rank }, () => any), layout: 'N...' };
}

function signature(...inputs: readonly TensorInfo[]): Signature {
  return { inputs, outputs: [] };
}

const one = signature(input('b'));
const two = signature(input('b'), input('c', 'I32', 1));
const texts = signature(input('b', 'STRING', 1));

function decode(body: string, of: Signature = one, take: (bytes: number) => void = () => {}) {
  return decodePredictJson(Buffer.from(body), { name: 'm' }, of, take);
}

/** Elements as their types have them: numbers, big integers, texts. */
function elements({ precision, payload }: InputTensor): unknown[] {
  if (payload.kind === 'strings') {
    return Array.from({ length: countStrings(payload.strings) }, (_, i) =>
      stringAt(payload.strings, i).toString('latin1'),
    );
  }
  const bytes = new Uint8Array(payload.bytes).buffer;
  const arrays: Partial<Record<string, (buffer: ArrayBuffer) => ArrayLike<unknown>>> = {
    FP32: (buffer) => new Float32Array(buffer),
    FP64: (buffer) => new Float64Array(buffer),
    FP16: (buffer) => new Float16Array(buffer),
    BF16: (buffer) => new Uint16Array(buffer),
    BOOL: (buffer) => new Uint8Array(buffer),
    I64: (buffer) => new BigInt64Array(buffer),
    U64: (buffer) => new BigUint64Array(buffer),
    I32: (buffer) => new Int32Array(buffer),
    U32: (buffer) => new Uint32Array(buffer),
    I16: (buffer) => new Int16Array(buffer),
    U16: (buffer) => new Uint16Array(buffer),
    I8: (buffer) => new Int8Array(buffer),
    U8: (buffer) => new Uint8Array(buffer),
  };
  return Array.from(arrays[precision]!(bytes));
}

/** `name precision (shape) elements` of each input. */
function printed(body: string, of?: Signature): string[] {
  const { request, format } = decode(body, of);
  return [
    format,
    ...[...request.inputs].map(([name, tensor]) =>
      `${name} ${tensor.precision} (${tensor.shape}) ${elements(tensor).join(' ')}`.trim(),
    ),
  ];
}

const bodies: readonly [body: string, signature: Signature, ...read: string[]][] = [
  ['{"instances": [[1, 2.5], [3, -4]]}', one, 'row', 'b FP32 (2,2) 1 2.5 3 -4'],
  ['{"instances": [1, 2]}', one, 'row', 'b FP32 (2) 1 2'],
  ['{"instances": [{"b": [1, 2]}, {"b": [3, 4]}]}', one, 'row', 'b FP32 (2,2) 1 2 3 4'],
  ['{"instances": [{"b": [1], "c": 7}, {"c": 8, "b": [2]}]}', two, 'row', 'b FP32 (2,1) 1 2', 'c I32 (2) 7 8'],
  ['{"instances": [{"x": {"y": []}, "b": [1]}]}', one, 'row', 'b FP32 (1,1) 1'],
  ['{"instances": [{}]}', one, 'row'],
  ['{"instances": [[[]], [[]]]}', one, 'row', 'b FP32 (2,1,0)'],
  ['{"inputs": [[1, 2], [3, 4]]}', one, 'column', 'b FP32 (2,2) 1 2 3 4'],
  ['{"inputs": 5}', one, 'column', 'b FP32 () 5'],
  ['{"inputs": []}', one, 'column', 'b FP32 (0)'],
  ['{"inputs": {"c": [1], "b": [[2, 3]], "x": null}}', two, 'column', 'c I32 (1) 1', 'b FP32 (1,2) 2 3'],
  ['{"inputs": [NaN, Infinity, -Infinity]}', one, 'column', 'b FP32 (3) NaN Infinity -Infinity'],
  ['{"instances": ["a", "\\nä"]}', texts, 'row', 'b STRING (2) a \nÃ¤'],
  ['{"instances": [{"b64": "AP8="}, "x"]}', texts, 'row', 'b STRING (2) \0ÿ x'],
  ['{"instances": [{"b": {"b64": "AP8="}}]}', texts, 'row', 'b STRING (1) \0ÿ'],
  ['{"inputs": {"b": [{"b64": "YQ=="}, {"b64": ""}]}}', texts, 'column', 'b STRING (2) a'],
  ['{"inputs": {"b": {"b64": "YQ=="}}}', texts, 'column', 'b STRING (1) a'],
  ['{"inputs": {"b64": "YQ=="}}', texts, 'column', 'b STRING (1) a'],
  ['{"inputs": "a"}', signature(input('b', 'STRING', 0)), 'column', 'b STRING () a'],
  ['{"inputs": []}', texts, 'column', 'b STRING (0)'],
  ['{"inputs": ["a"]}', one, 'column', 'b STRING (1) a'],
  ['{"instances": [{"b64": "a"}]}', signature(input('b64', 'STRING', 1)), 'row', 'b64 STRING (1) a'],
];

for (const [body, of, ...read] of bodies) test(`${body} is read`, () => assert.deepEqual(printed(body, of), read));

const numbers: readonly [precision: Precision, json: string, read: string][] = [
  ['FP64', '[0.1, 1e-320]', '0.1 1e-320'],
  ['FP16', '[1.5, 65504, 1e-8, 0.1]', '1.5 65504 0 0.0999755859375'],
  ['BF16', '[1, 3.14]', '16256 16457'],
  ['BOOL', '[true, false, 1, 0]', '1 0 1 0'],
  [
    'I64',
    '[9223372036854775807, -9223372036854775808, 9007199254740993, -1]',
    '9223372036854775807 -9223372036854775808 9007199254740993 -1',
  ],
  ['U64', '[18446744073709551615, 0, 4294967296]', '18446744073709551615 0 4294967296'],
  ['I32', '[1.9, -1.9, 2147483648, 1e2]', '1 -1 -2147483648 100'],
  ['U32', '[4294967295]', '4294967295'],
  ['U16', '[65535, 65536]', '65535 0'],
  ['I16', '[-32768]', '-32768'],
  ['U8', '[255, 256, -1]', '255 0 255'],
  ['I8', '[-128, 127]', '-128 127'],
];

for (const [precision, json, read] of numbers) {
  test(`${json} is read as ${precision}`, () => {
    const { request } = decode(`{"inputs": ${json}}`, signature(input('b', precision, 1)));
    assert.equal(elements(request.inputs.get('b')!).join(' '), read);
  });
}

const ndarray = 'Not valid ndarray detected';
const refusals: readonly [body: string, message: string, signature?: Signature][] = [
  ['', 'The file is not valid json'],
  ['{"inputs": [1]', 'The file is not valid json'],
  ['{"inputs": [1]} x', 'The file is not valid json'],
  ['[1]', 'Request body should be JSON object'],
  ['"inputs"', 'Request body should be JSON object'],
  ['{}', 'Invalid JSON structure. Could not detect row or column format'],
  ['{"inputs": [1], "instances": [1]}', 'Invalid JSON structure. Could not detect row or column format'],
  ['{"inputs": [1], "inputs": [1]}', 'Invalid JSON structure. Could not detect row or column format'],
  ['{"instances": []}', 'Invalid JSON structure. Missing instances in row format'],
  ['{"instances": 1}', 'Invalid JSON structure. Missing instances in row format'],
  ['{"instances": [[1], [2, 3]]}', `Could not parse instance content. ${ndarray}`],
  ['{"instances": [1, [2]]}', `Could not parse instance content. ${ndarray}`],
  ['{"instances": [[1], 2]}', `Could not parse instance content. ${ndarray}`],
  ['{"instances": [[], 1]}', `Could not parse instance content. ${ndarray}`],
  ['{"instances": [1, "a"]}', `Could not parse instance content. ${ndarray}`],
  ['{"instances": [1, {"b": 1}]}', `Could not parse instance content. ${ndarray}`],
  ['{"instances": [{"b": 1}, 1]}', `Could not parse instance content. ${ndarray}`],
  ['{"instances": [true]}', `Could not parse instance content. ${ndarray}`],
  ['{"instances": [null]}', `Could not parse instance content. ${ndarray}`],
  ['{"instances": [1]}', `Could not parse instance content. ${ndarray}`, texts],
  ['{"instances": [{"b64": "a", "x": 1}]}', `Decode Base64 to string error`, texts],
  ['{"instances": [{"b64": "YQ==", "x": 1}]}', `Could not parse instance content. ${ndarray}`, texts],
  ['{"instances": [{"b64": 1}]}', `Could not parse instance content. ${ndarray}`, texts],
  ['{"instances": [[1]]}', 'Inputs inside buffer does not match expected format.', two],
  [
    '{"instances": [{"b": [1], "c": 1}, {"b": [1]}]}',
    'Invalid JSON structure. Request inputs have different batch sizes',
    two,
  ],
  [
    '{"instances": [{"b": [1]}, {"b": [1], "c": 1}]}',
    'Invalid JSON structure. Request inputs have different batch sizes',
    two,
  ],
  ['{"instances": [{"b": [1], "b": [2]}]}', 'Invalid JSON structure. Request inputs have different batch sizes'],
  ['{"inputs": {}}', 'Invalid JSON structure, missing inputs'],
  ['{"inputs": null}', 'Invalid JSON structure. One of inputs is not a JSON object.'],
  ['{"inputs": [[1], [2, 3]]}', `Could not parse input content. ${ndarray}`],
  ['{"inputs": {"b": {"x": 1}}}', `Could not parse input content. ${ndarray}`],
  ['{"inputs": {"b": [1], "b": [1]}}', `Could not parse input content. ${ndarray}`],
  ['{"inputs": {"b": null}}', `Could not parse input content. ${ndarray}`],
  ['{"inputs": [1e300, 1]}', `Could not parse input content. ${ndarray}`, signature(input('b', 'I32', 1))],
  ['{"inputs": [NaN]}', `Could not parse input content. ${ndarray}`, signature(input('b', 'I64', 1))],
  ['{"inputs": [1]}', 'Inputs inside buffer does not match expected format.', two],
  ['{"inputs": [1]}', 'Inputs inside buffer does not match expected format.', signature()],
];

for (const [body, message, of] of refusals) {
  test(`${body} is refused`, () => {
    assert.throws(
      () => decode(body, of),
      (error) =>
        error instanceof ServingError && error.code === 'invalid-argument' && error.message.startsWith(message),
    );
  });
}

test('the signature that is named is that of the request', () => {
  const named = decode('{"signature_name": "s\\u00e4", "inputs": [1]}');
  assert.equal(named.request.signatureName, 'sä');
  assert.equal('signatureName' in decode('{"signature_name": "", "inputs": [1]}').request, false);
});

test('what is read beside the body is taken from the quota, and not much more than it', () => {
  let taken = 0;
  const take = (bytes: number) => {
    taken += bytes;
  };
  decode(`{"inputs": [${'1,'.repeat(99_999)}1]}`, one, take);
  assert.ok(taken >= 400_000 && taken <= 800_000, `${taken} bytes`);
  const wanted = signature({ ...input('b'), shape: [{ min: 2 ** 40, max: 2 ** 40 }] });
  taken = 0;
  decode('{"inputs": [1, 2]}', wanted, take);
  assert.ok(taken < 100, `${taken} bytes`);
  const full = new ServingError('resource-exhausted', 'full');
  const refuse = () => {
    throw full;
  };
  assert.throws(() => decode('{"inputs": [1, 2]}', one, refuse), full);
});

test('nested arrays of any shape are read as what they are', () => {
  const shaped = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(shaped, fc.boolean(), (shape, inRows) => {
      let next = 0;
      const nested = (depth: number): unknown =>
        depth === shape.length ? next++ : Array.from({ length: shape[depth]! }, () => nested(depth + 1));
      const body = JSON.stringify({ [inRows ? 'instances' : 'inputs']: nested(0) });
      const tensor = decode(body).request.inputs.get('b')!;
      assert.deepEqual(tensor.shape, shape);
      assert.deepEqual(
        elements(tensor),
        Array.from({ length: next }, (_, i) => i),
      );
    }),
  );
});

test('any change of a body is read or refused', () => {
  const base =
    '{"signature_name": "", "instances": [{"b": [[1, 2.5e3]], "c": {"b64": "AP8="}}, {"b": [[-1, NaN]], "c": "x\\n"}]}';
  const of = signature(input('b', 'FP32', 3), input('c', 'STRING', 1));
  const byte = fc.constantFrom(...Array.from('{}[]",:\\0-.eEtfnNI6b \u0000\u00ff'));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(base.length), fc.nat(3), byte), { minLength: 1, maxLength: 4 }), (changes) => {
      let body = base;
      for (const [at, length, text] of changes) body = body.slice(0, at) + text + body.slice(at + length);
      try {
        decode(body, of);
      } catch (error) {
        assert.ok(error instanceof ServingError, `${body}: ${error}`);
      }
    }),
    { numRuns: 3000 },
  );
});
