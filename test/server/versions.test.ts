import assert from 'node:assert/strict';
import {
  closeSync,
  cpSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { elements } from '../../examples/clients/typescript/client.ts';
import { addModel, tableModel } from '../support/ir-model.ts';
import { predict, predictSum, statuses } from '../support/predict.ts';
import { load, single, writeVersion } from '../support/repository.ts';
import { eventually, launchServer, startServer, temporaryFolder } from '../support/server.ts';

test('versions come and go under 10,000 requests at concurrency 16, and no request fails', async (t) => {
  const folder = temporaryFolder(t);
  writeVersion(folder, 1);
  const { client } = await startServer(t, single(folder));
  const requests = load(() => predictSum(client), 16);
  const served = (version: number) =>
    eventually(
      async () => requests.answers,
      (answers) => answers.has(version),
    );
  await served(1);
  writeVersion(folder, 2);
  await served(2);
  mkdirSync(join(folder, '3'));
  writeFileSync(join(folder, '3/model.xml'), '<net>this is no model</net>');
  const broken = await eventually(
    () => statuses(client),
    (found) => found.some(({ version, status }) => version === '3' && status.error_code === 'UNKNOWN'),
  );
  assert.deepEqual(
    broken.map(({ version, state }) => `${version} ${state}`),
    ['1 END', '2 AVAILABLE', '3 LOADING'],
  );
  assert.match(broken[2]!.status.error_message, /^Cannot read the model - ./);
  writeVersion(folder, 4);
  await served(4);
  rmSync(join(folder, '1'), { recursive: true });
  rmSync(join(folder, '2'), { recursive: true });
  await eventually(
    async () => requests.total(),
    (total) => total >= 10_000,
  );
  await requests.stop();
  assert.deepEqual(requests.failures, []);
  assert.deepEqual([...requests.answers.keys()], [1, 2, 4]);
  t.diagnostic(`requests answered, by version: ${JSON.stringify([...requests.answers])}`);
});

test('weights truncated and overwritten in place while they serve: no crash, no wrong answer, and the new content in the end', async (t) => {
  const folder = temporaryFolder(t);
  const rows = 50_000;
  tableModel(rows, 64).write(join(folder, '1'));
  const server = await startServer(t, single(folder));
  const ask = async () => {
    const row = Math.floor(Math.random() * rows);
    const content = Buffer.from(new Int32Array([row]).buffer);
    const inputs = { b: { dtype: 'DT_INT32', tensor_shape: { dim: [{ size: 1 }] }, tensor_content: content } };
    const { outputs } = await predict(server.client, { model_spec: { name: 'm' }, inputs });
    return elements(outputs.a!)[0]! - row * 64;
  };
  let wrong = 0;
  const requests = load(async () => {
    const addend = await ask();
    if (addend !== 0 && addend !== 5) wrong++;
    return { version: 1, added: 1 };
  }, 8);
  const weights = join(folder, '1/model.bin');
  truncateSync(weights, 1000);
  await eventually(
    () => statuses(server.client),
    ([status]) => /Files or options changed and could not be loaded - .*weights/.test(status!.status.error_message),
  );
  assert.equal((await statuses(server.client))[0]!.state, 'AVAILABLE');
  assert.equal(await ask(), 0);
  const whole = new Float32Array(rows * 64).map((_, i) => i + 5);
  const file = openSync(weights, 'r+');
  writeSync(file, new Uint8Array(whole.buffer));
  writeSync(file, Buffer.alloc(8), 0, 8, whole.byteLength);
  closeSync(file);
  await eventually(ask, (addend) => addend === 5);
  await requests.stop();
  assert.deepEqual(requests.failures, []);
  assert.equal(wrong, 0);
  assert.equal(server.process.exitCode, null);
});

test('a copy that is cut short is not served, and serves once it is complete', async (t) => {
  const folder = temporaryFolder(t);
  writeVersion(folder, 1);
  const { client } = await startServer(t, single(folder));
  const spare = temporaryFolder(t);
  writeVersion(spare, 2);
  mkdirSync(join(folder, '2'));
  cpSync(join(spare, '2/model.xml'), join(folder, '2/model.xml'));
  await eventually(
    () => statuses(client),
    (found) => found.some(({ status }) => status.error_code === 'UNKNOWN'),
  );
  assert.deepEqual(await predictSum(client), { version: 1, added: 1 });
  cpSync(join(spare, '2/model.bin'), join(folder, '2/model.bin'));
  await eventually(
    () => predictSum(client),
    ({ version }) => version === 2,
  );
});

test('a completion marker says when a version is complete', async (t) => {
  const folder = temporaryFolder(t);
  writeVersion(folder, 1);
  writeFileSync(join(folder, '1/done'), '');
  const { client } = await startServer(t, [...single(folder), '--completion_marker', 'done']);
  writeVersion(folder, 2);
  writeVersion(folder, 3);
  writeFileSync(join(folder, '3/done'), '');
  await eventually(
    () => predictSum(client),
    ({ version }) => version === 3,
  );
  assert.ok(!(await statuses(client)).some(({ version }) => version === '2'));
});

test('the last good version serves on without its directory, and without its base path, and all recovers', async (t) => {
  const folder = join(temporaryFolder(t), 'models');
  writeVersion(folder, 1);
  const server = await startServer(t, single(folder));
  renameSync(folder, `${folder}.away`);
  await server.logged(({ msg }) => msg.startsWith('The base path cannot be read'));
  assert.deepEqual(await predictSum(server.client), { version: 1, added: 1 });
  renameSync(`${folder}.away`, folder);
  rmSync(join(folder, '1'), { recursive: true });
  await server.logged(({ msg }) => msg.startsWith('No version found for model in path'));
  assert.deepEqual(await predictSum(server.client), { version: 1, added: 1 });
  writeVersion(folder, 2);
  await eventually(
    () => predictSum(server.client),
    ({ version }) => version === 2,
  );
  await eventually(
    () => statuses(server.client),
    ([first]) => first!.state === 'END',
  );
});

test('a file that cannot be read is told, and tried again when it can', async (t) => {
  const folder = temporaryFolder(t);
  writeVersion(folder, 1);
  const { client } = await startServer(t, single(folder));
  const spare = temporaryFolder(t);
  writeVersion(spare, 2);
  // A link that points to itself is unreadable for root as well.
  const weights = join(spare, '2/model.bin');
  renameSync(weights, `${weights}.kept`);
  symlinkSync('model.bin', weights);
  renameSync(join(spare, '2'), join(folder, '2'));
  await eventually(
    () => statuses(client),
    (found) => found[1]?.status.error_code === 'UNKNOWN',
  );
  assert.deepEqual(await predictSum(client), { version: 1, added: 1 });
  renameSync(join(folder, '2/model.bin.kept'), join(folder, '2/model.bin'));
  await eventually(
    () => predictSum(client),
    ({ version }) => version === 2,
  );
});

for (const mode of ['auto', 'poll', 'events']) {
  test(`symbolic links swapped as Kubernetes swaps a volume's are noticed (watch_mode ${mode})`, async (t) => {
    const volume = temporaryFolder(t);
    writeVersion(join(volume, '..first'), 1);
    symlinkSync('..first', join(volume, '..data'));
    symlinkSync('..data/1', join(volume, '1'));
    const { client } = await startServer(t, [...single(volume), '--watch_mode', mode]);
    assert.deepEqual(await predictSum(client), { version: 1, added: 1 });
    addModel('FP32', [1, 10], 7).write(join(volume, '..second/1'));
    symlinkSync('..second', join(volume, '..next'));
    renameSync(join(volume, '..next'), join(volume, '..data'));
    await eventually(
      () => predictSum(client),
      ({ added }) => added === 7,
    );
  });
}

test('a server for one model that cannot be loaded ends and says why; without a version it waits', async (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, '1'));
  writeFileSync(join(folder, '1/model.xml'), 'no model');
  const broken = await launchServer(t, single(folder));
  assert.equal(await broken.exited, 1);
  assert.match(broken.said.join(), /Model m cannot be served: version 1: Cannot read the model - ./);

  const missing = await launchServer(t, single(join(folder, 'nothing-here')));
  assert.equal(await missing.exited, 1);
  assert.match(missing.said.join(), /Model m cannot be served: .*ENOENT/);

  unlinkSync(join(folder, '1/model.xml'));
  const waiting = await startServer(t, single(folder));
  writeVersion(folder, 2);
  await eventually(
    () => predictSum(waiting.client),
    ({ version }) => version === 2,
  );
});

test('SIGTERM drains and exits 0', async (t) => {
  const folder = temporaryFolder(t);
  writeVersion(folder, 1);
  const server = await startServer(t, single(folder));
  await predictSum(server.client);
  assert.equal(await server.stop('SIGTERM'), 0);
});
