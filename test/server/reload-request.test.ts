import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Client } from '../../examples/clients/typescript/client.ts';
import { outcome, predictSum, statuses } from '../support/predict.ts';
import { single, writeVersion } from '../support/repository.ts';
import { eventually, startServer, temporaryFolder } from '../support/server.ts';

/** `code message` of the status in the answer. */
async function reload(client: Client, request: object): Promise<string> {
  const { status } = await client.call<{ status: { error_code: string; error_message: string } }>(
    'ModelService',
    'HandleReloadConfigRequest',
    request,
  );
  return `${status.error_code} ${status.error_message}`;
}

const replace = (client: Client, ...config: object[]) => reload(client, { config: { model_config_list: { config } } });

/** `version state` of all versions; or the refusal. */
async function states(client: Client, name: string): Promise<unknown> {
  const told = await outcome(statuses(client, name));
  return Array.isArray(told) ? told.map(({ version, state }) => `${version} ${state}`).join() : told;
}

/** A server of models `m` and `n`, and the config file that has them. */
async function start(t: TestContext, ...flags: string[]) {
  const folder = temporaryFolder(t);
  for (const name of ['m', 'n', 'o']) writeVersion(join(folder, name), 1);
  const path = join(folder, 'config.json');
  const write = (...configs: object[]) =>
    writeFileSync(path, JSON.stringify({ model_config_list: configs.map((config) => ({ config })) }));
  write({ name: 'm', base_path: 'm', batch_size: 3 }, { name: 'n', base_path: 'n' });
  const { client } = await startServer(t, ['--config_path', path, '--settle_milliseconds', '50', ...flags]);
  return { client, folder, write };
}

test('a request says which models are served, until another does, or the config file', async (t) => {
  const { client, folder, write } = await start(t);
  writeVersion(join(folder, 'm'), 2);
  await eventually(
    () => states(client, 'm'),
    (told) => told === '1 END,2 AVAILABLE',
  );

  const all = { name: 'm', base_path: 'm', model_version_policy: { all: {} }, version_labels: { old: 1 } };
  assert.equal(await replace(client, all, { name: 'o', base_path: join(folder, 'o') }), 'OK ');
  assert.equal(await states(client, 'm'), '1 AVAILABLE,2 AVAILABLE');
  assert.equal(await states(client, 'o'), '1 AVAILABLE');
  assert.match(String(await states(client, 'n')), /^1 (UNLOADING|END)$/);
  // What only the config file says has stayed: ten floats are no batch of three.
  assert.match(String(await outcome(predictSum(client, 'm'))), /^3 Invalid input batch size - Expected: 3; Actual: 1;/);
  assert.equal((await predictSum(client, 'o')).version, 1);

  assert.equal(await replace(client), 'OK ');
  assert.match(String(await states(client, 'o')), /^1 (UNLOADING|END)$/);

  write({ name: 'n', base_path: 'n' });
  await eventually(
    () => states(client, 'n'),
    (told) => told === '1 AVAILABLE',
  );
});

test('what is wrong with the models is told, and changes nothing', async (t) => {
  const { client } = await start(t);
  assert.equal(
    await replace(client, { name: 'm' }, { base_path: 'a/../b', version_labels: { x: 0 } }),
    'INVALID_ARGUMENT The models cannot be served - ' +
      'model_config_list[0].config.base_path: expected a folder that holds a folder for each version, got nothing; ' +
      'model_config_list[1].config.version_labels.x: expected a version, which is an integer ≥ 1, got 0; ' +
      'model_config_list[1].config.name: expected a name, got nothing; ' +
      'model_config_list[1].config.base_path: ".." is not allowed in a path: a/../b',
  );
  assert.equal(await states(client, 'n'), '1 AVAILABLE');
});

test('a model that does not load is told, while the others are served', async (t) => {
  const { client, folder } = await start(t);
  writeVersion(join(folder, 'broken'), 1);
  writeFileSync(join(folder, 'broken/1/model.xml'), '<net>no model</net>');
  const told = await replace(
    client,
    { name: 'n', base_path: 'n' },
    { name: 'broken', base_path: 'broken' },
    { name: 'nowhere', base_path: 'nowhere' },
  );
  assert.match(
    told,
    /^FAILED_PRECONDITION Models could not be loaded - broken: version 1: Cannot read the model - .*; nowhere: base path cannot be read - ENOENT/,
  );
  assert.equal((await predictSum(client, 'n')).version, 1);
});

test('a request without a config has the file read', async (t) => {
  const { client, write } = await start(t, '--file_system_poll_wait_seconds', '0');
  write({ name: 'o', base_path: 'o' });
  assert.equal(await reload(client, {}), 'OK ');
  assert.equal(await states(client, 'o'), '1 AVAILABLE');
  write({ name: 'o', base_path: 'o', nirek: 4 });
  assert.match(
    await reload(client, { config: {} }),
    /^FAILED_PRECONDITION Reloading config file failed\. .* - model_config_list\[0\]\.config\.nirek: there is no such field$/,
  );
  // The last change wins: what the file says is no trouble any more.
  assert.equal(await replace(client, { name: 'm', base_path: 'm' }), 'OK ');
  const [m] = await statuses(client, 'm');
  assert.equal(m!.status.error_code, 'OK');
});

test('a server of one model keeps to it', async (t) => {
  const folder = temporaryFolder(t);
  writeVersion(folder, 1);
  const { client } = await startServer(t, single(folder));
  assert.equal(
    await replace(client, { name: 'm', base_path: folder }),
    'FAILED_PRECONDITION The server serves the one model of its command line - start it with --config_path to change its models while it runs',
  );
  assert.equal(await reload(client, {}), 'OK ');
});
