import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { KServeClient } from '../support/kserve.ts';
import { outcome, predictSum, statuses } from '../support/predict.ts';
import { single, writeVersion } from '../support/repository.ts';
import { restFlags } from '../support/rest.ts';
import { eventually, startServer, temporaryFolder } from '../support/server.ts';

/** A server of models `m` and `n`. */
async function start(t: TestContext, ...flags: string[]) {
  const folder = temporaryFolder(t);
  for (const name of ['m', 'n']) writeVersion(join(folder, name), 1);
  const path = join(folder, 'config.json');
  const write = (...configs: object[]) => {
    const entries = configs.map((config) => ({ config }));
    writeFileSync(path, JSON.stringify({ model_config_list: entries }));
  };
  const [m, n] = ['m', 'n'].map((name) => ({ name, base_path: name })) as [object, object];
  write(m, n);
  const rest = await restFlags();
  const { client, port } = await startServer(t, [
    ...['--config_path', path, '--settle_milliseconds', '50'],
    ...rest.flags,
    ...flags,
  ]);
  const kserve = new KServeClient(t, port);
  return {
    client,
    folder,
    write,
    m,
    n,
    kserve,
    grpc: (order: 'Load' | 'Unload', name: string, parameters = {}) =>
      outcome(kserve.call(`RepositoryModel${order}`, { model_name: name, parameters })),
    rest: async (path: string, body: unknown = {}) => {
      const response = await fetch(`http://127.0.0.1:${rest.port}/v2/repository/${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
      });
      const text = await response.text();
      return `${response.status} ${text && JSON.parse(text).error}`;
    },
    state: async (name = 'm') =>
      (await statuses(client, name)).map(({ version, state }) => `${version} ${state}`).join(),
    index: async () => {
      const { models } = await kserve.call<{ models: { name: string; state: string; reason: string }[] }>(
        'RepositoryIndex',
      );
      return models.map(({ name, state, reason }) => `${name} ${state} ${reason}`.trim()).join();
    },
  };
}

test('a model is unloaded, and loaded, by either protocol', async (t) => {
  const { client, folder, grpc, rest, state, index, kserve } = await start(t);
  const orders = [
    [() => grpc('Unload', 'm', { unload_dependents: { bool_param: true } }), () => grpc('Load', 'm'), {}],
    [() => rest('models/m/unload', { parameters: { unload_dependents: true } }), () => rest('models/m/load'), '200 '],
  ] as const;
  for (const [i, [unload, load, done]] of orders.entries()) {
    assert.deepEqual(await unload(), done);
    assert.match(String(await outcome(predictSum(client))), /^5 Model with requested version is not found/);
    await eventually(state, (told) => told.endsWith('END'));
    assert.match(await index(), /^m UNAVAILABLE unloaded.*,n READY$/);
    assert.deepEqual(await kserve.call('ServerReady'), { ready: true });
    // While it is out of service its folder may change: the load looks at it.
    writeVersion(join(folder, 'm'), i + 2);
    assert.deepEqual(await load(), done);
    assert.equal((await predictSum(client)).version, i + 2);
    // Once more changes nothing.
    assert.deepEqual(await load(), done);
  }
});

test('what is unloaded stays so until the config names it anew', async (t) => {
  const { client, folder, write, grpc, state, m, n } = await start(t);
  writeVersion(join(folder, 'o'), 1);
  await grpc('Unload', 'm');
  write(m, n, { name: 'o', base_path: 'o' });
  await eventually(
    () => outcome(predictSum(client, 'o')),
    (answer) => typeof answer === 'object',
  );
  assert.match(await state(), /^1 (UNLOADING|END)$/);
  write({ ...m, nireq: 2 }, n);
  await eventually(state, (told) => told === '1 AVAILABLE');
  await grpc('Unload', 'm');
  write(n);
  await eventually(
    () => outcome(predictSum(client, 'o')),
    (answer) => typeof answer === 'string',
  );
  write(m, n);
  await eventually(state, (told) => told === '1 AVAILABLE');
  await grpc('Unload', 'm');
  const config = [m, n];
  await client.call('ModelService', 'HandleReloadConfigRequest', { config: { model_config_list: { config } } });
  assert.equal(await state(), '1 AVAILABLE');
});

test('a load that fails says why, and need not wait for its turn once the files are mended', async (t) => {
  const { client, folder, grpc } = await start(t, '--file_system_poll_wait_seconds', '0');
  await grpc('Unload', 'm');
  writeFileSync(join(folder, 'm/1/model.xml'), '<net>no model</net>');
  assert.match(
    String(await grpc('Load', 'm')),
    /^9 failed to load 'm', no version is available - version 1: Cannot read the model - /,
  );
  writeVersion(join(folder, 'm'), 1);
  assert.deepEqual(await grpc('Load', 'm'), {});
  assert.equal((await predictSum(client)).version, 1);
});

test('what cannot be done is said', async (t) => {
  const { grpc, rest, state } = await start(t);
  const config = { config: { string_param: '{}' } };
  const unknown = "failed to load 'nobody', failed to poll from model repository";
  const parameter =
    'The parameter config of a request to load a model is not supported - models are configured by the config file and by what is in their folders';
  assert.equal(await grpc('Load', 'nobody'), `5 ${unknown}`);
  assert.equal(await rest('models/nobody/load'), `404 ${unknown}`);
  assert.equal(await grpc('Unload', 'nobody'), "5 failed to unload 'nobody', no such model is configured");
  assert.equal(await grpc('Load', 'm', config), `12 ${parameter}`);
  assert.equal(await rest('models/m/load', { parameters: { config: '{}' } }), `501 ${parameter}`);
  assert.equal(
    await rest('models/m/reload'),
    '400 Invalid request URL - /v2/repository/models/NAME/load|unload is there',
  );
  assert.match(await rest('models/m/load', []), /^400 /);
  assert.equal(await state(), '1 AVAILABLE');
});

test('a server of one model has it loaded and unloaded as well', async (t) => {
  const folder = temporaryFolder(t);
  writeVersion(folder, 1);
  const { client, port } = await startServer(t, single(folder));
  const kserve = new KServeClient(t, port);
  await kserve.call('RepositoryModelUnload', { model_name: 'm' });
  assert.match(String(await outcome(predictSum(client))), /^5 /);
  await kserve.call('RepositoryModelLoad', { model_name: 'm' });
  assert.equal((await predictSum(client)).version, 1);
});

test('a server that takes no orders says so, and serves on', async (t) => {
  const { client, m, grpc, rest, state } = await start(t, '--model_control', 'none');
  const refusal = 'explicit model load / unload is not allowed - the server was started with --model_control none';
  assert.equal(await grpc('Unload', 'm'), `9 ${refusal}`);
  assert.equal(await rest('models/m/load'), `412 ${refusal}`);
  const replace = { config: { model_config_list: { config: [m] } } };
  const { status } = await client.call<{ status: object }>('ModelService', 'HandleReloadConfigRequest', replace);
  assert.deepEqual({ ...status }, { error_code: 'FAILED_PRECONDITION', error_message: refusal });
  const read = await client.call<{ status: object }>('ModelService', 'HandleReloadConfigRequest', {});
  assert.deepEqual({ ...read.status }, { error_code: 'OK', error_message: '' });
  assert.equal(await state('n'), '1 AVAILABLE');
});
