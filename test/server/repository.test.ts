import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { elements } from '../../examples/clients/typescript/client.ts';
import { tableModel } from '../support/ir-model.ts';
import { outcome, predict, predictSum, statuses } from '../support/predict.ts';
import { load, single, writeVersion } from '../support/repository.ts';
import { eventually, startServer, temporaryFolder } from '../support/server.ts';

test('a version that was replaced and is asked for by its number is retired; one that never was, unknown', async (t) => {
  const folder = temporaryFolder(t);
  writeVersion(folder, 1);
  const server = await startServer(t, single(folder));
  writeVersion(folder, 2);
  await server.logged(({ version, state }) => version === 1 && state === 'END');
  const ask = (version: number) => predict(server.client, { model_spec: { name: 'm', version: { value: version } } });
  assert.equal(await outcome(ask(1)), '5 Model with requested version is retired');
  assert.equal(await outcome(ask(3)), '5 Model with requested version is not found');
  const metadata = server.client.call('PredictionService', 'GetModelMetadata', {
    model_spec: { name: 'm', version: { value: 1 } },
    metadata_field: ['signature_def'],
  });
  assert.equal(await outcome(metadata), '5 Model with requested version is retired');
});

test('a copy whose process is killed midway is told and not served; once completed it serves', async (t) => {
  const folder = temporaryFolder(t);
  writeVersion(folder, 1);
  const server = await startServer(t, single(folder));
  const requests = load(() => predictSum(server.client), 2);
  const spare = temporaryFolder(t);
  tableModel(50_000, 64).write(join(spare, '2'));
  mkdirSync(join(folder, '2'));
  copyFileSync(join(spare, '2/model.xml'), join(folder, '2/model.xml'));
  const [source, target] = [join(spare, '2/model.bin'), join(folder, '2/model.bin')];
  const script = join(import.meta.dirname, '../support/copy-slowly.ts');
  const copier = spawn(process.execPath, [script, source, target, '100000'], { stdio: 'ignore' });
  t.after(() => copier.kill('SIGKILL'));
  await eventually(
    async () => existsSync(target) && statSync(target).size,
    (bytes) => Number(bytes) > 1_000_000,
  );
  const exited = once(copier, 'exit');
  copier.kill('SIGKILL');
  await exited;
  assert.ok(statSync(target).size < statSync(source).size);
  const found = await eventually(
    () => statuses(server.client),
    (all) => all.some(({ version, status }) => version === '2' && status.error_code === 'UNKNOWN'),
  );
  assert.match(found[1]!.status.error_message, /^Cannot read the model - ./);
  await server.logged(({ version, cause }) => version === 2 && /^Cannot read the model - ./.test(String(cause)));
  assert.equal(found[0]!.state, 'AVAILABLE');
  await requests.stop();
  assert.deepEqual(requests.failures, []);

  copyFileSync(source, target);
  await eventually(
    () => statuses(server.client),
    (all) => all[1]?.state === 'AVAILABLE',
  );
  const row = { dtype: 'DT_INT32', tensor_shape: { dim: [{ size: 1 }] }, tensor_content: Buffer.from([3, 0, 0, 0]) };
  const { outputs, model_spec } = await predict(server.client, { model_spec: { name: 'm' }, inputs: { b: row } });
  assert.equal(model_spec.version.value, '2');
  assert.equal(outputs.a!.tensor_content.readFloatLE(), 3 * 64);
});

test('the newest of two versions goes from disk while it serves: the other one takes over, and no request fails', async (t) => {
  const folder = temporaryFolder(t);
  writeVersion(folder, 1);
  writeVersion(folder, 2);
  const { client } = await startServer(t, single(folder));
  const requests = load(() => predictSum(client), 4);
  const served = (version: number) =>
    eventually(
      async () => requests.answers,
      (answers) => answers.has(version),
    );
  await served(2);
  rmSync(join(folder, '2'), { recursive: true });
  await served(1);
  await requests.stop();
  assert.deepEqual(requests.failures, []);
});

test('garbage where a model should be is told, and what serves goes on', async (t) => {
  const folder = temporaryFolder(t);
  writeVersion(folder, 1);
  const server = await startServer(t, single(folder));
  const noise = Buffer.from(Uint8Array.from({ length: 4096 }, (_, i) => (i * 7919) % 251));
  for (const [i, file] of ['model.xml', 'model.onnx', 'model.tflite'].entries()) {
    const version = i + 2;
    mkdirSync(join(folder, `${version}`));
    writeFileSync(join(folder, `${version}`, file), noise);
    const { cause } = await server.logged((line) => line.version === version && line.cause !== undefined);
    assert.match(String(cause), /^Cannot read the model - ./, file);
    assert.deepEqual(await predictSum(server.client), { version: 1, added: 1 });
  }
});

test('a base path renamed away and back goes unnoticed by those who ask, and is watched again', async (t) => {
  const folder = join(temporaryFolder(t), 'models');
  writeVersion(folder, 1);
  const server = await startServer(t, single(folder));
  const requests = load(() => predictSum(server.client), 4);
  for (let round = 1; round <= 2; round++) {
    renameSync(folder, `${folder}.away`);
    await eventually(
      async () => server.log.filter(({ msg }) => msg.startsWith('The base path cannot be read')).length,
      (complaints) => complaints === round,
    );
    renameSync(`${folder}.away`, folder);
    writeVersion(folder, round + 1);
    await eventually(
      () => predictSum(server.client),
      ({ version }) => version === round + 1,
    );
  }
  await requests.stop();
  assert.deepEqual(requests.failures, []);
});

test('a version is loaded from files of any names, and from one set of weights', async (t) => {
  const folder = temporaryFolder(t);
  writeVersion(folder, 1);
  renameSync(join(folder, '1/model.xml'), join(folder, '1/net.xml'));
  renameSync(join(folder, '1/model.bin'), join(folder, '1/weights.bin'));
  const { client } = await startServer(t, single(folder));
  assert.deepEqual(await predictSum(client), { version: 1, added: 1 });
});

test('what is left of files that were cut short, and what is no file, is told and does not take over', async (t) => {
  const folder = temporaryFolder(t);
  writeVersion(folder, 1);
  const { client } = await startServer(t, [...single(folder), '--model_version_policy', '{"all": {}}']);
  mkdirSync(join(folder, '2'));
  writeFileSync(join(folder, '2/model.pdmodel'), '');
  mkdirSync(join(folder, '3'));
  execFileSync('mkfifo', [join(folder, '3/model.xml')]);
  const variables = join(folder, '4/variables');
  cpSync(join(import.meta.dirname, '../fixtures/saved_model/1'), join(folder, '4'), { recursive: true });
  rmSync(join(variables, 'variables.index'));
  symlinkSync('variables.index', join(variables, 'variables.index'));
  const found = await eventually(
    () => statuses(client),
    (all) => all.filter(({ status }) => status.error_code === 'UNKNOWN').length === 3,
  );
  assert.match(found[3]!.status.error_message, /^Cannot read the model - ELOOP/);
  assert.match(found[1]!.status.error_message, /the model has no outputs/);
  assert.match(found[2]!.status.error_message, /model\.xml is not a file/);
  assert.deepEqual(await predictSum(client), { version: 1, added: 1 });
  writeVersion(folder, 5);
  await eventually(
    () => predictSum(client),
    ({ version }) => version === 5,
  );
});

test('links are followed within a repository, wherever it is, and not out of it', async (t) => {
  const folder = temporaryFolder(t);
  // As git-sync publishes what it has fetched.
  const publish = (hash: string, added: number) => {
    tableOf(join(folder, '.worktrees', hash, 'models/m'), added);
    symlinkSync(join('.worktrees', hash), join(folder, 'next'));
    renameSync(join(folder, 'next'), join(folder, 'repository'));
  };
  const tableOf = (base: string, added: number) => {
    writeVersion(base, added);
    renameSync(join(base, `${added}`), join(base, 'files'));
    symlinkSync('files', join(base, '1'));
  };
  publish('a1', 5);
  writeVersion(folder, 9);
  const { client } = await startServer(t, single(join(folder, 'repository/models/m')));
  assert.deepEqual(await predictSum(client), { version: 1, added: 5 });
  publish('b2', 6);
  await eventually(
    () => predictSum(client),
    ({ added }) => added === 6,
  );
  const models = join(folder, 'repository/models/m');
  symlinkSync(join(folder, '9'), join(models, '2'));
  mkdirSync(join(models, '3'));
  symlinkSync('/etc/hostname', join(models, '3/model.xml'));
  const found = await eventually(
    () => statuses(client),
    (all) => all.some(({ version, status }) => version === '3' && status.error_code === 'UNKNOWN'),
  );
  assert.match(
    found.find(({ version }) => version === '3')!.status.error_message,
    /^A link leads out of the repository - Expected: links within .*\/\.worktrees\/b2\/models\/m; Actual: .*\/3\/model\.xml leads to \/etc\/hostname$/,
  );
  assert.deepEqual(await predictSum(client), { version: 1, added: 6 });
});

test('folders that hold no version yet are told, and links in circles are looked at once', async (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, '1'));
  writeVersion(folder, 2);
  for (let i = 0; i < 8; i++) symlinkSync('.', join(folder, `2/again${i}`));
  const server = await startServer(t, single(folder));
  assert.deepEqual(await predictSum(server.client), { version: 2, added: 2 });
  await server.logged(({ msg }) => msg === 'Not complete: 1 (no files)');
  writeVersion(folder, 3);
  await eventually(
    () => predictSum(server.client),
    ({ version }) => version === 3,
  );
});

for (const marker of [false, true]) {
  test(`weights that are overwritten slowly are served old or new, never both${marker ? ', with a completion marker' : ''}`, async (t) => {
    const folder = temporaryFolder(t);
    const rows = 400_000;
    tableModel(rows, 64).write(join(folder, '1'));
    if (marker) writeFileSync(join(folder, '1/done'), '');
    const flags = ['--model_name', 'm', '--model_path', folder, '--settle_milliseconds', '3000'];
    const server = await startServer(t, marker ? [...flags, '--completion_marker', 'done'] : flags);
    // The first row and the last one, in one request.
    const ends = Buffer.from(Int32Array.of(0, rows - 1).buffer);
    const input = { dtype: 'DT_INT32', tensor_shape: { dim: [{ size: 2 }] }, tensor_content: ends };
    const seen = new Set<string>();
    const ask = async () => {
      const { outputs } = await predict(server.client, { model_spec: { name: 'm' }, inputs: { b: input } });
      const values = elements(outputs.a!);
      const answer = `${values[0]} ${values[64]! - (rows - 1) * 64}`;
      seen.add(answer);
      return answer;
    };
    const requests = load(async () => ({ version: 1, added: (await ask()) ? 1 : 0 }), 2);
    const weights = join(folder, '1/model.bin');
    // Something to load for, just as the writing begins.
    utimesSync(join(folder, '1/model.xml'), new Date(), new Date());
    const file = openSync(weights, 'r+');
    const piece = new Float32Array(rows * 8);
    for (let part = 0; part < 8; part++) {
      piece.forEach((_, i) => {
        piece[i] = part * rows * 8 + i + 8;
      });
      writeSync(file, new Uint8Array(piece.buffer), 0, piece.byteLength, part * piece.byteLength);
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    closeSync(file);
    await eventually(ask, (answer) => answer === '8 8');
    await requests.stop();
    assert.deepEqual(requests.failures, []);
    assert.deepEqual([...seen], ['0 0', '8 8']);
  });
}
