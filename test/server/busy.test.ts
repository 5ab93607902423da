import assert from 'node:assert/strict';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type TestContext, test } from 'node:test';
import { floats } from '../../examples/clients/typescript/client.ts';
import { IrModel, tableModel } from '../support/ir-model.ts';
import { outcome, predict, predictSum, statuses } from '../support/predict.ts';
import { load, writeVersion } from '../support/repository.ts';
import { eventually, startServer, temporaryFolder } from '../support/server.ts';

const settle = ['--settle_milliseconds', '100'];

/** A server of the models that are in the folder. */
async function startModels(t: TestContext, folder: string, ...models: string[]) {
  const list = models.map((name) => ({ config: { name, base_path: name } }));
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ model_config_list: list }));
  return startServer(t, ['--config_path', join(folder, 'config.json'), ...settle]);
}

test('a model of 100 MB is loaded while another one serves, and no request of that fails', async (t) => {
  const folder = temporaryFolder(t);
  writeVersion(join(folder, 'm'), 1);
  tableModel(10, 64).write(join(folder, 'large/1'));
  tableModel(400_000, 64).write(join(folder, 'spare/2'));
  const { client } = await startModels(t, folder, 'm', 'large');
  let longest = 0;
  const requests = load(async () => {
    const begin = performance.now();
    const answer = await predictSum(client);
    longest = Math.max(longest, performance.now() - begin);
    return answer;
  }, 1);
  await eventually(
    async () => requests.total(),
    (total) => total > 100,
  );
  const usual = longest;
  longest = 0;
  const gaps = monitorEventLoopDelay({ resolution: 1 });
  gaps.enable();
  renameSync(join(folder, 'spare/2'), join(folder, 'large/2'));
  await eventually(
    () => statuses(client, 'large'),
    (found) => found[1]?.state === 'AVAILABLE',
  );
  gaps.disable();
  await requests.stop();
  assert.deepEqual(requests.failures, []);
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  t.diagnostic(
    `longest answer before the load: ${ms(usual)}; during it: ${ms(longest)}, with gaps of ${ms(gaps.max / 1e6)} in the client itself`,
  );
});

test('why versions do not load is told in their own words, while inferences of another model fail', async (t) => {
  const folder = temporaryFolder(t);
  const reshape = new IrModel();
  const b = reshape.input('b', 'FP32', [-1]);
  const shape = reshape.constant('I64', [2], Buffer.from(BigInt64Array.of(7n, -1n).buffer));
  const attributes = { special_zero: 'false' };
  reshape.output(reshape.operation('Reshape', [b, shape], { attributes, shape: [7, -1], name: 'a' }));
  reshape.write(join(folder, 'fails/1'));
  writeVersion(join(folder, 'm'), 1);
  const { client } = await startModels(t, folder, 'fails', 'm');
  const request = { model_spec: { name: 'fails' }, inputs: { b: floats(new Float32Array(8), 8) } };
  let running = true;
  const failing = async () => {
    while (running) assert.equal(await outcome(predict(client, request)), '13 Internal inference error');
  };
  const workers = [failing(), failing()];
  // Each new one is the latest, and tried.
  const broken = Array.from({ length: 20 }, (_, i) => i + 2);
  for (const version of broken) {
    mkdirSync(join(folder, `m/${version}`));
    writeFileSync(join(folder, `m/${version}/model.xml`), 'no model');
  }
  const found = await eventually(
    () => statuses(client),
    (all) => all.filter(({ status }) => status.error_code === 'UNKNOWN').length === broken.length,
  );
  running = false;
  await Promise.all(workers);
  for (const { status, version } of found.slice(1)) {
    const own = /^Cannot read the model - (Unable to read the model: |OpenVINO error .* lost to inferences that fail)/;
    assert.match(status.error_message, own, `version ${version}`);
  }
});
