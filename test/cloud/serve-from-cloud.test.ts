// Long, as a server is taken through a life of versions, and looks at clouds every five seconds.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { predictSum, statuses } from '../support/predict.ts';
import { load, writeVersion } from '../support/repository.ts';
import { eventually, startServer, temporaryFolder } from '../support/server.ts';
import { clouds } from './emulated-clouds.ts';

for (const { name, missing, open } of clouds) {
  test(`a server serves from ${name}, through all that happens there`, {
    skip: missing,
    timeout: 180_000,
  }, async (t) => {
    const cloud = await open(temporaryFolder(t));
    t.after(() => cloud.stop());
    const [models, cache] = [temporaryFolder(t), temporaryFolder(t)];
    const upload = async (version: number) => {
      writeVersion(models, version);
      for (const file of readdirSync(join(models, `${version}`))) {
        await cloud.put(`path/m/${version}/${file}`, readFileSync(join(models, `${version}`, file)));
      }
    };
    await upload(1);

    const flags = ['--model_name', 'm', '--model_path', `${cloud.bucket}/path/m`, '--settle_milliseconds', '100'];
    const withCache = [...flags, '--cloud_cache_dir', cache];
    const server = await startServer(t, withCache, cloud.environment);
    const requests = load(() => predictSum(server.client), 2);
    const ask = () => statuses(server.client);
    const serves = (version: number) =>
      eventually(
        async () => (await predictSum(server.client)).version,
        (answered) => answered === version,
      );
    await serves(1);

    // File by file: half a version is not served, the whole one is.
    writeVersion(models, 2);
    const files = readdirSync(join(models, '2')).sort();
    assert.deepEqual(files, ['model.bin', 'model.xml']);
    await cloud.put('path/m/2/model.xml', readFileSync(join(models, '2/model.xml')));
    await server.logged(({ model, version, error_code }) => model === 'm' && version === 2 && error_code === 'UNKNOWN');
    await cloud.put('path/m/2/model.bin', readFileSync(join(models, '2/model.bin')));
    await serves(2);
    await server.logged(({ version, state }) => version === 1 && state === 'END');

    // A broken version changes nothing, but is told.
    await cloud.put('path/m/3/model.xml', Buffer.from('this is no model'));
    await server.logged(({ version, error_code }) => version === 3 && error_code === 'UNKNOWN');
    assert.equal((await ask()).find(({ version }) => version === '2')?.state, 'AVAILABLE');
    await cloud.delete('path/m/3/model.xml');

    // An outage changes nothing either, and is told.
    await cloud.stop();
    const outage = /^The base path cannot be read; what is loaded stays - (s3|gs|az):\/\/models\/path\/m: \w/;
    await eventually(ask, (all) => all.some(({ status }) => outage.test(status.error_message)));
    await serves(2);
    await cloud.start();
    await upload(4);
    await serves(4);
    await server.logged(({ version, state }) => version === 2 && state === 'END');
    await eventually(ask, (all) => all.every(({ status }) => status.error_message === 'OK'));

    await requests.stop();
    assert.deepEqual(requests.failures, []);
    assert.ok([1, 2, 4].every((version) => requests.answers.has(version)));
    // Of the copies only that of the version that serves is left.
    const [home] = readdirSync(cache);
    await eventually(
      async () => readdirSync(join(cache, home!)),
      (left) => left.join() === '4',
    );

    // What is here needs no second way: a restart finds it.
    assert.equal(await server.stop(), 0);
    assert.equal(existsSync(join(cache, home!, '4')), true);
    const next = await startServer(t, withCache, cloud.environment);
    assert.equal((await predictSum(next.client)).version, 4);
    assert.equal(
      next.log.some(({ msg }) => msg === 'Fetching the files of a model version'),
      false,
    );
    assert.equal(await next.stop(), 0);
  });
}

test('two models of a config file share copies, and one that goes takes only its own with it', {
  skip: clouds[0]!.missing,
  timeout: 120_000,
}, async (t) => {
  const cloud = await clouds[0]!.open(temporaryFolder(t));
  t.after(() => cloud.stop());
  const [models, cache] = [temporaryFolder(t), temporaryFolder(t)];
  for (const version of [1, 2]) {
    writeVersion(models, version);
    for (const file of readdirSync(join(models, `${version}`))) {
      await cloud.put(`m/${version}/${file}`, readFileSync(join(models, `${version}`, file)));
    }
  }
  const configPath = join(models, 'config.json');
  const configure = (...names: string[]) => {
    const base = { base_path: `${cloud.bucket}/m` };
    const policies: Record<string, object> = { all: { all: {} }, m: { latest: { num_versions: 1 } } };
    const list = names.map((name) => ({ config: { name, ...base, model_version_policy: policies[name] } }));
    writeFileSync(configPath, JSON.stringify({ model_config_list: list }));
  };
  configure('all', 'm');
  const flags = ['--config_path', configPath, '--settle_milliseconds', '100', '--cloud_cache_dir', cache];
  const server = await startServer(t, flags, cloud.environment);
  assert.equal((await predictSum(server.client)).version, 2);
  const fetched = server.log.filter(({ msg }) => msg === 'Fetched the files of a model version');
  assert.deepEqual(fetched.map(({ version }) => version).sort(), ['1', '2']);
  const [home] = readdirSync(cache);
  const copies = async () => readdirSync(join(cache, home!)).sort().join();
  assert.equal(await copies(), '1,2');
  configure('m');
  await eventually(copies, (left) => left === '2');
  assert.equal((await predictSum(server.client)).version, 2);
});
