import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { floats } from '../../examples/clients/typescript/client.ts';
import { defaultMetrics, optionalMetrics } from '../../src/server/model/metric-name.ts';
import { readSettings } from '../../src/server/settings.ts';
import type { Exposition } from '../support/exposition.ts';
import { convolutionModel } from '../support/ir-model.ts';
import { KServeClient } from '../support/kserve.ts';
import { outcome, predict, predictSum, statuses } from '../support/predict.ts';
import { load, single, writeVersion } from '../support/repository.ts';
import { scrape } from '../support/scrape.ts';
import { eventually, freePort, launchServer, startServer, temporaryFolder } from '../support/server.ts';

const everything = [...defaultMetrics, ...optionalMetrics].join();

async function rest(): Promise<{ readonly port: number; readonly flags: string[] }> {
  const port = await freePort();
  return { port, flags: ['--rest_port', String(port), '--rest_bind_address', '127.0.0.1'] };
}

/** A server of the model `m` with metrics. */
async function start(t: TestContext, folder: string, ...flags: string[]) {
  const { port, flags: restFlags } = await rest();
  const server = await startServer(t, [...single(folder), ...restFlags, '--metrics_enable', ...flags]);
  return { server, client: server.client, scrape: () => scrape(port), port };
}

function families(exposition: Exposition): string[] {
  return [...exposition.families.keys()].filter((name) => name.startsWith('ovms_')).sort();
}

/** How requests of the model `m` have ended: `success fail`, by method. */
function outcomes(exposition: Exposition, version = '1') {
  const count = (method: string, labels: Record<string, string>) =>
    ['ovms_requests_success', 'ovms_requests_fail']
      .map((name) =>
        exposition.value(name, { api: 'TensorFlowServing', interface: 'gRPC', method, name: 'm', ...labels }),
      )
      .join(' ');
  return {
    predict: count('Predict', { version }),
    metadata: count('GetModelMetadata', { version }),
    status: count('GetModelStatus', {}),
  };
}

const m1 = { name: 'm', version: '1' };

test('requests over KServe are counted as those over TensorFlow Serving’s API, each message of a stream as one', async (t) => {
  const folder = temporaryFolder(t);
  writeVersion(folder, 1);
  const { server, scrape } = await start(t, folder);
  const client = new KServeClient(t, server.port);
  const request = (columns: number) => ({
    model_name: 'm',
    inputs: [{ name: 'b', datatype: 'FP32', shape: [1, columns] }],
    raw_input_contents: [Buffer.alloc(4 * columns)],
  });
  await client.infer(request(10));
  await client.infer(request(10));
  assert.match(String(await outcome(client.infer(request(3)))), /^3 /);
  assert.match(String(await outcome(client.infer({ model_name: 'other' }))), /^5 /);
  await client.stream([request(10), request(3), { model_name: 'other' }, request(10), request(10)]);
  await client.call('ModelMetadata', { name: 'm' });
  await client.call('ModelReady', { name: 'm' });
  assert.match(String(await outcome(client.call('ModelReady', { name: 'other' }))), /^5 /);
  await client.call('ServerReady');

  const figures = await scrape();
  const count = (method: string, labels: Record<string, string>) =>
    ['ovms_requests_success', 'ovms_requests_fail']
      .map((name) => figures.value(name, { api: 'KServe', interface: 'gRPC', method, name: 'm', ...labels }))
      .join(' ');
  assert.equal(count('ModelInfer', { version: '1' }), '5 2');
  assert.equal(count('ModelMetadata', { version: '1' }), '1 0');
  assert.equal(count('ModelReady', {}), '1 0');
  assert.deepEqual(outcomes(figures), { predict: '0 0', metadata: '0 0', status: '0 0' });
  assert.equal(figures.value('ovms_request_time_us_count', { interface: 'gRPC', ...m1 }), 5);
  assert.equal(figures.value('ovms_current_requests', m1), 0);
  const refused = figures.samples('modelserver_request_failures_total').filter(({ value }) => value > 0);
  assert.deepEqual(
    refused.map(({ labels, value }) => [labels.get('code'), value]),
    [
      ['invalid-argument', 2],
      ['servable-not-found', 3],
    ],
  );
});

test('requests are counted by how they end, and those to unknown names are not', async (t) => {
  const folder = temporaryFolder(t);
  writeVersion(folder, 1);
  const { client, scrape } = await start(t, folder, '--nireq', '2', '--metrics_list', everything);
  const before = await scrape();
  assert.deepEqual(families(before), everything.split(',').sort());
  assert.deepEqual(outcomes(before), { predict: '0 0', metadata: '0 0', status: '0 0' });
  assert.equal(before.value('ovms_infer_req_queue_size', m1), 2);
  assert.ok(before.value('ovms_streams', m1)! >= 1);

  const metadata = (spec: object, field = 'signature_def') =>
    outcome(client.call('PredictionService', 'GetModelMetadata', { model_spec: spec, metadata_field: [field] }));
  const wrongShape = () =>
    outcome(predict(client, { model_spec: { name: 'm' }, inputs: { b: floats(new Float32Array(3), 1, 3) } }));
  for (let i = 0; i < 3; i++) await predictSum(client);
  for (let i = 0; i < 2; i++) assert.match(String(await wrongShape()), /^3 Invalid input shape/);
  await metadata({ name: 'm' });
  await statuses(client);
  await statuses(client);

  assert.equal(await outcome(predictSum(client, 'other')), '5 Pipeline with requested name is not found');
  const ofVersion9 = { model_spec: { name: 'm', version: { value: 9 } }, inputs: {} };
  assert.match(String(await outcome(predict(client, ofVersion9))), /^5 /);
  assert.match(String(await metadata({ name: 'other' })), /^5 /);
  assert.match(String(await metadata({ name: 'm' }, 'nonsense')), /^3 /);
  assert.match(String(await outcome(statuses(client, 'other'))), /^5 /);
  assert.match(String(await outcome(client.call('ModelService', 'GetModelStatus', ofVersion9))), /^5 /);

  const after = await scrape();
  assert.deepEqual(outcomes(after), { predict: '3 2', metadata: '1 0', status: '2 0' });
  assert.equal(after.value('ovms_request_time_us_count', { interface: 'gRPC', ...m1 }), 3);
  assert.equal(after.value('ovms_inference_time_us_count', m1), 3);
  assert.equal(after.value('ovms_wait_for_infer_req_time_us_count', m1), 3);
  const time = after.value('ovms_request_time_us_sum', { interface: 'gRPC', ...m1 })!;
  const inference = after.value('ovms_inference_time_us_sum', m1)!;
  assert.ok(inference > 0 && inference < time, `${inference} µs of ${time} µs`);
  assert.equal(after.value('ovms_current_requests', m1), 0);
  assert.equal(after.value('ovms_infer_req_active', m1), 0);
  const codes = after.samples('modelserver_request_failures_total').filter(({ value }) => value > 0);
  assert.deepEqual(Object.fromEntries(codes.map(({ labels, value }) => [labels.get('code'), value])), {
    'invalid-argument': 3,
    'servable-not-found': 3,
    'version-not-found': 2,
  });
});

test('the series of a version come and go with it', async (t) => {
  const folder = temporaryFolder(t);
  writeVersion(folder, 1);
  const { client, scrape, server } = await start(t, folder);
  await predictSum(client);
  writeVersion(folder, 2);
  await server.logged(({ state, version }) => state === 'END' && version === 1);
  await predictSum(client);
  const exposition = await scrape();
  const versions = (of: Exposition) =>
    [...of.families].flatMap(([family, { samples }]) =>
      family.startsWith('ovms_') ? [...samples.values()].flatMap(({ labels }) => labels.get('version') ?? []) : [],
    );
  assert.deepEqual([...new Set(versions(exposition))], ['2']);
  assert.deepEqual(outcomes(exposition, '2'), { predict: '1 0', metadata: '0 0', status: '0 0' });
  assert.equal(exposition.value('modelserver_loads_total', { result: 'success' }), 2);
  assert.equal(exposition.value('modelserver_load_seconds_count'), 2);
  assert.equal(exposition.value('modelserver_versions', { name: 'm', state: 'AVAILABLE' }), 1);

  writeFileSync(join(folder, '2/model.xml'), 'no model');
  await server.logged(({ error_code }) => error_code === 'UNKNOWN');
  const failing = await scrape();
  assert.equal(failing.value('modelserver_versions_failing', { name: 'm' }), 1);
  assert.equal(failing.value('modelserver_versions', { name: 'm', state: 'AVAILABLE' }), 1);
  assert.equal(outcomes(failing, '2').predict, '1 0');
  assert.ok(failing.value('modelserver_loads_total', { result: 'failure' })! >= 1);

  rmSync(join(folder, '2'), { recursive: true });
  writeVersion(folder, 1);
  await server.logged(({ state, version }) => state === 'END' && version === 2);
  assert.deepEqual([...new Set(versions(await scrape()))], ['1']);
});

test('scrapes under load are whole, only grow, and end with every request', async (t) => {
  const folder = temporaryFolder(t);
  writeVersion(folder, 1);
  const { client, scrape } = await start(t, folder);
  const concurrency = 8;
  const requests = load(() => predictSum(client), concurrency);
  const counters = ['ovms_requests_success', 'ovms_inference_time_us', 'ovms_request_time_us'];
  let last = new Map<string, number>();
  for (let i = 0; i < 50; i++) {
    const exposition = await scrape();
    assert.ok(exposition.value('ovms_current_requests', m1)! <= concurrency);
    const now = new Map<string, number>();
    for (const family of counters) {
      for (const [series, { value }] of exposition.families.get(family)!.samples) now.set(series, value);
    }
    for (const [series, value] of last) assert.ok(now.get(series)! >= value, series);
    last = now;
  }
  await requests.stop();
  assert.deepEqual(requests.failures, []);
  const exposition = await scrape();
  assert.equal(outcomes(exposition).predict, `${requests.total()} 0`);
  assert.equal(exposition.value('ovms_current_requests', m1), 0);
});

test('those who wait are seen, with their time', async (t) => {
  const folder = temporaryFolder(t);
  const size = 128;
  convolutionModel(size, 32).write(join(folder, '1'));
  const { client, scrape } = await start(t, folder, '--nireq', '1', '--queue_size', '3', '--metrics_list', everything);
  const request = {
    model_spec: { name: 'm' },
    inputs: { b: floats(new Float32Array(size * size), 1, 1, size, size) },
  };
  const refusal = '8 Too many requests wait for an infer request - Limit: 3; infer requests: 1';
  /** Six at once: one runs, three wait, and two are refused before any has run. */
  const burst = async () => {
    const answers = Array.from({ length: 6 }, () => outcome(predict(client, request)));
    await Promise.race(answers);
    const during = await scrape();
    assert.ok((await Promise.all(answers)).every((answer) => typeof answer !== 'string' || answer === refusal));
    return ['modelserver_queue_length', 'ovms_infer_req_active', 'ovms_current_requests'].map((name) =>
      during.value(name, m1),
    );
  };
  await eventually(burst, (seen) => seen.join() === '3,1,4');
  const exposition = await scrape();
  assert.equal(exposition.value('modelserver_queue_limit'), 3);
  assert.equal(exposition.value('modelserver_queue_length', m1), 0);
  assert.ok(exposition.value('ovms_wait_for_infer_req_time_us_sum', m1)! > 1000);
  const refused = exposition.value('modelserver_request_failures_total', {
    interface: 'gRPC',
    code: 'resource-exhausted',
  });
  assert.ok(refused! > 0);
  assert.match(outcomes(exposition).predict, new RegExp(` ${refused}$`));
});

for (const [what, metrics, names] of [
  ['the default ones', { enable: true }, defaultMetrics],
  [
    'those of a list',
    { enable: true, metrics_list: ['ovms_requests_success', 'ovms_infer_req_queue_size', 'ovms_current_graphs'] },
    ['ovms_infer_req_queue_size', 'ovms_requests_success'],
  ],
] as const) {
  test(`a config file turns metrics on: ${what}`, async (t) => {
    const folder = temporaryFolder(t);
    writeVersion(join(folder, 'm'), 1);
    const path = join(folder, 'config.json');
    const models = [{ config: { name: 'm', base_path: 'm' } }];
    writeFileSync(path, JSON.stringify({ model_config_list: models, monitoring: { metrics } }));
    const { port, flags } = await rest();
    const server = await startServer(t, ['--config_path', path, '--settle_milliseconds', '100', ...flags]);
    await predictSum(server.client);
    writeFileSync(path, JSON.stringify({ model_config_list: models }));
    await server.logged(({ msg }) => msg === 'The section monitoring has changed; it is read at the start only');
    const exposition = await scrape(port);
    assert.deepEqual(families(exposition), [...names].sort());
    assert.equal(outcomes(exposition).predict.split(' ')[0], '1');
  });
}

test('a config file that turns metrics on needs a port for them', async (t) => {
  const path = join(temporaryFolder(t), 'config.json');
  writeFileSync(path, JSON.stringify({ model_config_list: [], monitoring: { metrics: { enable: true } } }));
  const server = await launchServer(t, ['--config_path', path]);
  assert.equal(await server.exited, 1);
  assert.match(
    server.said.join('\n'),
    /^modelserver: monitoring\.metrics\.enable: Missing rest_port parameter in server CLI/,
  );
});

const wrong: [what: string, flags: string[], problem: RegExp][] = [
  ['metrics without a port', ['--metrics_enable'], /^--metrics_enable: Missing rest_port parameter in server CLI/],
  [
    'an unknown name',
    ['--metrics_enable', '--rest_port', '1', '--metrics_list', 'ovms_streams, ovms_x'],
    /^--metrics_list: Invalid name in metrics_list - "ovms_x"/,
  ],
  [
    'a list without metrics',
    ['--rest_port', '1', '--metrics_list', 'ovms_streams'],
    /^--metrics_list: metrics_enable setting is missing/,
  ],
  ['a port that is none', ['--rest_port', '70000'], /^--rest_port: expected an integer from 0 to 65535/],
];

for (const [what, flags, problem] of wrong) {
  test(`refused: ${what}`, async (t) => {
    const server = await launchServer(t, ['--model_name', 'm', '--model_path', '/m', ...flags]);
    assert.equal(await server.exited, 2);
    assert.equal(server.said.length, 2, server.said.join('\n'));
    assert.match(server.said[0]!, problem);
  });
}

test('one port for two protocols is refused', () => {
  const flags = ['--model_name', 'm', '--model_path', '/m', '--port', '9000', '--rest_port', '9000'];
  const read = readSettings(flags, {}, '/');
  assert.deepEqual(read, { kind: 'wrong', problems: ['--rest_port: port and rest_port cannot have same values'] });
});

test('HTTP is there before the models, and goes with the rest', async (t) => {
  const folder = temporaryFolder(t);
  writeVersion(folder, 1);
  const { port, flags } = await rest();
  const server = await launchServer(t, [...single(folder), ...flags]);
  await server.logged(({ msg }) => msg === 'Serving HTTP');
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
  assert.deepEqual([answer.status, Object.keys((await answer.json()) as object)], [404, ['error']]);
  await server.logged(({ msg }) => msg === 'Started model manager thread');
  const order = server.log.map(({ msg }) => msg);
  assert.ok(order.indexOf('Serving HTTP') < order.indexOf('Loading model version'));
  const idle = connect(port, '127.0.0.1');
  await once(idle, 'connect');
  const begin = performance.now();
  assert.equal(await server.stop(), 0);
  assert.ok(performance.now() - begin < 15_000, 'the idle connections held up the end');
  idle.destroy();
});
