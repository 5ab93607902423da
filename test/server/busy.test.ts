import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type TestContext, test } from 'node:test';
import { floats } from '../../examples/clients/typescript/client.ts';
import { IrModel, slowModel, tableModel } from '../support/ir-model.ts';
import { outcome, predict, predictSum, statuses } from '../support/predict.ts';
import { load, writeVersion } from '../support/repository.ts';
import { eventually, startServer, temporaryFolder } from '../support/server.ts';

const settle = ['--settle_milliseconds', '100'];

/** A server of the models that are in the folder. */
async function startModels(t: TestContext, folder: string, ...models: { name: string; nireq?: number }[]) {
  const list = models.map(({ name, nireq = 0 }) => ({ config: { name, base_path: name, nireq } }));
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ model_config_list: list }));
  return startServer(t, ['--config_path', join(folder, 'config.json'), ...settle]);
}

test('a model of 100 MB is loaded while another one serves, and no request of that fails', async (t) => {
  const folder = temporaryFolder(t);
  writeVersion(join(folder, 'm'), 1);
  tableModel(10, 64).write(join(folder, 'large/1'));
  tableModel(400_000, 64).write(join(folder, 'spare/2'));
  const { client } = await startModels(t, folder, { name: 'm' }, { name: 'large' });
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

test('long inferences of one model leave threads to files and loads of another', async (t) => {
  const folder = temporaryFolder(t);
  slowModel(1024, 60).write(join(folder, 'slow/1'));
  writeVersion(join(folder, 'm'), 1);
  const { client } = await startModels(t, folder, { name: 'slow', nireq: 8 }, { name: 'm' });
  const request = { model_spec: { name: 'slow' }, inputs: { b: floats(new Float32Array(1024 * 1024), 1024, 1024) } };
  let answered = 0;
  const slow = Array.from({ length: 8 }, () =>
    predict(client, request).then(() => {
      answered++;
    }),
  );
  await new Promise((resolve) => setTimeout(resolve, 300));
  writeVersion(join(folder, 'm'), 2);
  await eventually(
    () => predictSum(client),
    ({ version }) => version === 2,
  );
  t.diagnostic(`${answered} of 8 long inferences had been answered when version 2 of the other model took over`);
  assert.ok(answered < 8, 'the new version waited for all long inferences');
  await Promise.all(slow);
});

test('why a version does not load is told in its own words, while inferences of another model fail', async (t) => {
  const folder = temporaryFolder(t);
  const reshape = new IrModel();
  const b = reshape.input('b', 'FP32', [-1]);
  const shape = reshape.constant('I64', [2], Buffer.from(BigInt64Array.of(7n, -1n).buffer));
  reshape.output(
    reshape.operation('Reshape', [b, shape], { attributes: { special_zero: 'false' }, shape: [7, -1], name: 'a' }),
  );
  reshape.write(join(folder, 'fails/1'));
  writeVersion(join(folder, 'm'), 1);
  writeVersion(join(folder, 'm'), 2);
  writeFileSync(join(folder, 'm/2/model.xml'), 'no model');
  const { client } = await startModels(t, folder, { name: 'fails' }, { name: 'm' });
  const request = { model_spec: { name: 'fails' }, inputs: { b: floats(new Float32Array(8), 8) } };
  let running = true;
  const failing = async () => {
    while (running) assert.equal(await outcome(predict(client, request)), '13 Internal inference error');
  };
  const workers = [failing(), failing()];
  for (let sample = 0; sample < 40; sample++) {
    writeFileSync(join(folder, 'm/2/model.xml'), `no model ${sample}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const [, { status }] = (await statuses(client)) as [unknown, { status: { error_message: string } }];
    assert.doesNotMatch(status.error_message, /Reshape/);
  }
  running = false;
  await Promise.all(workers);
});
