import assert from 'node:assert/strict';
import { before, type TestContext, test } from 'node:test';
import { Metadata } from '@grpc/grpc-js';
import fc from 'fast-check';
import { modelInferRequest } from '../support/arbitrary-model-infer-request.ts';
import { predictRequest } from '../support/arbitrary-predict-request.ts';
import { fuzzing, MemoryWatch } from '../support/fuzz.ts';
import { hostileBytes } from '../support/hostile-bytes.ts';
import { KServeClient, packed } from '../support/kserve.ts';
import { outcome } from '../support/predict.ts';
import { protoType } from '../support/proto-type.ts';
import { datatypes, protocolModels, writeModels } from '../support/protocol-models.ts';
import { written } from '../support/raw-message.ts';
import { restFlags } from '../support/rest.ts';
import { startServer, type TestServer, temporaryFolder } from '../support/server.ts';

/** A request by the fields of its message, which is answered. */
interface Good {
  readonly method: string;
  readonly message: Buffer;
}

const kserve = '/inference.GRPCInferenceService/';
const predict = '/tensorflow.serving.PredictionService/Predict';
const inferRequest = protoType('grpc_predict_v2.proto', 'inference.ModelInferRequest');
const streamAnswer = protoType('grpc_predict_v2.proto', 'inference.ModelStreamInferResponse');
const predictMessage = protoType('tensorflow_serving/apis/predict.proto', 'tensorflow.serving.PredictRequest');

/** Where each type has its elements that are not raw, and what TensorFlow calls it. */
const elements: Readonly<
  Record<keyof typeof datatypes | 'BOOL', readonly [contents: string, dtype: number, values: string]>
> = {
  FP32: ['fp32_contents', 1, 'float_val'],
  FP64: ['fp64_contents', 2, 'double_val'],
  FP16: ['', 19, 'half_val'],
  BF16: ['', 14, 'half_val'],
  I8: ['int_contents', 6, 'int_val'],
  I16: ['int_contents', 5, 'int_val'],
  I32: ['int_contents', 3, 'int_val'],
  I64: ['int64_contents', 9, 'int64_val'],
  U8: ['uint_contents', 4, 'int_val'],
  U16: ['uint_contents', 17, 'int_val'],
  U32: ['uint_contents', 22, 'uint32_val'],
  U64: ['uint64_contents', 23, 'uint64_val'],
  BOOL: ['bool_contents', 10, 'bool_val'],
};

let server: TestServer;
let memory: MemoryWatch;

before(async (t) => {
  const context = t as unknown as TestContext;
  const config = writeModels(temporaryFolder(context), protocolModels());
  const rest = await restFlags();
  const flags = ['--config_path', config, '--settle_milliseconds', '50', '--metrics_enable', ...rest.flags];
  server = await startServer(context, [...flags, '--grpc_memory_quota', '100000000']);
  memory = new MemoryWatch(rest.port);
});

const infer = (model_name: string, input: object, ...raw: Buffer[]): Good => ({
  method: `${kserve}ModelInfer`,
  message: Buffer.from(
    inferRequest.encode({
      model_name,
      id: 'x',
      inputs: [{ name: 'b', ...input }],
      outputs: [{ name: model_name === 'rows' ? 'a_string' : 'a' }],
      raw_input_contents: raw,
    }),
  ),
});
const predicted = (name: string, tensor: object): Good => ({
  method: predict,
  message: Buffer.from(
    predictMessage.encode({ model_spec: { name, signature_name: 'serving_default' }, inputs: { b: tensor } }),
  ),
});
const dims = (...sizes: number[]) => ({ dim: sizes.map((size) => ({ size })) });

/** Each type as raw bytes and as a list of values, in both protocols. */
const goods: readonly Good[] = [
  ...Object.entries(datatypes).flatMap(([precision, datatype]) => {
    const [contents, dtype, values] = elements[precision as keyof typeof datatypes];
    const bytes = Buffer.alloc(6 * (Number(/\d+$/.exec(datatype)![0]) / 8), 1);
    const model = `add_${datatype}`;
    const six = [1, 2, 3, 4, 5, 6];
    return [
      infer(model, { datatype, shape: [2, 3] }, bytes),
      ...(contents === '' ? [] : [infer(model, { datatype, shape: [2, 3], contents: { [contents]: six } })]),
      predicted(model, { dtype, tensor_shape: dims(2, 3), tensor_content: bytes }),
      predicted(model, { dtype, tensor_shape: dims(2, 3), [values]: six }),
    ];
  }),
  infer('flags', { datatype: 'BOOL', shape: [2], contents: { bool_contents: [true, false] } }),
  infer('texts', { datatype: 'BYTES', shape: [2], contents: { bytes_contents: [Buffer.from('a'), Buffer.from('ä')] } }),
  infer('texts', { datatype: 'BYTES', shape: [2] }, packed('a', 'bcd')),
  infer('rows', { datatype: 'BYTES', shape: [2] }, packed('a', 'bcd')),
  predicted('flags', { dtype: elements.BOOL[1], tensor_shape: dims(2), bool_val: [true, false] }),
  predicted('texts', { dtype: 7, tensor_shape: dims(2), string_val: [Buffer.from('a'), Buffer.from('bcd')] }),
  predicted('rows', { dtype: 7, tensor_shape: dims(2), string_val: [Buffer.from('a'), Buffer.from('bcd')] }),
];

/** A unary method over bytes, as no sane client calls it. Too late is no answer. */
function call({ stub }: KServeClient, { method, message }: Good): Promise<Buffer> {
  const identity = (bytes: Buffer) => bytes;
  const options = { deadline: Date.now() + 15_000 };
  return new Promise((resolve, reject) => {
    stub.makeUnaryRequest(method, identity, identity, message, new Metadata(), options, (error, bytes) =>
      error ? reject(error) : resolve(bytes!),
    );
  });
}

/** Sends all of them in one stream of inferences. @returns the error of each, or nothing */
async function stream({ stub }: KServeClient, messages: readonly Buffer[]): Promise<string[]> {
  const asked = stub.makeBidiStreamRequest(
    `${kserve}ModelStreamInfer`,
    (bytes: Buffer) => bytes,
    (bytes: Buffer) => streamAnswer.decode(bytes),
    { deadline: Date.now() + 15_000 },
  );
  for (const message of messages) asked.write(message);
  asked.end();
  const errors: string[] = [];
  for await (const { error_message } of asked) errors.push(error_message ?? '');
  return errors;
}

const isInfer = ({ method }: Good) => method === `${kserve}ModelInfer`;
const inferences = fc.constantFrom(...goods.filter(isInfer)).map(({ message }) => message);
const predictions = fc.constantFrom(...goods.filter((one) => !isInfer(one))).map(({ message }) => message);

/** Requests to models that there are, with inputs that may fit: they get as far as the model, or nearly. */
const plausible = fc
  .record({
    model_name: fc.constantFrom('add_FP32', 'two', 'texts', 'rows', 'flags'),
    datatype: fc.constantFrom('FP32', 'BYTES', 'UINT8', 'INT64', 'BOOL', ''),
    shape: fc.array(fc.oneof(fc.integer({ min: -1, max: 3 }), fc.constantFrom(3, 2 ** 31, 2 ** 53 - 1)), {
      maxLength: 3,
    }),
    raw: fc.option(fc.uint8Array({ maxLength: 48 })),
    strings: fc.option(fc.array(fc.uint8Array({ maxLength: 8 }), { maxLength: 4 })),
    floats: fc.option(fc.array(fc.float(), { maxLength: 10 })),
    outputs: fc.array(fc.constantFrom('a', 'a_string', 'z'), { maxLength: 2 }),
  })
  .map(({ model_name, datatype, shape, raw, strings, floats: numbers, outputs }) =>
    Buffer.from(
      inferRequest.encode({
        model_name,
        inputs: [
          {
            name: 'b',
            datatype,
            shape,
            ...((strings ?? numbers) && { contents: { bytes_contents: strings ?? [], fp32_contents: numbers ?? [] } }),
          },
        ],
        outputs: outputs.map((name) => ({ name })),
        ...(raw && { raw_input_contents: [raw] }),
      }),
    ),
  );

/** The fields of a good message and then others, of which the last one counts, or is one more of them. */
const joined = (first: fc.Arbitrary<Buffer>, second: fc.Arbitrary<Buffer>) =>
  fc.tuple(first, second).map((parts) => Buffer.concat(parts));

const kserveMessages = fc.oneof(
  inferences,
  plausible,
  hostileBytes(inferences),
  hostileBytes(modelInferRequest.map(written)),
  joined(inferences, modelInferRequest.map(written)),
  joined(inferences, hostileBytes(inferences)),
);
const predictMessages = fc.oneof(
  predictions,
  hostileBytes(predictions),
  hostileBytes(predictRequest.map(written)),
  joined(predictions, predictRequest.map(written)),
  joined(predictions, hostileBytes(predictions)),
);

async function recordGoods(client: KServeClient): Promise<() => Promise<void>> {
  const ask = () => Promise.all(goods.map((one) => call(client, one)));
  const before = await ask();
  await memory.begin();
  return async () => {
    assert.deepEqual(await ask(), before);
    await memory.check();
    assert.deepEqual(
      server.log.filter(({ level }) => level === 'error'),
      [],
    );
  };
}

test('a fuzzer of KServe messages finds an answer to each, the same in a stream, and none that is the server’s fault', async (t) => {
  const client = new KServeClient(t, server.port);
  const checkGoods = await recordGoods(client);
  let good = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(kserveMessages, { maxLength: 20 }), async (messages) => {
      const errors = await stream(client, messages);
      assert.equal(errors.length, messages.length);
      for (const [i, message] of messages.entries()) {
        const answer = await outcome(call(client, { method: `${kserve}ModelInfer`, message }));
        if (typeof answer !== 'string') good++;
        else {
          refused++;
          assert.match(answer, /^[35] /);
        }
        assert.equal(errors[i], typeof answer === 'string' ? answer.slice(2) : '');
      }
    }),
    fuzzing(200),
  );
  assert.ok(good > 200 && refused > 200, `${good} good, ${refused} refused`);
  await checkGoods();
});

test('a fuzzer of Predict finds an answer to each, and none that is the server’s fault', async (t) => {
  const client = new KServeClient(t, server.port);
  const checkGoods = await recordGoods(client);
  let good = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(predictMessages, async (message) => {
      const answer = await outcome(call(client, { method: predict, message }));
      if (typeof answer !== 'string') good++;
      else {
        refused++;
        assert.match(answer, /^[359] /);
      }
    }),
    fuzzing(2000),
  );
  assert.ok(good > 200 && refused > 200, `${good} good, ${refused} refused`);
  await checkGoods();
});

test('so it is with methods that are seldom asked', async (t) => {
  const client = new KServeClient(t, server.port);
  const checkGoods = await recordGoods(client);
  const methods = [
    ...['ServerLive', 'ServerReady', 'ServerMetadata', 'ModelReady', 'ModelMetadata', 'RepositoryIndex'].map(
      (name) => kserve + name,
    ),
    '/tensorflow.serving.PredictionService/GetModelMetadata',
    '/tensorflow.serving.ModelService/GetModelStatus',
    '/grpc.health.v1.Health/Check',
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...methods),
      fc.oneof(kserveMessages, predictMessages),
      async (method, message) => {
        const answer = await outcome(call(client, { method, message }));
        if (typeof answer === 'string') assert.match(answer, /^[359] /);
      },
    ),
    fuzzing(500),
  );
  await checkGoods();
});
