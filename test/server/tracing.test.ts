import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Client, credentials, Metadata, type ServiceDefinition, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { floats } from '../../examples/clients/typescript/client.ts';
import { addModel } from '../support/ir-model.ts';
import { KServeClient } from '../support/kserve.ts';
import { type ReceivedSpan, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { startServer, temporaryFolder } from '../support/server.ts';

const { Predict } = loadSync('tensorflow_serving/apis/prediction_service.proto', {
  includeDirs: [fileURLToPath(new URL('../../protos', import.meta.url))],
  keepCase: true,
})['tensorflow.serving.PredictionService'] as ServiceDefinition;

const method = 'tensorflow.serving.PredictionService/Predict';
const traceId = (call: number) => `${call}`.repeat(32);
const callerId = 'b7ad6b7169203331';

/** Asks for a prediction as part of a trace; resolves with gRPC's status code. */
function predict(client: Client, name: string, call: number, sampled: boolean, columns = 10): Promise<number> {
  const headers = new Metadata();
  headers.set('traceparent', `00-${traceId(call)}-${callerId}-0${Number(sampled)}`);
  const request = { model_spec: { name }, inputs: { b: floats(new Float32Array(2 * columns), 2, columns) } };
  return new Promise((resolve) => {
    const answer = (error: ServiceError | null) => resolve(error?.code ?? 0);
    client.makeUnaryRequest(`/${method}`, Predict!.requestSerialize, (bytes) => bytes, request, headers, answer);
  });
}

for (const protocol of ['grpc', 'http/protobuf'] as const) {
  test(`a call's stages and a model's life can be seen in traces, over ${protocol}`, async (t) => {
    const receiver = await startOtlpReceiver();
    t.after(() => receiver.close());
    const folder = temporaryFolder(t);
    addModel('FP32', [-1, 10], 1).write(join(folder, '1'));
    const server = await startServer(t, ['--model_name', 'm', '--model_path', folder], {
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_ENDPOINT: protocol === 'grpc' ? receiver.grpcEndpoint : receiver.httpEndpoint,
      OTEL_BSP_SCHEDULE_DELAY: '50',
    });
    await server.logged(({ state }) => state === 'AVAILABLE');
    const client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure());
    t.after(() => client.close());

    assert.equal(await predict(client, 'm', 1, true), 0);
    assert.equal(await predict(client, 'm', 2, false), 0);
    assert.equal(await predict(client, 'nobody', 3, true), 5);
    assert.equal(await predict(client, 'm', 4, true, 3), 3);
    await receiver.waitFor((span) => span.traceId === traceId(4) && span.kind === 'SERVER');
    // What is left is sent at the end.
    assert.equal(await server.stop(), 0);

    assert.deepEqual(
      server.log.filter(({ level }) => level === 'warn' || level === 'error'),
      [],
    );

    const model = { 'modelserver.model.name': 'm', 'modelserver.model.version': 1 };
    const call = { 'rpc.system.name': 'grpc', 'rpc.method': method };
    const address = { 'server.address': '127.0.0.1', 'server.port': server.port };
    const good = traced(receiver.spans, traceId(1));
    assert.deepEqual(good.call.attributes, {
      ...call,
      ...address,
      ...model,
      'modelserver.batch.size': 2,
      'rpc.status_code': 'OK',
    });
    assert.equal(good.call.parentSpanId, callerId);
    assert.deepEqual(good.stages, ['decode', 'queue wait', 'inference', 'encode']);
    assert.deepEqual(traced(receiver.spans, traceId(3)).call.attributes, {
      ...call,
      ...address,
      'rpc.status_code': 'NOT_FOUND',
    });
    assert.deepEqual(traced(receiver.spans, traceId(4)).stages, ['decode']);
    assert.deepEqual(
      receiver.spans.filter((span) => span.traceId === traceId(2)),
      [],
    );
    const life = receiver.spans.filter(({ name }) => name.startsWith('model '));
    assert.deepEqual(
      life.map(({ name, attributes, status, parentSpanId }) => [name, attributes, status.code, parentSpanId]),
      [
        ['model load', model, 'UNSET', undefined],
        ['model unload', model, 'UNSET', undefined],
      ],
    );
    assert.deepEqual(new Set(receiver.spans.map(({ resource }) => resource['service.name'])), new Set(['modelserver']));
    assert.deepEqual(new Set(receiver.protocols), new Set([protocol]));
  });
}

/** The call of a trace, and its stages in the order of their beginning; all lie within it, one after another. */
function traced(spans: readonly ReceivedSpan[], trace: string): { call: ReceivedSpan; stages: string[] } {
  const all = spans.filter((span) => span.traceId === trace);
  const call = all.find(({ kind }) => kind === 'SERVER')!;
  const stages = all.filter((span) => span !== call).toSorted((a, b) => Number(a.start - b.start));
  let last = call.start;
  for (const { name, start, end, parentSpanId } of stages) {
    assert.equal(parentSpanId, call.spanId);
    assert.ok(last <= start && start <= end && end <= call.end, `${name} overlaps`);
    last = end;
  }
  return { call, stages: stages.map(({ name }) => name) };
}

test('over KServe: a call’s stages, and each message of a stream with its own', async (t) => {
  const receiver = await startOtlpReceiver();
  t.after(() => receiver.close());
  const folder = temporaryFolder(t);
  addModel('FP32', [-1, 10], 1).write(join(folder, '1'));
  const server = await startServer(t, ['--model_name', 'm', '--model_path', folder], {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.httpEndpoint,
    OTEL_BSP_SCHEDULE_DELAY: '50',
  });
  const client = new KServeClient(t, server.port);
  const inputs = [{ name: 'b', datatype: 'FP32', shape: [2, 10] }];
  const good = { model_name: 'm', inputs, raw_input_contents: [Buffer.alloc(80)] };
  await client.infer(good);
  await client.call('ServerLive');
  await client.call('ServerReady');
  await client.stream([good, { model_name: 'nobody' }, good]);
  await receiver.waitFor(({ name }) => name.endsWith('/ModelStreamInfer'));

  const calls = receiver.spans.filter(({ kind }) => kind === 'SERVER');
  assert.deepEqual(
    calls.map(({ name }) => name),
    ['ModelInfer', 'ModelStreamInfer'].map((name) => `inference.GRPCInferenceService/${name}`),
  );
  const within = ({ spanId }: ReceivedSpan) =>
    receiver.spans.filter(({ parentSpanId }) => parentSpanId === spanId).toSorted((a, b) => Number(a.start - b.start));
  const stages = ['decode', 'queue wait', 'inference', 'encode'];
  const [unary, stream] = calls as [ReceivedSpan, ReceivedSpan];
  assert.deepEqual(
    within(unary).map(({ name }) => name),
    stages,
  );
  const messages = within(stream);
  assert.deepEqual(
    messages.map((message) => [
      message.name,
      message.attributes['rpc.status_code'],
      message.status.code,
      within(message).map(({ name }) => name),
    ]),
    [
      ['message', 'OK', 'UNSET', stages],
      ['message', 'NOT_FOUND', 'UNSET', ['decode']],
      ['message', 'OK', 'UNSET', stages],
    ],
  );
  assert.equal(messages[0]!.attributes['modelserver.batch.size'], 2);
});
