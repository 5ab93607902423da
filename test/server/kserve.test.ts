import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import { bytesPerElement } from '../../src/server/model/tensor.ts';
import { addModel, scalar } from '../support/ir-model.ts';
import { KServeClient, packed, unpacked } from '../support/kserve.ts';
import { outcome } from '../support/predict.ts';
import { datatypes, protocolModels, writeModels } from '../support/protocol-models.ts';
import { startServer, temporaryFolder } from '../support/server.ts';

const cleanUps: (() => unknown)[] = [];
/** Stands for the whole file where a helper wants a test to clean up after. */
const file = { after: (cleanUp: () => unknown) => cleanUps.push(cleanUp) } as unknown as TestContext;
after(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

const precisions = Object.keys(datatypes) as (keyof typeof datatypes)[];

let client: KServeClient;

before(async () => {
  const folder = temporaryFolder(file);
  const models = {
    ...protocolModels(),
    m: addModel('FP32', [1, 10]),
    range: addModel('FP32', ['1..5', -1]),
    scalar: addModel('FP32', []),
  };
  const config = writeModels(folder, models);
  const { port } = await startServer(file, ['--config_path', config, '--settle_milliseconds', '50']);
  client = new KServeClient(file, port);
});

const b = (datatype: string, shape: readonly (number | string)[], contents?: object) => ({
  name: 'b',
  datatype,
  shape,
  ...(contents && { contents }),
});
const floats = (count: number, value = 2) => Buffer.from(new Float32Array(count).fill(value).buffer);
const infer = (model_name: string, inputs: object[], raw_input_contents: Buffer[] = [], more: object = {}) =>
  client.infer({ model_name, inputs, raw_input_contents, ...more });

for (const precision of precisions) {
  test(`${precision}: adds one, to the bit`, async () => {
    const zero = Buffer.alloc(bytesPerElement[precision] * 6);
    const one = Buffer.concat(Array.from({ length: 6 }, () => scalar(precision, 1)));
    const { outputs, raw_output_contents } = await infer(
      `add_${datatypes[precision]}`,
      [b(datatypes[precision], [2, 3])],
      [zero],
    );
    assert.deepEqual(raw_output_contents, [one]);
    const [{ name, datatype, shape }] = outputs as [(typeof outputs)[0]];
    assert.deepEqual([name, datatype, shape], ['a', datatypes[precision], ['2', '3']]);
    const none = await infer(`add_${datatypes[precision]}`, [b(datatypes[precision], [0, 3])], [Buffer.alloc(0)]);
    assert.deepEqual(none.outputs[0]!.shape, ['0', '3']);
    assert.deepEqual(none.raw_output_contents, [Buffer.alloc(0)]);
  });
}

const contents: [precision: keyof typeof datatypes, contents: object][] = [
  ['FP32', { fp32_contents: [0, 0, 0] }],
  ['FP64', { fp64_contents: [0, 0, 0] }],
  ['I8', { int_contents: [0, 0, 0] }],
  ['I16', { int_contents: [0, 0, 0] }],
  ['I32', { int_contents: [0, 0, 0] }],
  ['I64', { int64_contents: [0, 0, 0] }],
  ['U8', { uint_contents: [0, 0, 0] }],
  ['U16', { uint_contents: [0, 0, 0] }],
  ['U32', { uint_contents: [0, 0, 0] }],
  ['U64', { uint64_contents: [0, 0, 0] }],
];

for (const [precision, values] of contents) {
  test(`${precision}: takes ${JSON.stringify(values)}, and answers in raw_output_contents all the same`, async () => {
    const { raw_output_contents } = await infer(`add_${datatypes[precision]}`, [
      b(datatypes[precision], [1, 3], values),
    ]);
    assert.deepEqual(raw_output_contents, [Buffer.concat(Array.from({ length: 3 }, () => scalar(precision, 1)))]);
  });
}

test('strings of any bytes and booleans come back as they went, raw or not', async () => {
  const texts = [Buffer.from('one'), Buffer.alloc(0), Buffer.from('a\0b'), Buffer.alloc(300, 7)];
  const fromContents = await infer('texts', [b('BYTES', [4], { bytes_contents: texts })]);
  assert.deepEqual(unpacked(fromContents.raw_output_contents[0]!), texts);
  assert.deepEqual([fromContents.outputs[0]!.datatype, fromContents.outputs[0]!.shape], ['BYTES', ['4']]);
  const fromRaw = await infer('texts', [b('BYTES', [4])], [packed(...texts)]);
  assert.deepEqual(fromRaw.raw_output_contents, [packed(...texts)]);
  const flags = await infer('flags', [b('BOOL', [2], { bool_contents: [true, false] })]);
  assert.deepEqual([...flags.raw_output_contents[0]!], [1, 0]);
  const rawFlags = await infer('flags', [b('BOOL', [3])], [Buffer.of(1, 0, 1)]);
  assert.deepEqual([...rawFlags.raw_output_contents[0]!], [1, 0, 1]);
});

test('texts go to a model that takes them as rows of bytes, and come back from one whose output is called a string', async () => {
  const answer = await infer('rows', [b('BYTES', [3])], [packed('one', '', 'three')]);
  assert.deepEqual(answer.outputs[0], { ...answer.outputs[0]!, name: 'a_string', datatype: 'BYTES', shape: ['3'] });
  assert.deepEqual(unpacked(answer.raw_output_contents[0]!).map(String), ['one', '', 'three']);
});

test('a scalar, and a shape that the model leaves open', async () => {
  const single = await infer('scalar', [b('FP32', [])], [floats(1)]);
  assert.equal(single.raw_output_contents[0]!.readFloatLE(), 3);
  assert.deepEqual(single.outputs[0]!.shape, []);
  const open = await infer('range', [b('FP32', [4, 5])], [floats(20)]);
  assert.deepEqual(open.outputs[0]!.shape, ['4', '5']);
});

test('the answer says which model and version it comes from, and the request’s id; parameters do no harm', async () => {
  const parameters = {
    priority: { uint64_param: 7 },
    ratio: { double_param: 0.5 },
    flag: { bool_param: true },
    nothing: {},
  };
  const input = { ...b('FP32', [1, 10]), parameters };
  const answer = await infer('m', [input], [floats(10)], { id: 'größer', model_version: '1', parameters });
  assert.deepEqual([answer.model_name, answer.model_version, answer.id], ['m', '1', 'größer']);
  for (const model_version of ['', '0']) {
    const newest = await infer('m', [input], [floats(10)], { model_version });
    assert.deepEqual([newest.model_version, newest.id], ['1', '']);
  }
});

test('outputs that are asked for come in the order of the request', async () => {
  const inputs = [b('FP32', [1, 2]), { ...b('FP32', [1, 2]), name: 'c' }];
  const ask = async (...names: string[]) => {
    const outputs = names.map((name) => ({ name, parameters: { classification: { int64_param: 1 } } }));
    const answer = await infer('two', inputs, [floats(2, 1), floats(2, 5)], { outputs });
    return answer.outputs.map(({ name }, i) => [name, answer.raw_output_contents[i]!.readFloatLE()]);
  };
  assert.deepEqual(await ask(), [
    ['a', 2],
    ['d', 5],
  ]);
  assert.deepEqual(await ask('d', 'a'), [
    ['d', 5],
    ['a', 2],
  ]);
  assert.deepEqual(await ask('d'), [['d', 5]]);
});

const m = b('FP32', [1, 10]);
const both =
  'Passing buffers both in ModelInferRequest::InferInputTensor::contents and in ModelInferRequest::raw_input_contents is not allowed';
const refusals: [what: string, model: string, inputs: object[], raw: Buffer[], refusal: string, more?: object][] = [
  ['an unknown model', 'nobody', [], [], '5 Mediapipe graph definition with requested name is not found'],
  ['no model', '', [], [], '5 Mediapipe graph definition with requested name is not found'],
  ['an unknown version', 'm', [], [], '5 Model with requested version is not found', { model_version: '9' }],
  ['a version that is no number', 'm', [], [], '3 invalid model version format in request', { model_version: '1a' }],
  ['no input', 'm', [], [], '3 Invalid number of inputs - Expected: 1; Actual: 0'],
  [
    'another number of inputs, whatever they hold',
    'm',
    [m, { ...m, name: 'c', contents: { fp32_contents: [1] } }],
    [floats(10)],
    '3 Invalid number of inputs - Expected: 1; Actual: 2',
  ],
  ['an input twice', 'two', [m, m], [], '3 Invalid number of inputs - Expected: each input once; Actual: b twice'],
  ['another input', 'm', [{ ...m, name: 'c' }], [floats(10)], '3 Missing input with specific name - Required input: b'],
  [
    'a negative size',
    'm',
    [b('FP32', [-1, 10])],
    [floats(10)],
    '3 Invalid input shape - Negative or zero dimension size is not acceptable: (-1,10); input name: b',
  ],
  [
    'another type',
    'm',
    [b('INT32', [1, 10])],
    [floats(10)],
    '3 Invalid input precision - Expected: FP32; Actual: INT32; input name: b',
  ],
  [
    'a type that KServe does not know, although we would',
    'add_INT32',
    [b('I32', [1, 3])],
    [Buffer.alloc(12)],
    '3 Invalid input precision - Expected: I32; Actual: I32; input name: b',
  ],
  [
    'strings for numbers',
    'm',
    [b('BYTES', [1])],
    [packed('x')],
    '3 Invalid input precision - Expected: FP32; Actual: BYTES; input name: b',
  ],
  [
    'another rank',
    'm',
    [b('FP32', [10])],
    [floats(10)],
    '3 Invalid number of shape dimensions - Expected: (1,10); Actual: (10); input name: b',
  ],
  [
    'another batch size',
    'm',
    [b('FP32', [2, 10])],
    [floats(20)],
    '3 Invalid input batch size - Expected: 1; Actual: 2; input name: b',
  ],
  [
    'another size',
    'm',
    [b('FP32', [1, 11])],
    [floats(11)],
    '3 Invalid input shape - Expected: (1,10); Actual: (1,11); input name: b',
  ],
  [
    'a size out of range',
    'range',
    [b('FP32', [6, 1])],
    [floats(6)],
    '3 Invalid input shape - Expected: ([1~5],-1); Actual: (6,1); input name: b',
  ],
  [
    'too few bytes',
    'm',
    [m],
    [floats(9)],
    '3 Invalid content size of tensor proto - Expected: 40 bytes; Actual: 36 bytes; input name: b',
  ],
  [
    'too few values',
    'm',
    [b('FP32', [1, 10], { fp32_contents: Array(9).fill(1) })],
    [],
    '3 Invalid number of values in tensor proto container - Expected: 10 values; Actual: 9 values; input name: b',
  ],
  [
    'one value for many',
    'm',
    [b('FP32', [1, 10], { fp32_contents: [1] })],
    [],
    '3 Invalid number of values in tensor proto container - Expected: 10 values; Actual: 1 values; input name: b',
  ],
  [
    'values in the field of another type',
    'm',
    [b('FP32', [1, 10], { fp64_contents: Array(10).fill(1) })],
    [],
    '3 Invalid number of values in tensor proto container - Expected: 10 values; Actual: 0 values; input name: b',
  ],
  [
    'half floats that are not raw',
    'add_FP16',
    [b('FP16', [1, 3], { uint_contents: [0, 0, 0] })],
    [],
    '3 Invalid number of values in tensor proto container - Expected: 3 values; Actual: 0 values; input name: b',
  ],
  [
    'no values at all',
    'm',
    [m],
    [],
    '3 Invalid number of values in tensor proto container - Expected: 10 values; Actual: 0 values; input name: b',
  ],
  [
    'a shape beyond memory',
    'range',
    [b('FP32', [5, String(Number.MAX_SAFE_INTEGER)])],
    [floats(1)],
    '3 Invalid content size of tensor proto - Shape dimensions overflow; input name: b',
  ],
  [
    'strings that are torn',
    'texts',
    [b('BYTES', [1])],
    [Buffer.of(2, 0, 0, 0, 65)],
    '3 Invalid content size of tensor proto - Batch length metadata exceeded buffer size, buffer size: 5, batch length: 2; input name: b',
  ],
  [
    'strings with a rest',
    'texts',
    [b('BYTES', [1])],
    [Buffer.of(1, 0, 0, 0, 65, 0)],
    '3 Invalid content size of tensor proto - Processed bytes: 5 do not equal to buffer size: 6; input name: b',
  ],
  [
    'another number of strings',
    'texts',
    [b('BYTES', [3])],
    [packed('x', 'y')],
    '3 Invalid number of values in tensor proto container - Expected: 3 values; Actual: 2 values; input name: b',
  ],
  [
    'texts of another rank',
    'rows',
    [b('BYTES', [1, 1])],
    [packed('x')],
    '3 Invalid number of shape dimensions - Expected number of input shape dimensions: 1; Actual: 2; input name: b',
  ],
  [
    'contents beside raw ones',
    'm',
    [b('FP32', [1, 10], { fp32_contents: Array(10).fill(1) })],
    [floats(10)],
    `3 ${both} - Input with contents: b`,
  ],
  [
    'raw contents for some inputs only',
    'two',
    [b('FP32', [1, 2]), { ...b('FP32', [1, 2]), name: 'c' }],
    [floats(2)],
    '3 Invalid number of raw_input_contents - Expected: 2, as many as inputs; Actual: 1',
  ],
  [
    'the first wrong input by name',
    'two',
    [{ ...b('FP32', [9]), name: 'c' }, b('FP32', [1])],
    [floats(9), floats(1)],
    '3 Invalid number of shape dimensions - Expected: (1,2); Actual: (1); input name: b',
  ],
  [
    'an unknown output',
    'm',
    [m],
    [floats(10)],
    '3 Invalid output filter - Expected: one of a; Actual: z',
    { outputs: [{ name: 'z' }] },
  ],
];

for (const [what, model, inputs, raw, refusal, more] of refusals) {
  test(`refuses ${what}, in a stream as well`, async () => {
    assert.equal(await outcome(infer(model, inputs, raw, more)), refusal);
    const request = { model_name: model, inputs, raw_input_contents: raw, id: 'x', ...more };
    const [answer, ...others] = await client.stream([request]);
    assert.equal(others.length, 0);
    assert.equal(answer!.error_message, refusal.slice(2));
    assert.deepEqual([answer!.infer_response!.id, answer!.infer_response!.model_name], ['x', '']);
  });
}
