import assert from 'node:assert/strict';
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { elements, floats } from '../../examples/clients/typescript/client.ts';
import { convolutionModel } from '../support/ir-model.ts';
import { outcome, predict, predictSum, statuses } from '../support/predict.ts';
import { load, writeVersion } from '../support/repository.ts';
import { eventually, startServer, temporaryFolder } from '../support/server.ts';

const entry = (name: string, more: object = {}) => ({ config: { name, base_path: name, ...more } });
const text = (...entries: object[]) => JSON.stringify({ model_config_list: entries });

/** A server of a config file in a folder that has the model `m`, whose version is 1. */
async function startConfigured(t: TestContext, ...entries: object[]) {
  const folder = temporaryFolder(t);
  writeVersion(join(folder, 'm'), 1);
  const path = join(folder, 'config.json');
  writeFileSync(path, text(...entries));
  const server = await startServer(t, ['--config_path', path, '--settle_milliseconds', '100']);
  return { folder, path, server, configure: (...next: object[]) => writeFileSync(path, text(...next)) };
}

test('a model that is added is served, and the others go on', async (t) => {
  const { folder, server, configure } = await startConfigured(t, entry('m'));
  const requests = load(() => predictSum(server.client), 4);
  writeVersion(join(folder, 'other'), 5);
  configure(entry('m'), entry('other'));
  const added = () => predictSum(server.client, 'other');
  assert.deepEqual(await eventually(added, ({ version }) => version === 5), { version: 5, added: 5 });
  await requests.stop();
  assert.deepEqual(requests.failures, []);
  assert.ok(requests.total() > 0);
});

test('a model that is removed answers what it has begun, then no more, and comes back', async (t) => {
  const { folder, server, configure } = await startConfigured(t, entry('m'));
  const size = 256;
  convolutionModel(size, 64).write(join(folder, 'slow/1'));
  configure(entry('m'), entry('slow', { nireq: 1 }));
  const dim = [1, 1, size, size].map((length) => ({ size: length }));
  const content = Buffer.from(new Float32Array(size * size).fill(2).buffer);
  const inputs = { b: { dtype: 'DT_FLOAT', tensor_shape: { dim }, tensor_content: content } };
  const ask = (version?: number) =>
    predict(server.client, { model_spec: { name: 'slow', ...(version && { version: { value: version } }) }, inputs });
  await eventually(ask, () => true);

  let answered = false;
  const running = outcome(ask()).finally(() => {
    answered = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  configure(entry('m'));
  await server.logged(({ model, state }) => model === 'slow' && state === 'UNLOADING');
  const early = !answered;
  const answer = (await running) as Awaited<ReturnType<typeof predict>>;
  assert.deepEqual(answer.outputs?.a?.tensor_content, content);
  t.diagnostic(`unloading began ${early ? 'while the request ran' : 'after the answer'}`);
  await server.logged(({ model, state }) => model === 'slow' && state === 'END');

  assert.equal(await outcome(ask()), '5 Model with requested version is not found');
  assert.equal(await outcome(ask(1)), '5 Model with requested version is retired');
  assert.deepEqual(
    (await statuses(server.client, 'slow')).map(({ version, state }) => `${version} ${state}`),
    ['1 END'],
  );
  assert.deepEqual(await predictSum(server.client), { version: 1, added: 1 });
  configure(entry('m'), entry('slow'));
  await eventually(ask, () => true);
});

test('of a file with problems nothing is applied, and all of them are told', async (t) => {
  const { folder, path, server, configure } = await startConfigured(t, entry('m'));
  writeVersion(join(folder, 'other'), 5);
  const told = (fits: (problems: readonly string[]) => boolean) =>
    server.logged(({ problems }) => Array.isArray(problems) && fits(problems));
  configure(entry('other'), entry('m', { nireq: -1, nonsense: 1 }), entry('other', { base_path: 'a/../b' }));
  const line = await told(({ length }) => length > 1);
  assert.equal(line.msg, 'The config file has problems; what it said before stays in force');
  const problems = line.problems as string[];
  for (const place of [/config\.nireq/, /config\.nonsense/, /config\.base_path/]) {
    assert.equal(problems.filter((problem) => place.test(problem)).length, 1, `${place} in ${problems.join('\n')}`);
  }
  assert.equal(await outcome(predictSum(server.client, 'other')), '5 Pipeline with requested name is not found');
  assert.deepEqual(await predictSum(server.client), { version: 1, added: 1 });
  const [{ status } = {}] = await statuses(server.client, 'm');
  assert.equal(status?.error_code, 'UNKNOWN');
  assert.match(
    status.error_message,
    /^The config file has problems; what it said before stays in force - model_config/,
  );

  writeFileSync(path, '{"model_config_list": [');
  await told((found) => found.join() !== problems.join());
  assert.deepEqual(await predictSum(server.client), { version: 1, added: 1 });

  configure(entry('m'), entry('other'));
  await eventually(
    () => predictSum(server.client, 'other'),
    ({ version }) => version === 5,
  );
  assert.deepEqual((await statuses(server.client, 'm'))[0]?.status, { error_code: 'OK', error_message: 'OK' });
});

test('a file that Kubernetes swaps as it swaps those of a ConfigMap is taken', async (t) => {
  const models = temporaryFolder(t);
  writeVersion(join(models, 'm'), 1);
  writeVersion(join(models, 'other'), 5);
  const volume = temporaryFolder(t);
  const mount = (directory: string, ...names: string[]) => {
    mkdirSync(join(volume, directory));
    const list = names.map((name) => entry(name, { base_path: join(models, name) }));
    writeFileSync(join(volume, directory, 'config.json'), text(...list));
    symlinkSync(directory, join(volume, '..data_tmp'));
    renameSync(join(volume, '..data_tmp'), join(volume, '..data'));
  };
  mount('..2024_1', 'm');
  symlinkSync('..data/config.json', join(volume, 'config.json'));
  const { client } = await startServer(t, ['--config_path', join(volume, 'config.json')]);
  assert.deepEqual(await predictSum(client), { version: 1, added: 1 });
  mount('..2024_2', 'm', 'other');
  assert.deepEqual(
    await eventually(
      () => predictSum(client, 'other'),
      () => true,
    ),
    { version: 5, added: 5 },
  );
});

test('an option of a model that changes loads it anew, and no request fails', async (t) => {
  const { server, configure } = await startConfigured(t, entry('m', { nireq: 1 }));
  const requests = load(() => predictSum(server.client), 8);
  const loads = () => server.log.filter(({ msg }) => msg === 'Loading model version').length;
  const unloads = () => server.log.filter(({ msg }) => msg === 'Unloaded model version').length;
  const changes = [{ nireq: 3 }, { nireq: 3, plugin_config: { NUM_STREAMS: 2 } }, { plugin_config: {} }];
  for (const [i, options] of changes.entries()) {
    configure(entry('m', options));
    await eventually(
      async () => [loads(), unloads()],
      ([loaded, unloaded]) => loaded === i + 2 && unloaded === i + 1,
    );
  }
  await requests.stop();
  assert.deepEqual(requests.failures, []);
  assert.deepEqual([...requests.answers.keys()], [1]);
  assert.equal(loads(), changes.length + 1);
});

test('labels stand for versions, move when the config says so, and nothing is loaded anew for it', async (t) => {
  const { folder, server, configure } = await startConfigured(t, entry('m', { version_labels: { stable: 1 } }));
  const spec = (label: string) => ({ name: 'm', version_label: label });
  const inputs = { b: floats(new Float32Array(10).fill(2), 1, 10) };
  const ask = async (label: string) => {
    const { model_spec, outputs } = await predict(server.client, { model_spec: spec(label), inputs });
    return { version: Number(model_spec.version.value), added: elements(outputs.a!)[0]! - 2 };
  };
  assert.deepEqual(await ask('stable'), { version: 1, added: 1 });
  const requests = load(() => ask('stable'), 4);
  writeVersion(join(folder, 'm'), 2);
  await server.logged(({ version, state }) => version === 2 && state === 'AVAILABLE');
  assert.deepEqual(
    await ask('stable'),
    { version: 1, added: 1 },
    'the policy picks the latest; the label keeps its version',
  );
  assert.deepEqual(await predictSum(server.client), { version: 2, added: 2 });

  configure(entry('m', { version_labels: { stable: 1, canary: 2 } }));
  await eventually(
    () => ask('canary'),
    ({ version }) => version === 2,
  );
  configure(entry('m', { version_labels: { stable: 3, canary: 2 } }));
  await server.logged(({ msg }) => msg === 'The config file was read');
  mkdirSync(join(folder, 'm/3'));
  writeFileSync(join(folder, 'm/3/model.xml'), 'no model');
  await server.logged(({ version, error_code }) => version === 3 && error_code === 'UNKNOWN');
  assert.deepEqual(await ask('stable'), { version: 1, added: 1 }, 'the new version does not load');
  writeVersion(join(folder, 'm'), 3);
  await eventually(
    () => ask('stable'),
    ({ version }) => version === 3,
  );
  await requests.stop();
  assert.deepEqual(requests.failures, []);
  assert.deepEqual([...requests.answers.keys()], [1, 3]);
  const loads = server.log.filter(({ msg, version }) => msg === 'Loading model version' && version !== 3);
  assert.equal(loads.length, 2, 'once for each version');

  const metadata = await server.client.call<{ model_spec: { version: { value: string } } }>(
    'PredictionService',
    'GetModelMetadata',
    { model_spec: spec('stable'), metadata_field: ['signature_def'] },
  );
  assert.equal(metadata.model_spec.version.value, '3');
  const status = (label: string) => server.client.call('ModelService', 'GetModelStatus', { model_spec: spec(label) });
  assert.match(JSON.stringify(await status('canary')), /"version":"2","state":"AVAILABLE"/);
  const refusal = '5 Model with requested version is not found - no version has the label: nobody';
  for (const answer of [ask('nobody'), status('nobody')]) assert.equal(await outcome(answer), refusal);
});
