import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { floats } from '../../examples/clients/typescript/client.ts';
import { addModel, identityModel, slowModel } from '../support/ir-model.ts';
import { KServeClient } from '../support/kserve.ts';
import { outcome, predict, predictSum } from '../support/predict.ts';
import { protoType } from '../support/proto-type.ts';
import { rowsModel } from '../support/protocol-models.ts';
import { bytesField, stringField, written } from '../support/raw-message.ts';
import { startServer, type TestServer, temporaryFolder } from '../support/server.ts';

const streamAnswer = protoType('grpc_predict_v2.proto', 'inference.ModelStreamInferResponse');

/** Requests of a few bytes that ask for much: each is refused, and whoever asks next is served. */
let server: TestServer;

before(async (t) => {
  // A suite cleans up as a test does.
  const context = t as unknown as TestContext;
  const folder = temporaryFolder(context);
  const models = {
    m: addModel('FP32', [1, 10]),
    any: addModel('FP32', [-1, -1]),
    texts: identityModel('STRING'),
    rows: rowsModel(),
  };
  for (const [name, model] of Object.entries(models)) model.write(join(folder, name, '1'));
  slowModel().write(join(folder, 'slow/1'));
  const list = [...Object.keys(models), 'slow'].map((name) => ({ config: { name, base_path: name, nireq: 1 } }));
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ model_config_list: list }));
  const quota = ['--grpc_memory_quota', '100000000'];
  server = await startServer(context, [
    '--config_path',
    join(folder, 'config.json'),
    '--settle_milliseconds',
    '50',
    ...quota,
  ]);
});

const dims = (...sizes: number[]) => ({ dim: sizes.map((size) => ({ size })) });
const asked: [what: string, name: string, input: object, refusal: RegExp][] = [
  [
    'one string for very many',
    'texts',
    { dtype: 'DT_STRING', tensor_shape: dims(12_000_000), string_val: [Buffer.alloc(0)] },
    /^3 Invalid content size of tensor proto - Shape dimensions are too large/,
  ],
  [
    'one value for very many',
    'any',
    { dtype: 'DT_FLOAT', tensor_shape: dims(80_000_000, 3), float_val: [1] },
    /^3 Invalid content size of tensor proto - Shape dimensions are too large/,
  ],
  [
    'very many empty rows that would come back as strings',
    'rows',
    { dtype: 'DT_UINT8', tensor_shape: dims(5_000_000_000, 0) },
    /^3 Too many empty strings - Expected: at most 1000000; Actual: 5000000000; output name: a_string/,
  ],
];

for (const [what, name, input, refusal] of asked) {
  test(`refused, twice: ${what}`, async () => {
    for (let time = 0; time < 2; time++) {
      assert.match(
        String(await outcome(predict(server.client, { model_spec: { name }, inputs: { b: input } }))),
        refusal,
      );
    }
    assert.deepEqual(await predictSum(server.client), { version: 1, added: 1 });
  });
}

test('values that fill a shape count towards the memory quota', async () => {
  const fill = { dtype: 'DT_FLOAT', tensor_shape: dims(12_000, 1024), float_val: [1] };
  const ask = () => outcome(predict(server.client, { model_spec: { name: 'slow' }, inputs: { b: fill } }));
  const outcomes = await Promise.all([ask(), ask(), ask(), ask()]);
  const refused = outcomes.filter((answer) => typeof answer === 'string');
  assert.equal(refused.length, 2, String(refused));
  for (const refusal of refused) assert.match(String(refusal), /^8 Requests in work would exceed the memory quota/);
  assert.notEqual(typeof (await ask()), 'string', 'what was taken is given back');
});

const forKServe: [what: string, name: string, input: object, raw: Buffer[], refusal: RegExp][] = [
  [
    'one string for very many',
    'texts',
    { datatype: 'BYTES', shape: [12_000_000], contents: { bytes_contents: [Buffer.alloc(0)] } },
    [],
    /^3 Invalid number of values in tensor proto container - Expected: 12000000 values; Actual: 1 values/,
  ],
  [
    'one value for very many',
    'any',
    { datatype: 'FP32', shape: [80_000_000, 3], contents: { fp32_contents: [1] } },
    [],
    /^3 Invalid number of values in tensor proto container - Expected: 240000000 values; Actual: 1 values/,
  ],
  [
    'very many empty strings, whose ranges would take more than the quota',
    'texts',
    { datatype: 'BYTES', shape: [10_000_000] },
    [Buffer.alloc(40_000_000)],
    /^8 Requests in work would exceed the memory quota/,
  ],
  [
    'very many empty rows that would come back as strings',
    'rows',
    { datatype: 'UINT8', shape: [5_000_000_000, 0] },
    [Buffer.alloc(0)],
    /^3 Too many empty strings - Expected: at most 1000000; Actual: 5000000000; output name: a_string/,
  ],
];

for (const [what, model_name, input, raw_input_contents, refusal] of forKServe) {
  test(`over KServe refused, twice, alone and in a stream: ${what}`, async (t) => {
    const client = new KServeClient(t, server.port);
    const request = { model_name, inputs: [{ name: 'b', ...input }], raw_input_contents };
    for (let time = 0; time < 2; time++) assert.match(String(await outcome(client.infer(request))), refusal);
    const answers = await client.stream([request, request]);
    for (const { error_message } of answers) assert.match(`${refusal.source[1]} ${error_message}`, refusal);
    assert.equal(answers.length, 2);
    assert.deepEqual(await predictSum(server.client), { version: 1, added: 1 });
  });
}

/** A unary method of KServe's over bytes, as no sane client calls it. */
function callRaw({ stub }: KServeClient, method: string, message: Buffer): Promise<unknown> {
  const identity = (bytes: Buffer) => bytes;
  return new Promise((resolve, reject) => {
    stub.makeUnaryRequest(`/inference.GRPCInferenceService/${method}`, identity, identity, message, (error, bytes) =>
      error ? reject(error) : resolve(bytes),
    );
  });
}

test('over KServe refused: very many empty strings that are not raw', async (t) => {
  const field = (number: number, bytes: Buffer) => written([bytesField(number, bytes)]);
  const contents = field(5, Buffer.alloc(20_000_000, Buffer.of(0x42, 0)));
  const input = Buffer.concat([written([stringField(1, 'b'), stringField(2, 'BYTES')]), contents]);
  const message = Buffer.concat([written([stringField(1, 'texts')]), field(5, input)]);
  const refusal = await outcome(callRaw(new KServeClient(t, server.port), 'ModelInfer', message));
  assert.match(String(refusal), /^8 Requests in work would exceed the memory quota/);
});

test('malformed bytes are the caller’s fault over KServe as well, and leave a stream as it is', async (t) => {
  const client = new KServeClient(t, server.port);
  const good = (id: string) => written([stringField(1, 'nobody'), stringField(3, id)]);
  const malformed = written([stringField(3, 'x')]).subarray(0, 2);
  for (const method of ['ModelInfer', 'ModelReady', 'ModelMetadata', 'RepositoryIndex']) {
    const refusal = await outcome(callRaw(client, method, malformed));
    assert.match(String(refusal), /^3 Malformed protobuf message/, method);
  }
  const stream = client.stub.makeBidiStreamRequest(
    '/inference.GRPCInferenceService/ModelStreamInfer',
    (bytes: Buffer) => bytes,
    (bytes: Buffer) => streamAnswer.decode(bytes),
  );
  for (const message of [good('1'), malformed, Buffer.alloc(0), good('2')]) stream.write(message);
  stream.end();
  const answers: { error_message?: string; infer_response?: object }[] = [];
  for await (const answer of stream) answers.push(answer);
  const notFound = 'Mediapipe graph definition with requested name is not found';
  assert.match(answers[1]!.error_message!, /^Malformed protobuf message/);
  assert.deepEqual(answers, [
    { error_message: notFound, infer_response: { id: '1' } },
    { error_message: answers[1]!.error_message },
    { error_message: notFound },
    { error_message: notFound, infer_response: { id: '2' } },
  ]);
});

test('messages of a stream count towards the memory quota until they are answered, and no longer', async (t) => {
  const client = new KServeClient(t, server.port);
  const raw = Buffer.alloc(2_000 * 1024 * 4);
  const inputs = [{ name: 'b', datatype: 'FP32', shape: [2_000, 1024] }];
  const answers = await client.stream(Array(20).fill({ model_name: 'any', inputs, raw_input_contents: [raw] }));
  assert.deepEqual(
    answers.map(({ error_message }) => error_message),
    Array(20).fill(''),
  );
});

test('texts that a status cannot carry as they are come back whole or cut', async () => {
  for (let length = 1360; length < 1370; length++) {
    const long = 'x'.repeat(length) + '😀'.repeat(1500);
    const label = outcome(predict(server.client, { model_spec: { name: 'm', version_label: long } }));
    assert.match(String(await label), /^5 Model with requested version is not found - no version has the label: xxx/);
    const inputs = { b: floats(new Float32Array(10), 1, 10) };
    const filter = outcome(predict(server.client, { model_spec: { name: 'm' }, inputs, output_filter: [long] }));
    assert.match(String(await filter), /^3 Invalid output filter - Expected: one of a; Actual: xxx/);
  }
  assert.deepEqual(await predictSum(server.client), { version: 1, added: 1 });
});
