import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toList } from '../../../test/support/to-list.ts';
import { ServingError } from '../model/error.ts';
import type { InputTensor, Payload } from '../model/inference.ts';
import type { Dimension, TensorInfo } from '../model/signature.ts';
import { stringsOf } from '../model/strings.ts';
import { validateInputs } from './validate-inputs.ts';

const any: Dimension = { min: 0, max: Number.POSITIVE_INFINITY };
const size = (n: number): Dimension => ({ min: n, max: n });
const info = (over: Partial<TensorInfo> = {}): TensorInfo => ({
  name: 'b',
  precision: 'FP32',
  shape: [size(1), size(10)],
  layout: 'N...',
  ...over,
});
const image = (over: Partial<TensorInfo> = {}) =>
  info({ shape: [size(1), size(4), size(6), size(3)], layout: 'NHWC', ...over });
const rows = (...shape: Dimension[]) => info({ precision: 'U8', shape });
const bytes = (n: number): Payload => ({ kind: 'bytes', bytes: new Uint8Array(n) });
const values = (count: number): Payload => ({ kind: 'values', bytes: new Uint8Array(count * 4).fill(7), count });
const strings = (...texts: string[]): Payload => ({
  kind: 'strings',
  strings: stringsOf(texts.map((text) => Buffer.from(text))),
});
const input = (over: Partial<InputTensor> = {}): InputTensor => ({
  precision: 'FP32',
  shape: [1, 10],
  payload: bytes(40),
  ...over,
});
/** What was taken beside the message, by all validations so far. */
const taken: number[] = [];
const validate = (inputs: Record<string, InputTensor>, ...infos: TensorInfo[]) =>
  valid(inputs, ...infos).map((input) => ('images' in input ? assert.fail() : input));
const valid = (inputs: Record<string, InputTensor>, ...infos: TensorInfo[]) =>
  validateInputs({ inputs: new Map(Object.entries(inputs)) }, { inputs: infos, outputs: [] }, (bytes) =>
    taken.push(bytes),
  );

const refusals: [what: string, inputs: Record<string, InputTensor>, infos: TensorInfo[], message: string][] = [
  ['no inputs', {}, [info()], 'Invalid number of inputs - Expected: 1; Actual: 0'],
  ['too many', { b: input(), c: input() }, [info()], 'Invalid number of inputs - Expected: 1; Actual: 2'],
  ['another name', { c: input() }, [info()], 'Missing input with specific name - Required input: b'],
  [
    'a negative size',
    { b: input({ shape: [-1, 10] }) },
    [info()],
    'Invalid input shape - Negative or zero dimension size is not acceptable: (-1,10); input name: b',
  ],
  [
    'another precision',
    { b: input({ precision: 'I32' }) },
    [info()],
    'Invalid input precision - Expected: FP32; Actual: I32; input name: b',
  ],
  [
    'another rank',
    { b: input({ shape: [10] }) },
    [info()],
    'Invalid number of shape dimensions - Expected: (1,10); Actual: (10); input name: b',
  ],
  [
    'another batch size',
    { b: input({ shape: [2, 10] }) },
    [info()],
    'Invalid input batch size - Expected: 1; Actual: 2; input name: b',
  ],
  [
    'another batch size where the batch comes last',
    { b: input({ shape: [10, 2] }) },
    [info({ shape: [size(10), size(1)], layout: '...N' })],
    'Invalid input batch size - Expected: 1; Actual: 2; input name: b',
  ],
  [
    'another size',
    { b: input({ shape: [1, 11] }) },
    [info()],
    'Invalid input shape - Expected: (1,10); Actual: (1,11); input name: b',
  ],
  [
    'a size out of range',
    { b: input({ shape: [7, 3] }) },
    [info({ shape: [{ min: 1, max: 5 }, any] })],
    'Invalid input shape - Expected: ([1~5],-1); Actual: (7,3); input name: b',
  ],
  [
    'too few bytes',
    { b: input({ payload: bytes(36) }) },
    [info()],
    'Invalid content size of tensor proto - Expected: 40 bytes; Actual: 36 bytes; input name: b',
  ],
  [
    'too few values',
    { b: input({ payload: values(9) }) },
    [info()],
    'Invalid number of values in tensor proto container - Expected: 10; Actual: 9; input name: b',
  ],
  [
    'one value for no element',
    { b: input({ shape: [0], payload: values(1) }) },
    [info({ shape: [any] })],
    'Invalid number of values in tensor proto container - Expected: 0; Actual: 1; input name: b',
  ],
  [
    'a shape that no memory holds',
    { b: input({ shape: [2 ** 40, 2 ** 40] }) },
    [info({ shape: [any, any] })],
    'Invalid content size of tensor proto - Shape dimensions are too large; input name: b',
  ],
  [
    'one value for a shape that would eat the memory',
    { b: input({ shape: [2 ** 24 + 1], payload: values(1) }) },
    [info({ shape: [any] })],
    'Invalid content size of tensor proto - Shape dimensions are too large; input name: b',
  ],
  [
    'too few strings',
    { b: input({ precision: 'STRING', shape: [3], payload: strings('x', 'y') }) },
    [info({ precision: 'STRING', shape: [any] })],
    'Invalid number of values in tensor proto container - Expected: 3; Actual: 2; input name: b',
  ],
  [
    'texts in two dimensions for rows of bytes',
    { b: input({ precision: 'STRING', shape: [1, 1], payload: strings('x') }) },
    [rows(any, any)],
    'Invalid number of shape dimensions - Expected number of binary input shape dimensions: 1; Actual: 2; input name: b',
  ],
  [
    'more texts than there are rows',
    { b: input({ precision: 'STRING', shape: [2], payload: strings('x', 'y') }) },
    [rows(size(1), any)],
    'Invalid input batch size - Expected: 1; Actual: 2; input name: b',
  ],
  [
    'fewer texts than are announced',
    { b: input({ precision: 'STRING', shape: [3], payload: strings('x', 'y') }) },
    [rows(any, any)],
    'Invalid number of values in tensor proto container - Expected: 3; Actual: 2; input name: b',
  ],
  [
    'a text too long for its row',
    { b: input({ precision: 'STRING', shape: [1], payload: strings('abc') }) },
    [rows(any, size(3))],
    'Invalid input shape - Expected: texts of at most 2 bytes; Actual: 3 bytes; input name: b',
  ],
  [
    'a long text whose row would be repeated beyond memory',
    {
      b: input({
        precision: 'STRING',
        shape: [2000],
        payload: strings('x'.repeat(2 ** 20), ...new Array(1999).fill('')),
      }),
    },
    [rows(any, any)],
    'Maximum 2D array after string conversion exceeded 1GB - Expected: at most 1073741824 bytes; Actual: 2097154000 bytes; input name: b',
  ],
  [
    'texts for bytes of another rank',
    { b: input({ precision: 'STRING', shape: [1], payload: strings('x') }) },
    [info({ precision: 'U8', shape: [any] })],
    'Invalid input precision - Expected: U8; Actual: STRING; input name: b',
  ],
  [
    'images in a shape that is no list',
    { b: input({ precision: 'STRING', shape: [1, 1], payload: strings('x') }) },
    [image()],
    'Invalid number of shape dimensions - Expected number of binary input shape dimensions: 1; Actual: 2; input name: b',
  ],
  [
    'images without a shape',
    { b: input({ precision: 'STRING', shape: [], payload: strings('x') }) },
    [image()],
    'Invalid number of shape dimensions - Expected number of binary input shape dimensions: 1; Actual: 0; input name: b',
  ],
  [
    'one image for several',
    { b: input({ precision: 'STRING', shape: [2], payload: strings('x') }) },
    [image()],
    'Invalid input batch size - Expected: 2 images, by the shape; Actual: 1; input name: b',
  ],
  [
    'images for another batch',
    { b: input({ precision: 'STRING', shape: [2], payload: strings('x', 'y') }) },
    [image()],
    'Invalid input batch size - Expected: 1; Actual: 2; input name: b',
  ],
  [
    'images for channels that come first',
    { b: input({ precision: 'STRING', shape: [1], payload: strings('x') }) },
    [image({ layout: 'NCHW' })],
    'Received binary image input but resource not configured to accept NHWC layout - Layout: NCHW; input name: b',
  ],
  [
    'an empty image',
    { b: input({ precision: 'STRING', shape: [2], payload: strings('x', '') }) },
    [image({ shape: [any, any, any, any] })],
    'String val is empty - Image 2 of 2; input name: b',
  ],
  [
    'images for elements that no image has',
    { b: input({ precision: 'STRING', shape: [1], payload: strings('x') }) },
    [image({ precision: 'BF16' })],
    'Invalid input precision - Expected: BF16; Actual: STRING; input name: b',
  ],
  [
    'images for another rank',
    { b: input({ precision: 'STRING', shape: [1], payload: strings('x') }) },
    [image({ shape: [size(1), size(4), size(6)] })],
    'Invalid input precision - Expected: FP32; Actual: STRING; input name: b',
  ],
  [
    'the first in the order of names, whatever the order they came in',
    { c: input({ shape: [] }), b: input({ precision: 'U8' }) },
    [info(), info({ name: 'c' })],
    'Invalid input precision - Expected: FP32; Actual: U8; input name: b',
  ],
];

for (const [what, inputs, infos, message] of refusals) {
  test(`refuses ${what}`, () => {
    assert.throws(() => valid(inputs, ...infos), new ServingError('invalid-argument', message));
  });
}

test('bytes that fit are taken as they are, without a copy', () => {
  const payload = bytes(40);
  const [tensor] = validate({ b: input({ payload }) }, info());
  assert.ok(tensor?.precision === 'FP32' && payload.kind === 'bytes');
  assert.equal(tensor.data, payload.bytes);
});

test('one value fills the shape', () => {
  const [tensor] = validate({ b: input({ payload: values(1) }) }, info());
  assert.ok(tensor?.precision === 'FP32');
  assert.deepEqual([...tensor.data], new Array(40).fill(7));
  const [text] = validate(
    { b: input({ precision: 'STRING', shape: [2], payload: strings('x') }) },
    info({ precision: 'STRING', shape: [any] }),
  );
  assert.ok(text?.precision === 'STRING');
  assert.deepEqual(toList(text.strings).map(String), ['x', 'x']);
});

test('texts fill rows of bytes, each with a zero behind it, as wide as the model wants', () => {
  const texts = { b: input({ precision: 'STRING', shape: [2], payload: strings('abc', '') }) };
  for (const [columns, width] of [
    [any, 4],
    [size(6), 6],
    [{ min: 5, max: 9 }, 5],
  ] as [Dimension, number][]) {
    const [tensor] = validate(texts, rows(any, columns));
    assert.ok(tensor?.precision === 'U8');
    assert.deepEqual(tensor.shape, [2, width]);
    assert.equal(Buffer.from(tensor.data).toString(), 'abc'.padEnd(2 * width, '\0'));
  }
});

test('what is not in the message is counted, and may be refused', () => {
  taken.length = 0;
  validate({ b: input({ payload: values(1) }) }, info());
  validate({ b: input({ payload: values(10) }) }, info());
  validate({ b: input() }, info());
  const one = { b: input({ precision: 'STRING', shape: [3], payload: strings('abc') }) };
  validate(one, info({ precision: 'STRING', shape: [any] }));
  validate(one, rows(any, any));
  validate(
    { b: input({ precision: 'STRING', shape: [2], payload: strings('x', 'y') }) },
    info({ precision: 'STRING', shape: [any] }),
  );
  assert.deepEqual(taken, [40, 3 * (3 + 48), 3 * (3 + 48), 3 * 4, 2 * 48]);
  const full = new ServingError('resource-exhausted', 'full');
  const refuse = () => {
    throw full;
  };
  const inputs = new Map([['b', input({ payload: values(1) })]]);
  assert.throws(() => validateInputs({ inputs }, { inputs: [info()], outputs: [] }, refuse), full);
});

const foreign: [what: string, input: Partial<InputTensor>, infos: TensorInfo, message: string][] = [
  [
    'another datatype',
    { precision: 'I32', datatype: 'INT32' },
    info(),
    'Invalid input precision - Expected: FP32; Actual: INT32; input name: b',
  ],
  [
    'one value for many',
    { payload: values(1) },
    info(),
    'Invalid number of values in tensor proto container - Expected: 10 values; Actual: 1 values; input name: b',
  ],
  [
    'one string for many',
    { precision: 'STRING', shape: [2], payload: strings('x') },
    info({ precision: 'STRING', shape: [any] }),
    'Invalid number of values in tensor proto container - Expected: 2 values; Actual: 1 values; input name: b',
  ],
  [
    'too few packed strings',
    { precision: 'STRING', shape: [2], payload: { kind: 'packed', bytes: Buffer.alloc(4) } },
    info({ precision: 'STRING', shape: [any] }),
    'Invalid number of values in tensor proto container - Expected: 2 values; Actual: 1 values; input name: b',
  ],
  [
    'packed strings that are torn',
    { precision: 'STRING', shape: [1], payload: { kind: 'packed', bytes: Buffer.alloc(5) } },
    info({ precision: 'STRING', shape: [any] }),
    'Invalid content size of tensor proto - Processed bytes: 4 do not equal to buffer size: 5; input name: b',
  ],
  [
    'a shape beyond memory',
    { shape: [2 ** 31, 2 ** 31] },
    info({ shape: [any, any] }),
    'Invalid content size of tensor proto - Shape dimensions overflow; input name: b',
  ],
  [
    'texts of another rank',
    { precision: 'STRING', shape: [1, 1], payload: strings('x') },
    rows(any, any),
    'Invalid number of shape dimensions - Expected number of input shape dimensions: 1; Actual: 2; input name: b',
  ],
];

for (const [what, over, expected, message] of foreign) {
  test(`refuses in KServe's words: ${what}`, () => {
    const request = { inputs: new Map([['b', input(over)]]), dialect: 'KServe' as const };
    const signature = { inputs: [expected], outputs: [] };
    assert.throws(() => validateInputs(request, signature, () => undefined), { code: 'invalid-argument', message });
  });
}

test('packed strings are unpacked, and what that takes is counted', () => {
  taken.length = 0;
  const packed = Buffer.from('010000006102000000bbbb', 'hex');
  const payload: Payload = { kind: 'packed', bytes: packed };
  const [tensor] = validate(
    { b: input({ precision: 'STRING', shape: [2], payload }) },
    info({ precision: 'STRING', shape: [any] }),
  );
  assert.ok(tensor?.precision === 'STRING');
  assert.deepEqual(
    toList(tensor.strings).map((bytes) => bytes.toString('hex')),
    ['61', 'bbbb'],
  );
  assert.deepEqual(taken, [16, 2 * 48]);
});

test('a fault of the request is told once the number of inputs is right', () => {
  const fault = new ServingError('invalid-argument', 'both');
  const signature = { inputs: [info()], outputs: [] };
  const take = () => undefined;
  assert.throws(() => validateInputs({ inputs: new Map(), fault }, signature, take), /Invalid number of inputs/);
  assert.throws(() => validateInputs({ inputs: new Map([['c', input()]]), fault }, signature, take), fault);
});

test('scalars, empty tensors and any rank where the model leaves it open', () => {
  assert.equal(validate({ b: input({ shape: [], payload: bytes(4) }) }, info({ shape: [], layout: '...' })).length, 1);
  assert.equal(
    validate({ b: input({ shape: [0, 10], payload: bytes(0) }) }, info({ shape: [any, size(10)] })).length,
    1,
  );
  assert.equal(validate({ b: input({ shape: [2, 5, 1] }) }, info({ shape: undefined })).length, 1);
});

test('images are left to be decoded, in every layout that may be theirs', () => {
  const images = { b: input({ precision: 'STRING', shape: [2], payload: strings('x', 'y') }) };
  for (const layout of ['NHWC', 'N...', '...', '?H?C', 'N??C']) {
    const taker = image({ layout, shape: [any, any, any, any] });
    const [encoded] = valid(images, taker);
    assert.ok(encoded && 'images' in encoded);
    assert.equal(encoded.info, taker);
    assert.deepEqual(toList(encoded.images).map(String), ['x', 'y']);
  }
});

test('images and tensors stand side by side', () => {
  const inputs = { b: input({ precision: 'STRING', shape: [1], payload: strings('x') }), c: input() };
  const kinds = valid(inputs, image(), info({ name: 'c' })).map((each) => ('images' in each ? 'images' : 'tensor'));
  assert.deepEqual(kinds, ['images', 'tensor']);
});
