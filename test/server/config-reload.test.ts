import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { writeVersion } from '../support/repository.ts';
import { restFlags } from '../support/rest.ts';
import { startServer, temporaryFolder } from '../support/server.ts';

/** A server that looks at nothing by itself. */
async function start(t: TestContext, flags: readonly string[]) {
  const rest = await restFlags();
  const never = ['--file_system_poll_wait_seconds', '0', '--settle_milliseconds', '100'];
  await startServer(t, [...flags, ...never, ...rest.flags]);
  const url = `http://127.0.0.1:${rest.port}/v1/config`;
  return {
    get: async () => states(await (await fetch(url)).json()),
    reload: async () => {
      const response = await fetch(`${url}/reload`, { method: 'POST' });
      const body = (await response.json()) as object;
      return [response.status, 'error' in body ? body.error : states(body)];
    },
  };
}

type Statuses = Readonly<
  Record<string, { readonly model_version_status: readonly { readonly version: string; readonly state: string }[] }>
>;

/** `version state` by model. */
function states(body: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(body as Statuses).map(([name, { model_version_status: versions }]) => [
      name,
      versions.map(({ version, state }) => `${version} ${state}`).join(),
    ]),
  );
}

test('the config is read, and its models are loaded, when that is asked for', async (t) => {
  const folder = temporaryFolder(t);
  for (const name of ['m', 'n']) writeVersion(join(folder, name), 1);
  const config = join(folder, 'config.json');
  const write = (...names: string[]) =>
    writeFileSync(
      config,
      JSON.stringify({ model_config_list: names.map((name) => ({ config: { name, base_path: name } })) }),
    );
  write('m');
  const { get, reload } = await start(t, ['--config_path', config]);
  assert.deepEqual(await get(), { m: '1 AVAILABLE' });
  assert.deepEqual(await reload(), [200, { m: '1 AVAILABLE' }]);
  write('m', 'n');
  assert.deepEqual(await reload(), [201, { m: '1 AVAILABLE', n: '1 AVAILABLE' }]);
  writeVersion(join(folder, 'm'), 2);
  const [status, after] = (await reload()) as [number, Record<string, string>];
  assert.equal(status, 201);
  assert.match(after.m!, /^1 (AVAILABLE|UNLOADING|END),2 AVAILABLE$/);
  writeFileSync(config, '{');
  const [refused, error] = await reload();
  assert.equal(refused, 412);
  assert.match(String(error), /^Reloading config file failed\. Check server logs for more info\. - /);
  rmSync(config);
  assert.match(String((await reload())[1]), /Config file not found or cannot open\./);
  write('m');
  assert.equal((await reload())[0], 201);
});

test('with a model of the command line its versions are looked for', async (t) => {
  const folder = temporaryFolder(t);
  writeVersion(folder, 1);
  const { get, reload } = await start(t, ['--model_name', 'm', '--model_path', folder]);
  assert.deepEqual(await reload(), [200, { m: '1 AVAILABLE' }]);
  writeVersion(folder, 2);
  assert.equal((await reload())[0], 201);
  assert.match((await get()).m!, /2 AVAILABLE$/);
});
