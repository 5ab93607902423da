import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { addModel, identityModel, slowModel } from '../support/ir-model.ts';
import { KServeClient } from '../support/kserve.ts';
import { outcome } from '../support/predict.ts';
import { writeModels } from '../support/protocol-models.ts';
import { startServer, temporaryFolder } from '../support/server.ts';

const cleanUps: (() => unknown)[] = [];
/** Stands for the whole file where a helper wants a test to clean up after. */
const file = { after: (cleanUp: () => unknown) => cleanUps.push(cleanUp) } as unknown as TestContext;
after(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

let client: KServeClient;

before(async () => {
  const models = {
    m: addModel('FP32', [1, 10]),
    range: addModel('FP32', ['1..5', -1]),
    texts: identityModel('STRING'),
    slow: slowModel(),
  };
  const config = writeModels(temporaryFolder(file), models, [{ name: 'empty', base_path: 'empty', required: false }]);
  const { port } = await startServer(file, ['--config_path', config, '--settle_milliseconds', '50']);
  client = new KServeClient(file, port);
});

const input = (...shape: number[]) => ({ name: 'b', datatype: 'FP32', shape });
const floats = (count: number, value = 2) => Buffer.from(new Float32Array(count).fill(value).buffer);
const slow = { model_name: 'slow', id: 'slow', inputs: [input(64, 1024)], raw_input_contents: [floats(64 * 1024)] };
const ask = (id: string, value: number) => ({
  model_name: 'm',
  id,
  inputs: [input(1, 10)],
  raw_input_contents: [floats(10, value)],
});

test('server: live, ready, and what it is', async () => {
  assert.deepEqual(await client.call('ServerLive'), { live: true });
  assert.deepEqual(await client.call('ServerReady'), { ready: true });
  const { name, version, extensions } = await client.call('ServerMetadata');
  assert.equal(name, 'OpenVINO Model Server');
  assert.match(String(version), /^\d+\.\d+\.\d+/);
  assert.deepEqual(extensions, ['sequence']);
});

test('a model: ready, or not, or nobody’s', async () => {
  const ready = (name: string, version = '') => outcome(client.call('ModelReady', { name, version }));
  assert.deepEqual(await ready('m'), { ready: true });
  assert.deepEqual(await ready('m', '1'), { ready: true });
  assert.equal(await ready('nobody'), '5 Model with requested name is not found');
  assert.equal(await ready('nobody', 'x'), '5 Model with requested name is not found');
  assert.equal(await ready('m', '0'), '5 Model with requested version is not found');
  assert.equal(await ready('m', '2'), '5 Model with requested version is not found');
  assert.equal(await ready('m', '1.0'), '3 invalid model version format in request');
  assert.equal(await ready('empty'), '5 Model with requested version is not found');
});

test('a model’s metadata', async () => {
  const metadata = (name: string, version = '') => outcome(client.call('ModelMetadata', { name, version }));
  assert.deepEqual(await metadata('range', '1'), {
    name: 'range',
    versions: ['1'],
    platform: 'OpenVINO',
    inputs: [{ name: 'b', datatype: 'FP32', shape: ['-1', '-1'] }],
    outputs: [{ name: 'a', datatype: 'FP32', shape: ['-1', '-1'] }],
    properties: {},
  });
  const texts = (await metadata('texts')) as { inputs: object[] };
  assert.deepEqual(texts.inputs, [{ name: 'b', datatype: 'BYTES', shape: ['-1'] }]);
  assert.equal(await metadata('nobody'), '5 Model with requested name is not found');
  assert.equal(await metadata('m', '0'), '5 Model with requested version is not found');
  assert.equal(await metadata('m', '2'), '5 Model with requested version is not found');
  assert.equal(await metadata('m', 'one'), '3 invalid model version format in request');
});

test('the index of the repository', async () => {
  const { models } = await client.call<{ models: { name: string; state: string }[] }>('RepositoryIndex');
  assert.deepEqual(
    models.map(({ name }) => name),
    models.map(({ name }) => name).toSorted(),
  );
  assert.deepEqual(
    models.filter(({ name }) => name === 'm' || name === 'empty'),
    [
      { name: 'empty', version: '', state: 'UNAVAILABLE', reason: 'no version was found' },
      { name: 'm', version: '1', state: 'READY', reason: '' },
    ],
  );
  const ready = await client.call<{ models: { state: string }[] }>('RepositoryIndex', { ready: true });
  assert.equal(ready.models.length, models.length - 1);
  for (const { state } of ready.models) assert.equal(state, 'READY');
});

test('a stream: answers in order, the errors among them, and it goes on', async () => {
  const requests = Array.from({ length: 50 }, (_, i) =>
    i % 3 === 1 ? { model_name: 'nobody', id: `${i}` } : ask(`${i}`, i),
  );
  const answers = await client.stream([slow, ...requests]);
  assert.deepEqual(
    answers.map(({ infer_response }) => infer_response!.id),
    ['slow', ...requests.map(({ id }) => id)],
  );
  for (const [i, { error_message, infer_response }] of answers.slice(1).entries()) {
    if (i % 3 === 1) assert.equal(error_message, 'Mediapipe graph definition with requested name is not found');
    else assert.equal(infer_response!.raw_output_contents[0]!.readFloatLE(), i + 1);
  }
});

test('a stream of nothing ends well; one that is cancelled leaves nothing behind', async () => {
  assert.deepEqual(await client.stream([]), []);
  const stream = client.stub.ModelStreamInfer();
  const ended = new Promise((resolve) => stream.once('error', resolve));
  for (let i = 0; i < 20; i++) stream.write(slow);
  await new Promise((resolve) => setTimeout(resolve, 50));
  stream.cancel();
  await ended;
  const { raw_output_contents } = await client.infer(ask('', 2));
  assert.equal(raw_output_contents[0]!.readFloatLE(), 3);
});

test('a version that does not load is not ready, and the index says why; the server is not ready either', async (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'broken/3'), { recursive: true });
  writeFileSync(join(folder, 'broken/3/model.xml'), 'no model');
  const config = writeModels(folder, {}, [{ name: 'broken', base_path: 'broken' }]);
  const { port } = await startServer(t, ['--config_path', config, '--settle_milliseconds', '50']);
  const own = new KServeClient(t, port);
  assert.deepEqual(await own.call('ServerLive'), { live: true });
  assert.deepEqual(await own.call('ServerReady'), { ready: false });
  assert.deepEqual(await own.call('ModelReady', { name: 'broken', version: '3' }), { ready: false });
  const refused = (method: string, request: object) => outcome(own.call(method, request));
  assert.equal(await refused('ModelReady', { name: 'broken' }), '5 Model with requested version is not found');
  const notLoaded = '14 Model with requested version is not loaded yet';
  assert.equal(await refused('ModelMetadata', { name: 'broken', version: '3' }), notLoaded);
  assert.equal(await refused('ModelInfer', { model_name: 'broken', model_version: '3' }), notLoaded);
  const { models } = await own.call<{ models: { reason: string }[] }>('RepositoryIndex');
  assert.equal(models.length, 1);
  assert.match(models[0]!.reason, /./);
  assert.deepEqual(models[0], { ...models[0], name: 'broken', version: '3', state: 'UNAVAILABLE' });
});
