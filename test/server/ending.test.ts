import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { floats } from '../../examples/clients/typescript/client.ts';
import { convolutionModel, slowModel } from '../support/ir-model.ts';
import { KServeClient, type StreamAnswer } from '../support/kserve.ts';
import { outcome, predict } from '../support/predict.ts';
import { listServices } from '../support/reflection.ts';
import { single, writeVersion } from '../support/repository.ts';
import { launchServer, startServer, temporaryFolder } from '../support/server.ts';

test('a server that is told to end while it starts begins no more loads', async (t) => {
  const folder = temporaryFolder(t);
  const names = Array.from({ length: 40 }, (_, i) => `m${i}`);
  for (const name of names) convolutionModel(128, 64).write(join(folder, name, '1'));
  const list = names.map((name) => ({ config: { name, base_path: name } }));
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ model_config_list: list }));
  const server = await launchServer(t, ['--config_path', join(folder, 'config.json'), '--settle_milliseconds', '1']);
  await server.logged(({ msg }) => msg === 'Loading model version');
  assert.equal(await server.stop('SIGTERM'), 0);
  const loads = server.log.filter(({ msg }) => msg === 'Loading model version');
  assert.ok(loads.length < names.length, `${loads.length} loads`);
  assert.ok(!server.log.some(({ msg }) => msg === 'Started model manager thread'));
  assert.equal(server.log.at(-1)!.msg, 'Ended');
});

test('inferences that take longer than the time to drain are left behind, and the exit code is 0', async (t) => {
  const folder = temporaryFolder(t);
  slowModel(1024, 200).write(join(folder, '1'));
  const server = await startServer(t, [...single(folder), '--drain_timeout_seconds', '0', '--nireq', '1']);
  const request = { model_spec: { name: 'm' }, inputs: { b: floats(new Float32Array(4096 * 1024), 4096, 1024) } };
  const answers = [outcome(predict(server.client, request)), outcome(predict(server.client, request))];
  await new Promise((resolve) => setTimeout(resolve, 300));
  server.process.kill('SIGTERM');
  assert.equal(await server.exited, 0);
  assert.match(server.log.at(-1)!.msg, /^Ended without the answers that took longer/);
  for (const answer of await Promise.all(answers)) assert.equal(typeof answer, 'string');
});

test('a client that keeps a stream of server reflection open does not hold the end up', async (t) => {
  const folder = temporaryFolder(t);
  writeVersion(folder, 1);
  const server = await startServer(t, [...single(folder), '--drain_timeout_seconds', '600']);
  const stream = listServices(t, server.port, 'v1');
  const ended = new Promise((resolve) => stream.once('end', resolve).once('error', resolve));
  await once(stream, 'data');
  assert.equal(await server.stop('SIGTERM'), 0);
  await ended;
});

test('a stream of inferences does not hold the end up: what has come is answered, and then it says why it ends', async (t) => {
  const folder = temporaryFolder(t);
  slowModel(1024, 40).write(join(folder, '1'));
  const server = await startServer(t, [...single(folder), '--drain_timeout_seconds', '600']);
  const client = new KServeClient(t, server.port);
  const raw = Buffer.from(new Float32Array(256 * 1024).fill(1).buffer);
  const inputs = [{ name: 'b', datatype: 'FP32', shape: [256, 1024] }];
  const idle = client.stub.ModelStreamInfer();
  idle.write({ model_name: 'nobody' });
  await once(idle, 'data');
  const busy = client.stub.ModelStreamInfer();
  const answers: StreamAnswer[] = [];
  busy.on('data', (answer) => answers.push(answer));
  const ends = [idle, busy].map((stream) => new Promise((resolve) => stream.once('error', resolve)));
  for (let id = 0; id < 3; id++) busy.write({ model_name: 'm', id: `${id}`, inputs, raw_input_contents: [raw] });
  await once(busy, 'data');
  server.process.kill('SIGTERM');
  for (const end of await Promise.all(ends)) assert.match(String(end), /14 UNAVAILABLE: The server is ending/);
  assert.equal(await server.exited, 0);
  assert.deepEqual(
    answers.map(({ infer_response }) => infer_response?.id),
    ['0', '1', '2'],
  );
});
