import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Exposition } from '../../../test/support/exposition.ts';
import { ServingError } from '../model/error.ts';
import { defaultMetrics, type MetricName, optionalMetrics } from '../model/metric-name.ts';
import type { VersionState } from '../model/version-status.ts';
import type { CallContext } from './call-context.ts';
import { endpoints } from './endpoint.ts';
import { measured } from './measured.ts';
import { createMetrics } from './metrics.ts';

const allNames: readonly MetricName[] = [...defaultMetrics, ...optionalMetrics];

function start(names: readonly MetricName[] = allNames) {
  const metrics = createMetrics({
    names: new Set(names),
    ...{ serverVersion: '1.2.3', engine: 'fake "1"', queueLimit: 7 },
    secrets: () => [
      { flag: 'rest_certificate_path', expiresAt: Date.now() + 3_600_000, isOutdated: true },
      { flag: 'grpc_certificate_path', expiresAt: Date.now() - 3_600_000, isOutdated: false },
      { flag: 'api_key_file', isOutdated: false },
    ],
  });
  const loaded = (over: object = {}) => ({ inferRequests: 3, streams: 2, inUse: 1, waiting: 4, ...over });
  const status = (version: number, state: VersionState, errorCode: 'OK' | 'UNKNOWN' = 'OK') => ({
    version,
    state,
    errorCode,
    errorMessage: '',
  });
  return { ...metrics, loaded, status, scrape: async () => new Exposition(await metrics.text()) };
}

const call = (): CallContext => ({ takeMemory() {} });
const m1 = { name: 'm', version: '1' };
const predictions = { api: 'TensorFlowServing', interface: 'gRPC', method: 'Predict', ...m1 };

test('a version that is loaded has all its metrics, at 0', async () => {
  const { observer, loaded, scrape } = start();
  assert.equal((await scrape()).samples('ovms_requests_success').length, 0);
  observer.loaded('m', 1, loaded());
  const exposition = await scrape();
  for (const family of ['ovms_requests_success', 'ovms_requests_fail']) {
    const samples = exposition.samples(family).map(({ labels, value }) => [Object.fromEntries(labels), value]);
    const tfs = { api: 'TensorFlowServing', interface: 'gRPC' };
    const kserve = { api: 'KServe', interface: 'gRPC' };
    const rest = { api: 'TensorFlowServing', interface: 'REST' };
    const kserveRest = { api: 'KServe', interface: 'REST' };
    assert.deepEqual(samples, [
      [{ ...tfs, method: 'Predict', ...m1 }, 0],
      [{ ...tfs, method: 'GetModelMetadata', ...m1 }, 0],
      [{ ...kserve, method: 'ModelInfer', ...m1 }, 0],
      [{ ...kserve, method: 'ModelMetadata', ...m1 }, 0],
      [{ ...rest, method: 'Predict', ...m1 }, 0],
      [{ ...rest, method: 'GetModelMetadata', ...m1 }, 0],
      [{ ...kserveRest, method: 'ModelInfer', ...m1 }, 0],
      [{ ...kserveRest, method: 'ModelMetadata', ...m1 }, 0],
      [{ ...tfs, method: 'GetModelStatus', name: 'm' }, 0],
      [{ ...kserve, method: 'ModelReady', name: 'm' }, 0],
      [{ ...rest, method: 'GetModelStatus', name: 'm' }, 0],
      [{ ...kserveRest, method: 'ModelReady', name: 'm' }, 0],
    ]);
  }
  assert.equal(exposition.value('ovms_request_time_us_count', { interface: 'gRPC', ...m1 }), 0);
  assert.equal(exposition.value('ovms_request_time_us_count', { interface: 'REST', ...m1 }), 0);
  for (const [name, value] of Object.entries({
    ovms_inference_time_us_count: 0,
    ovms_wait_for_infer_req_time_us_count: 0,
    ovms_current_requests: 0,
    ovms_streams: 2,
    ovms_infer_req_queue_size: 3,
    ovms_infer_req_active: 1,
    modelserver_queue_length: 4,
  })) {
    assert.equal(exposition.value(name, m1), value, name);
  }
});

test('a call is counted by how it ends, and in work until then', async () => {
  const { meters, observer, loaded, scrape } = start();
  const model = loaded();
  observer.loaded('m', 1, model);
  const pin = (context: CallContext) => {
    context.meter = meters.ofVersion(model);
    context.meter?.begun();
  };
  let finish = () => {};
  const later = measured(endpoints.tfsGrpcPredict, meters, (answer: string, context) => {
    pin(context);
    context.meter?.inferred(0.5, 2);
    return new Promise<string>((resolve) => {
      finish = () => resolve(answer);
    });
  });
  const answer = later('a', call());
  assert.equal((await scrape()).value('ovms_current_requests', m1), 1);
  finish();
  assert.equal(await answer, 'a');
  const atOnce = measured(endpoints.tfsGrpcPredict, meters, (text: string, context) => {
    pin(context);
    return text;
  });
  assert.equal(atOnce('b', call()), 'b');

  const unpinned = measured(endpoints.tfsGrpcPredict, meters, () => {
    throw new ServingError('servable-not-found', 'no');
  });
  const refused = measured(endpoints.tfsGrpcPredict, meters, (_: string, context) => {
    pin(context);
    throw new ServingError('invalid-argument', 'no');
  });
  const rejected = measured(endpoints.tfsGrpcPredict, meters, async (_: string, context) => {
    pin(context);
    throw new Error('odd');
  });
  assert.throws(() => unpinned('', call()), /no/);
  assert.throws(() => refused('', call()), /no/);
  await assert.rejects(async () => rejected('', call()), /odd/);

  const exposition = await scrape();
  assert.equal(exposition.value('ovms_requests_success', predictions), 2);
  assert.equal(exposition.value('ovms_requests_fail', predictions), 2);
  assert.equal(exposition.value('ovms_request_time_us_count', { interface: 'gRPC', ...m1 }), 2);
  assert.equal(exposition.value('ovms_inference_time_us_sum', m1), 2000);
  assert.equal(exposition.value('ovms_wait_for_infer_req_time_us_sum', m1), 500);
  assert.equal(exposition.value('ovms_current_requests', m1), 0);
  const reasons = exposition.samples('modelserver_request_failures_total').filter(({ value }) => value > 0);
  assert.deepEqual(
    reasons.map(({ labels, value }) => [labels.get('code'), value]),
    [
      ['invalid-argument', 1],
      ['servable-not-found', 1],
      ['internal', 1],
    ],
  );
});

test('figures go on when a version is loaded anew or drains, and go with it', async () => {
  const { meters, observer, loaded, status, scrape } = start();
  const first = loaded();
  observer.loaded('m', 1, first);
  meters.ofVersion(first)?.begun();
  meters.ofVersion(first)?.answered(endpoints.tfsGrpcPredict, 1);
  const second = loaded({ inferRequests: 8 });
  observer.loaded('m', 1, second);
  assert.equal(meters.ofVersion(first), meters.ofVersion(second));
  let exposition = await scrape();
  assert.equal(exposition.value('ovms_requests_success', predictions), 1);
  assert.equal(exposition.value('ovms_infer_req_queue_size', m1), 8);

  observer.loaded('m', 2, loaded());
  observer.stateChanged('m', status(1, 'UNLOADING'));
  observer.stateChanged('m', status(1, 'LOADING'));
  assert.equal((await scrape()).value('ovms_streams', m1), 2);
  observer.stateChanged('m', status(1, 'LOADING', 'UNKNOWN'));
  exposition = await scrape();
  assert.equal(exposition.samples('ovms_requests_success', m1).length, 0);
  assert.equal(exposition.value('ovms_streams', { name: 'm', version: '2' }), 2);
  assert.ok(meters.ofModel('m'));

  observer.stateChanged('m', status(2, 'END'));
  assert.equal(meters.ofModel('m'), undefined);
  exposition = await scrape();
  for (const [family, { samples }] of exposition.families) {
    if (family.startsWith('ovms_')) assert.equal(samples.size, 0, family);
  }
  observer.loaded('m', 1, loaded());
  assert.equal((await scrape()).value('ovms_requests_success', predictions), 0);
});

test('only the metrics of the list are served, and our own', async () => {
  for (const names of [[], ['ovms_streams'], ['ovms_requests_fail', 'ovms_infer_req_active']] as MetricName[][]) {
    const { observer, loaded, scrape } = start(names);
    observer.loaded('m', 1, loaded());
    const families = [...(await scrape()).families.keys()];
    assert.deepEqual(
      families.filter((family) => family.startsWith('ovms_')),
      names,
    );
    assert.ok(families.includes('modelserver_queue_length'));
  }
});

test('versions, loads and the server itself are told', async () => {
  const { observer, status, scrape } = start([]);
  observer.loading('m', 1)();
  observer.loading('m', 2)(new Error('broken'));
  observer.stateChanged('m', status(1, 'AVAILABLE'));
  observer.stateChanged('m', status(2, 'LOADING', 'UNKNOWN'));
  observer.stateChanged('gone', status(1, 'AVAILABLE'));
  observer.stateChanged('gone', status(1, 'END'));
  const exposition = await scrape();
  const states = ['START', 'LOADING', 'AVAILABLE', 'UNLOADING'];
  assert.deepEqual(
    states.map((state) => exposition.value('modelserver_versions', { name: 'm', state })),
    [0, 1, 1, 0],
  );
  assert.equal(exposition.samples('modelserver_versions').length, states.length);
  assert.equal(exposition.value('modelserver_versions_failing', { name: 'm' }), 1);
  assert.equal(exposition.value('modelserver_loads_total', { result: 'success' }), 1);
  assert.equal(exposition.value('modelserver_loads_total', { result: 'failure' }), 1);
  assert.equal(exposition.value('modelserver_load_seconds_count'), 1);
  assert.equal(exposition.value('modelserver_queue_limit'), 7);
  assert.equal(exposition.value('modelserver_info', { version: '1.2.3', engine: 'fake "1"' }), 1);
  for (const name of ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'nodejs_heap_size_used_bytes']) {
    assert.ok(exposition.value(name)! > 0, name);
  }
  assert.ok(exposition.value('modelserver_event_loop_lag_seconds', { quantile: '0.99' })! < 10);
});

test('the guide names each metric by its type, and no other', async () => {
  const guide = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8');
  const told = [...guide.matchAll(/^\| `([a-z_]+)` \| (counter|gauge|histogram) \|/gm)].map(
    ([, name, type]) => `${name} ${type}`,
  );
  const { families } = await start().scrape();
  assert.deepEqual(told.sort(), [...families].map(([name, { type }]) => `${name} ${type}`).sort());
});

test('a name of any characters stays one label', async () => {
  const { observer, loaded, scrape } = start();
  const name = 'a"b\\c\nd{,}=';
  observer.loaded(name, 1, loaded());
  assert.equal((await scrape()).value('ovms_streams', { name, version: '1' }), 2);
});

test('a pipeline has counters and request times under version 1, and the times of its nodes', async () => {
  const { meters, pipelineObserver, status, scrape } = start();
  pipelineObserver.stateChanged('p', status(1, 'LOADING'));
  pipelineObserver.stateChanged('p', status(1, 'AVAILABLE'));
  const predict = measured(endpoints.tfsGrpcPredict, meters, (isGood: boolean, context: CallContext) => {
    const meter = meters.ofPipeline('p')!;
    context.meter = meter;
    meter.begun();
    meter.nodeRan('n', 2);
    if (!isGood) throw new ServingError('internal', 'no');
    return 'answer';
  });
  predict(true, call());
  assert.throws(() => predict(false, call()));
  const exposition = await scrape();
  const p1 = { name: 'p', version: '1' };
  assert.equal(exposition.value('ovms_requests_success', { ...predictions, ...p1 }), 1);
  assert.equal(exposition.value('ovms_requests_fail', { ...predictions, ...p1 }), 1);
  assert.equal(exposition.value('ovms_request_time_us_count', { interface: 'gRPC', ...p1 }), 1);
  assert.equal(exposition.value('modelserver_pipeline_node_time_us_count', { name: 'p', node: 'n' }), 2);
  assert.equal(exposition.value('modelserver_versions', { name: 'p', state: 'AVAILABLE' }), 1);
  for (const name of ['ovms_streams', 'ovms_inference_time_us', 'ovms_current_requests']) {
    assert.equal(exposition.samples(name).length, 0);
  }
  assert.ok(meters.ofModel('p'));
  pipelineObserver.stateChanged('p', status(1, 'END'));
  assert.equal(meters.ofPipeline('p'), undefined);
  assert.equal((await scrape()).samples('ovms_requests_success').length, 0);
});

test('certificates tell how long they last, and files whether they are in force', async () => {
  const exposition = await start().scrape();
  const figures = (name: string) =>
    ['rest_certificate_path', 'grpc_certificate_path', 'api_key_file'].map((flag) => exposition.value(name, { flag }));
  assert.deepEqual(
    figures('modelserver_certificate_expiry_seconds').map((seconds) => seconds && Math.round(seconds / 10)),
    [360, -360, undefined],
  );
  assert.deepEqual(figures('modelserver_secret_outdated'), [1, 0, 0]);
});
