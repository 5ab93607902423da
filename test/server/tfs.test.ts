import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { credentials, Client as GrpcClient, type ServiceError } from '@grpc/grpc-js';
import fc from 'fast-check';
import type { PredictResponse } from '../../examples/clients/typescript/client.ts';
import { bytesPerElement, type NumericPrecision } from '../../src/server/model/tensor.ts';
import { addModel, IrModel, identityModel, scalar, slowModel } from '../support/ir-model.ts';
import { outcome, predict, statuses } from '../support/predict.ts';
import { launchServer, startServer, type TestServer, temporaryFolder } from '../support/server.ts';

const cleanUps: (() => unknown)[] = [];
/** Stands for the whole file where a helper wants a test to clean up after. */
const file = { after: (cleanUp: () => unknown) => cleanUps.push(cleanUp) } as unknown as TestContext;
after(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

const dtypes: Readonly<Record<Exclude<NumericPrecision, 'BOOL'>, string>> = {
  FP32: 'DT_FLOAT',
  FP64: 'DT_DOUBLE',
  FP16: 'DT_HALF',
  BF16: 'DT_BFLOAT16',
  I8: 'DT_INT8',
  I16: 'DT_INT16',
  I32: 'DT_INT32',
  I64: 'DT_INT64',
  U8: 'DT_UINT8',
  U16: 'DT_UINT16',
  U32: 'DT_UINT32',
  U64: 'DT_UINT64',
};
const precisions = Object.keys(dtypes) as (keyof typeof dtypes)[];

let server: TestServer;

before(async () => {
  const folder = temporaryFolder(file);
  const models = {
    m: addModel('FP32', [1, 10]),
    range: addModel('FP32', ['1..5', -1]),
    scalar: addModel('FP32', []),
    two: twoInputs(),
    texts: identityModel('STRING'),
    flags: identityModel('BOOL'),
    rows: upperCaseModel(),
    slow: slowModel(),
    ...Object.fromEntries(precisions.map((precision) => [`add_${precision}`, addModel(precision, [-1, 3])])),
  };
  for (const [name, model] of Object.entries(models)) model.write(join(folder, name, '1'));
  const config = join(folder, 'config.json');
  const list = Object.keys(models).map((name) => ({ config: { name, base_path: name } }));
  writeFileSync(config, JSON.stringify({ model_config_list: list }));
  server = await startServer(file, ['--config_path', config, '--settle_milliseconds', '50', '--queue_size', '2']);
});

/** Texts as rows of bytes, as models had them before there were strings; `a_string` has 32 taken from each byte that has them: zeros stay zeros. */
function upperCaseModel() {
  const model = new IrModel();
  const b = model.input('b', 'U8', [-1, -1]);
  const constant = (value: number) => model.constant('U8', [], scalar('U8', value));
  const attributes = { auto_broadcast: 'numpy' };
  const shift = model.operation('Minimum', [b, constant(32)], { attributes });
  return model.output(model.operation('Subtract', [b, shift], { attributes, name: 'a_string' }));
}

function twoInputs() {
  const model = addModel('FP32', [1, 2]);
  const c = model.input('c', 'FP32', [1, 2]);
  return model.output(model.operation('Relu', [c], { name: 'd' }));
}

const dims = (...sizes: number[]) => ({ dim: sizes.map((size) => ({ size })) });
const floats = (count: number, ...shape: number[]) => ({
  dtype: 'DT_FLOAT',
  tensor_shape: dims(...shape),
  tensor_content: Buffer.from(new Float32Array(count).fill(2).buffer),
});
const ask = (name: string, inputs: object, more: object = {}) =>
  outcome(predict(server.client, { model_spec: { name }, inputs, ...more }));

for (const precision of precisions) {
  test(`${precision}: adds one, to the bit`, async () => {
    const zero = Buffer.alloc(bytesPerElement[precision] * 6);
    const one = Buffer.concat(Array.from({ length: 6 }, () => scalar(precision, 1)));
    const input = { dtype: dtypes[precision], tensor_shape: dims(2, 3), tensor_content: zero };
    const { outputs } = await predict(server.client, {
      model_spec: { name: `add_${precision}` },
      inputs: { b: input },
    });
    assert.deepEqual(outputs.a!.tensor_content, one);
    assert.equal(outputs.a!.dtype, dtypes[precision]);
    const empty = { dtype: dtypes[precision], tensor_shape: dims(0, 3) };
    const none = await predict(server.client, { model_spec: { name: `add_${precision}` }, inputs: { b: empty } });
    assert.deepEqual(none.outputs.a!.tensor_shape.dim, [{ size: '0' }, { size: '3' }]);
  });
}

const valueFields: [precision: keyof typeof dtypes, values: object][] = [
  ['FP32', { float_val: [0, 0, 0] }],
  ['FP64', { double_val: [0, 0, 0] }],
  ['FP16', { half_val: [0, 0, 0] }],
  ['BF16', { half_val: [0] }],
  ['I8', { int_val: [0, 0, 0] }],
  ['I16', { int_val: [0] }],
  ['U8', { int_val: [0, 0, 0] }],
  ['U16', { int_val: [0, 0, 0] }],
  ['I32', { int_val: [0, 0, 0] }],
  ['I64', { int64_val: [0, 0, 0] }],
  ['U32', { uint32_val: [0, 0, 0] }],
  ['U64', { uint64_val: [0] }],
];

for (const [precision, values] of valueFields) {
  test(`${precision}: takes ${JSON.stringify(values)} for a tensor of three`, async () => {
    const input = { dtype: dtypes[precision], tensor_shape: dims(1, 3), ...values };
    const { outputs } = await predict(server.client, {
      model_spec: { name: `add_${precision}` },
      inputs: { b: input },
    });
    assert.deepEqual(outputs.a!.tensor_content, Buffer.concat(Array.from({ length: 3 }, () => scalar(precision, 1))));
  });
}

test('strings of any bytes and booleans come back as they went', async () => {
  const texts = [Buffer.from('one'), Buffer.alloc(0), Buffer.from('a\0b'), Buffer.alloc(100, 7)];
  const strings = { b: { dtype: 'DT_STRING', tensor_shape: dims(4), string_val: texts } };
  const { outputs } = await predict(server.client, { model_spec: { name: 'texts' }, inputs: strings });
  assert.deepEqual((outputs.a as unknown as { string_val: Buffer[] }).string_val, texts);
  const flags = { b: { dtype: 'DT_BOOL', tensor_shape: dims(2), bool_val: [true, false] } };
  const answer = await predict(server.client, { model_spec: { name: 'flags' }, inputs: flags });
  assert.deepEqual([...answer.outputs.a!.tensor_content], [1, 0]);
});

test('texts go to a model that takes them as rows of bytes, and come back from one whose output is called a string', async () => {
  const texts = ['one', '', 'three'].map((text) => Buffer.from(text));
  const inputs = { b: { dtype: 'DT_STRING', tensor_shape: dims(3), string_val: texts } };
  const { outputs } = await predict(server.client, { model_spec: { name: 'rows' }, inputs });
  const { dtype, tensor_shape, string_val } = outputs.a_string as unknown as {
    string_val: Buffer[];
  } & PredictResponse['outputs'][string];
  assert.deepEqual([dtype, tensor_shape.dim], ['DT_STRING', [{ size: '3' }]]);
  assert.deepEqual(string_val.map(String), ['ONE', '', 'THREE']);
  // Rows that the client filled up itself are taken as well.
  const filled = { dtype: 'DT_UINT8', tensor_shape: dims(1, 4), tensor_content: Buffer.from('two\0') };
  const answer = await predict(server.client, { model_spec: { name: 'rows' }, inputs: { b: filled } });
  assert.deepEqual((answer.outputs.a_string as unknown as { string_val: Buffer[] }).string_val.map(String), ['TWO']);
});

test('a scalar, and a shape that the model leaves open', async () => {
  const single = await predict(server.client, { model_spec: { name: 'scalar' }, inputs: { b: floats(1) } });
  assert.equal(single.outputs.a!.tensor_content.readFloatLE(), 3);
  const open = await predict(server.client, { model_spec: { name: 'range' }, inputs: { b: floats(20, 4, 5) } });
  assert.deepEqual(
    open.outputs.a!.tensor_shape.dim.map(({ size }) => size),
    ['4', '5'],
  );
});

test('the answer says which model, version and signature it comes from', async () => {
  const { model_spec } = await predict(server.client, { model_spec: { name: 'm' }, inputs: { b: floats(10, 1, 10) } });
  assert.deepEqual(model_spec, {
    name: 'm',
    version: { value: '1' },
    signature_name: 'serving_default',
  });
});

const refusals: [name: string, model: string, inputs: object, refusal: string, more?: object][] = [
  ['an unknown model', 'nobody', {}, '5 Pipeline with requested name is not found'],
  ['no model', '', {}, '5 Pipeline with requested name is not found'],
  [
    'an unknown version',
    'm',
    {},
    '5 Model with requested version is not found',
    { model_spec: { name: 'm', version: { value: 9 } } },
  ],
  ['no input', 'm', {}, '3 Invalid number of inputs - Expected: 1; Actual: 0'],
  ['another input', 'm', { c: floats(10, 1, 10) }, '3 Missing input with specific name - Required input: b'],
  [
    'a negative size',
    'm',
    { b: floats(10, -1, 10) },
    '3 Invalid input shape - Negative or zero dimension size is not acceptable: (-1,10); input name: b',
  ],
  [
    'another type',
    'm',
    { b: { ...floats(10, 1, 10), dtype: 'DT_INT32' } },
    '3 Invalid input precision - Expected: FP32; Actual: I32; input name: b',
  ],
  [
    'strings for numbers',
    'm',
    { b: { dtype: 'DT_STRING', tensor_shape: dims(1), string_val: [Buffer.from('x')] } },
    '3 Invalid input precision - Expected: FP32; Actual: STRING; input name: b',
  ],
  [
    'another rank',
    'm',
    { b: floats(10, 10) },
    '3 Invalid number of shape dimensions - Expected: (1,10); Actual: (10); input name: b',
  ],
  [
    'another batch size',
    'm',
    { b: floats(20, 2, 10) },
    '3 Invalid input batch size - Expected: 1; Actual: 2; input name: b',
  ],
  [
    'another size',
    'm',
    { b: floats(11, 1, 11) },
    '3 Invalid input shape - Expected: (1,10); Actual: (1,11); input name: b',
  ],
  [
    'a size out of range',
    'range',
    { b: floats(6, 6, 1) },
    '3 Invalid input shape - Expected: ([1~5],-1); Actual: (6,1); input name: b',
  ],
  [
    'too few bytes',
    'm',
    { b: floats(9, 1, 10) },
    '3 Invalid content size of tensor proto - Expected: 40 bytes; Actual: 36 bytes; input name: b',
  ],
  [
    'too few values',
    'm',
    { b: { dtype: 'DT_FLOAT', tensor_shape: dims(1, 10), float_val: Array(9).fill(1) } },
    '3 Invalid number of values in tensor proto container - Expected: 10; Actual: 9; input name: b',
  ],
  [
    'a shape beyond memory',
    'range',
    { b: floats(1, 5, Number.MAX_SAFE_INTEGER) },
    '3 Invalid content size of tensor proto - Shape dimensions are too large; input name: b',
  ],
  [
    'the first wrong input by name',
    'two',
    { c: floats(9, 9), b: floats(1, 1) },
    '3 Invalid number of shape dimensions - Expected: (1,2); Actual: (1); input name: b',
  ],
  [
    'an unknown output',
    'm',
    { b: floats(10, 1, 10) },
    '3 Invalid output filter - Expected: one of a; Actual: z',
    { output_filter: ['z'] },
  ],
  [
    'an unknown signature',
    'm',
    { b: floats(10, 1, 10) },
    '9 Signature with requested name is not found - Expected: serving_default; Actual: other',
    { model_spec: { name: 'm', signature_name: 'other' } },
  ],
];

for (const [name, model, inputs, refusal, more] of refusals) {
  test(`refuses ${name}`, async () => {
    assert.equal(await ask(model, inputs, more), refusal);
  });
}

test('output_filter chooses outputs, and their order is the client’s', async () => {
  const inputs = { b: floats(2, 1, 2), c: floats(2, 1, 2) };
  const both = await predict(server.client, { model_spec: { name: 'two' }, inputs });
  assert.deepEqual(Object.keys(both.outputs), ['a', 'd']);
  const one = await predict(server.client, { model_spec: { name: 'two' }, inputs, output_filter: ['d'] });
  assert.deepEqual(Object.keys(one.outputs), ['d']);
});

test('status and metadata of unknown models, versions and fields', async () => {
  const metadata = (request: object) => outcome(server.client.call('PredictionService', 'GetModelMetadata', request));
  const status = (request: object) => outcome(server.client.call('ModelService', 'GetModelStatus', request));
  assert.equal(await status({ model_spec: { name: 'nobody' } }), '5 Model with requested name is not found');
  assert.equal(
    await status({ model_spec: { name: 'm', version: { value: 2 } } }),
    '5 Model with requested version is not found',
  );
  const field = { metadata_field: ['signature_def'] };
  assert.equal(
    await metadata({ model_spec: { name: 'nobody' }, ...field }),
    '5 Model with requested name is not found',
  );
  assert.equal(await metadata(field), '3 model_spec missing in request');
  assert.equal(await metadata({ model_spec: { name: 'm' } }), '3 Invalid signature name');
  assert.equal(await metadata({ model_spec: { name: 'm' }, metadata_field: ['x'] }), '3 Invalid signature name');
  assert.deepEqual(
    (await statuses(server.client)).map(({ version, state, status: { error_code, error_message } }) => [
      version,
      state,
      error_code,
      error_message,
    ]),
    [['1', 'AVAILABLE', 'OK', 'OK']],
  );
});

for (const method of ['Classify', 'Regress', 'MultiInference']) {
  test(`${method} is unimplemented`, async () => {
    assert.match(String(await outcome(server.client.call('PredictionService', method, {}))), /^12 /);
  });
}

/** Any method over bytes, as no sane client calls it. */
function callRaw(method: string, message: Buffer, deadlineMs?: number): Promise<unknown> {
  const raw = new GrpcClient(`127.0.0.1:${server.port}`, credentials.createInsecure());
  const identity = (bytes: Buffer) => bytes;
  const options = deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
  return new Promise((resolve, reject) => {
    raw.makeUnaryRequest(`/tensorflow.serving.${method}`, identity, identity, message, options, (error, answer) => {
      raw.close();
      if (error) reject(error);
      else resolve(answer);
    });
  });
}

test('malformed bytes are the caller’s fault, whatever they are', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
      const message = Buffer.concat([Buffer.from([0x0a, 0xff, 0x7f]), bytes]);
      for (const method of [
        'PredictionService/Predict',
        'PredictionService/GetModelMetadata',
        'ModelService/GetModelStatus',
      ]) {
        assert.match(String(await outcome(callRaw(method, message))), /^3 Malformed protobuf message/);
      }
    }),
    { numRuns: 30 },
  );
});

test('a full queue refuses, a deadline drops what has not begun, and the model serves on', async () => {
  const request = { model_spec: { name: 'slow' }, inputs: { b: floats(512 * 1024, 512, 1024) } };
  const outcomes = await Promise.all(Array.from({ length: 12 }, () => outcome(predict(server.client, request))));
  const refused = outcomes.filter((answer) => typeof answer === 'string');
  assert.ok(refused.length > 0 && refused.length < 12, `${refused.length} of 12 were refused`);
  for (const refusal of refused)
    assert.match(String(refusal), /^8 Too many requests wait for an infer request - Limit: 2;/);
  const error = (await callRaw('PredictionService/Predict', Buffer.alloc(0), 0).catch((e) => e)) as ServiceError;
  assert.equal(error.code, 4);
  assert.notEqual(typeof (await outcome(predict(server.client, request))), 'string');
});

test('every problem of a command line is told at once', async (t) => {
  const wrong = await launchServer(t, [
    '--nireq',
    'x',
    '--prot=1',
    '--mean',
    'grey',
    '--max_sequence_number=5',
    '--low_latency_transformation=false',
    '--engine',
    'z',
    '--model_path',
    'a/../b',
  ]);
  assert.equal(await wrong.exited, 2);
  assert.deepEqual(wrong.said.slice(0, -1), [
    'unknown flag --prot (did you mean --port?)',
    '--nireq: expected an integer from 0 to 100000, got "x"',
    '--engine: expected one of openvino, openvino-node, got "z"',
    '--model_name: must be given, unless --config_path is',
    '--model_path: ".." is not allowed in a path: a/../b',
    '--mean: expected a number, or one for each channel such as "[123.675,116.28,103.53]", got "grey"',
    '--max_sequence_number: Stateful model config parameter used for non stateful model',
  ]);
});
