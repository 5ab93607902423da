import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Client, credentials, type ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { floats, type PredictResponse } from '../../examples/clients/typescript/client.ts';
import { addModel, convolutionModel } from '../support/ir-model.ts';
import { startOtlpReceiver } from '../support/otlp-receiver.ts';
import { outcome, predict } from '../support/predict.ts';
import { single } from '../support/repository.ts';
import { startServer, temporaryFolder } from '../support/server.ts';

const { Predict } = loadSync('tensorflow_serving/apis/prediction_service.proto', {
  includeDirs: [fileURLToPath(new URL('../../protos', import.meta.url))],
  keepCase: true,
})['tensorflow.serving.PredictionService'] as ServiceDefinition;

const size = 256;
const request = {
  model_spec: { name: 'm' },
  inputs: { b: floats(new Float32Array(size * size).fill(2), 1, 1, size, size) },
};

/** A server whose model takes a while, one request at a time; `begun` counts inferences, and ends it. */
async function startSlow(t: TestContext) {
  const folder = temporaryFolder(t);
  convolutionModel(size, 64).write(join(folder, '1'));
  const receiver = await startOtlpReceiver();
  t.after(() => receiver.close());
  const server = await startServer(t, [...single(folder), '--nireq', '1'], {
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.grpcEndpoint,
  });
  const begun = async () => {
    assert.equal(await server.stop(), 0);
    return receiver.spans.filter(({ name }) => name === 'inference').length;
  };
  const client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure());
  t.after(() => client.close());
  /** A Predict that can be cancelled or have a deadline. */
  const ask = (deadlineMs = 60_000) => {
    let cancel = () => {};
    const answer = new Promise((resolve, reject) => {
      const options = { deadline: Date.now() + deadlineMs };
      const { path, requestSerialize } = Predict!;
      const call = client.makeUnaryRequest(
        path,
        requestSerialize,
        (bytes) => bytes,
        request,
        options,
        (error, bytes) => (error ? reject(error) : resolve(bytes)),
      );
      cancel = () => call.cancel();
    });
    return { outcome: outcome(answer), cancel };
  };
  const timed = async () => {
    const begin = performance.now();
    const { outputs } = await predict(server.client, request);
    assert.deepEqual(outputs.a!.tensor_content, request.inputs.b.tensor_content);
    return performance.now() - begin;
  };
  await timed();
  return { server, ask, begun, oneMs: Math.min(await timed(), await timed()) };
}

const queued = 20;
/** Inferences that `startSlow` itself asks for. */
const warmUps = 3;

for (const how of ['cancelled', 'late'] as const) {
  test(`requests that are ${how} before they begin are dropped, and not run`, async (t) => {
    const { ask, oneMs, server, begun } = await startSlow(t);
    const first = ask();
    await new Promise((resolve) => setTimeout(resolve, oneMs / 4));
    const waiting = Array.from({ length: queued }, () => ask(how === 'late' ? oneMs / 2 : undefined));
    await new Promise((resolve) => setTimeout(resolve, oneMs / 4));
    if (how === 'cancelled') for (const { cancel } of waiting) cancel();
    const outcomes = await Promise.all(waiting.map(({ outcome }) => outcome));
    for (const refusal of outcomes) assert.match(String(refusal), how === 'late' ? /^4 / : /^1 /);
    assert.notEqual(typeof (await first.outcome), 'string');
    await predict(server.client, request);
    // On a machine that stumbles, the first may end while some of the others are still wanted.
    const others = (await begun()) - warmUps - 2;
    assert.ok(others < queued / 2, `${others} of ${queued} were run`);
  });
}

test('SIGTERM lets the requests under way finish, those that wait as well, and the exit code is 0', async (t) => {
  const { ask, oneMs, server } = await startSlow(t);
  const running = Array.from({ length: 3 }, () => ask());
  await new Promise((resolve) => setTimeout(resolve, oneMs / 2));
  server.process.kill('SIGTERM');
  await server.logged(({ msg }) => msg.startsWith('Ending'));
  for (const { outcome } of running) assert.ok(Buffer.isBuffer(await outcome), String(await outcome));
  assert.equal(await server.exited, 0);
});

test('a tensor of 96 MB goes in and comes out right', async (t) => {
  const folder = temporaryFolder(t);
  addModel('FP32', [-1, 1024]).write(join(folder, '1'));
  const { client } = await startServer(t, single(folder));
  const rows = 24 * 1024;
  const values = new Float32Array(rows * 1024).map((_, i) => i % 65_536);
  const { outputs } = await client.call<PredictResponse>('PredictionService', 'Predict', {
    model_spec: { name: 'm' },
    inputs: { b: floats(values, rows, 1024) },
  });
  const sums = new Float32Array(new Uint8Array(outputs.a!.tensor_content).buffer);
  assert.equal(sums.length, values.length);
  assert.equal(
    sums.findIndex((sum, i) => sum !== values[i]! + 1),
    -1,
  );
});
