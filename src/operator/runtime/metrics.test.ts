import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Metrics } from './metrics.ts';

/** The samples of it, without the histograms' buckets. */
async function samples(metrics: Metrics): Promise<string[]> {
  const { body } = await metrics.text();
  return body.split('\n').filter((line) => line && !line.startsWith('#') && !line.includes('_bucket'));
}

async function buckets(metrics: Metrics, name: string): Promise<string[]> {
  const { body } = await metrics.text();
  return [...body.matchAll(new RegExp(`^${name}_bucket{le="([^"]+)"`, 'gm'))].map((match) => match[1]!);
}

test('a controller has all its values before anything has happened', async () => {
  const metrics = new Metrics();
  metrics.controller('modelserver', 8);
  assert.deepEqual(await samples(metrics), [
    'controller_runtime_reconcile_total{controller="modelserver",result="success"} 0',
    'controller_runtime_reconcile_total{controller="modelserver",result="error"} 0',
    'controller_runtime_reconcile_total{controller="modelserver",result="requeue"} 0',
    'controller_runtime_reconcile_total{controller="modelserver",result="requeue_after"} 0',
    'controller_runtime_reconcile_errors_total{controller="modelserver"} 0',
    'controller_runtime_terminal_reconcile_errors_total{controller="modelserver"} 0',
    'controller_runtime_reconcile_panics_total{controller="modelserver"} 0',
    'controller_runtime_reconcile_timeouts_total{controller="modelserver"} 0',
    'controller_runtime_max_concurrent_reconciles{controller="modelserver"} 8',
    'controller_runtime_active_workers{controller="modelserver"} 0',
  ]);
});

const total = (result: string) => `controller_runtime_reconcile_total{controller="c",result="${result}"} 1`;
const counter = (name: string) => `controller_runtime_${name}{controller="c"} 1`;

test('each result of a reconcile is counted where dashboards look for it', async () => {
  for (const [result, expected] of [
    ['success', [total('success')]],
    ['requeue', [total('requeue')]],
    ['requeue_after', [total('requeue_after')]],
    ['error', [total('error'), counter('reconcile_errors_total')]],
    ['stalled', [total('error'), counter('reconcile_errors_total'), counter('terminal_reconcile_errors_total')]],
    ['panic', [total('error'), counter('reconcile_errors_total'), counter('reconcile_panics_total')]],
    ['timeout', [total('error'), counter('reconcile_errors_total'), counter('reconcile_timeouts_total')]],
  ] as const) {
    const metrics = new Metrics();
    const controller = metrics.controller('c', 2);
    controller.started();
    controller.started();
    assert.ok((await samples(metrics)).includes('controller_runtime_active_workers{controller="c"} 2'));
    controller.ended(result, 0.3);
    const lines = await samples(metrics);
    assert.deepEqual(
      lines.filter((line) => line.includes('_total') && line.endsWith(' 1')),
      expected,
    );
    assert.ok(lines.includes('controller_runtime_active_workers{controller="c"} 1'));
    assert.ok(lines.includes('controller_runtime_reconcile_time_seconds_sum{controller="c"} 0.3'));
  }
});

test('a queue is read when the metrics are', async () => {
  const metrics = new Metrics();
  let depth = 3;
  const queue = metrics.queue('c', () => ({ depth, unfinished: () => ({ total: 7, longest: 4 }) }));
  queue.added();
  queue.added();
  queue.retried();
  queue.taken(0.5);
  queue.done(2);
  depth = 5;
  assert.deepEqual(await samples(metrics), [
    'workqueue_depth{name="c",controller="c"} 5',
    'workqueue_unfinished_work_seconds{name="c",controller="c"} 7',
    'workqueue_longest_running_processor_seconds{name="c",controller="c"} 4',
    'workqueue_adds_total{name="c",controller="c"} 2',
    'workqueue_retries_total{name="c",controller="c"} 1',
    'workqueue_queue_duration_seconds_sum{name="c",controller="c"} 0.5',
    'workqueue_queue_duration_seconds_count{name="c",controller="c"} 1',
    'workqueue_work_duration_seconds_sum{name="c",controller="c"} 2',
    'workqueue_work_duration_seconds_count{name="c",controller="c"} 1',
  ]);
  assert.deepEqual(await buckets(metrics, 'workqueue_work_duration_seconds'), [
    ...['1e-8', '1e-7', '0.000001', '0.00001', '0.0001', '0.001', '0.01', '0.1', '1', '10', '100', '1000', '+Inf'],
  ]);
});

test('requests and leadership', async () => {
  const metrics = new Metrics();
  const leads = metrics.leader('modelserver-operator');
  metrics.request({ method: 'PATCH', host: '10.0.0.1:443', code: '409', seconds: 0.3 });
  const status = 'leader_election_master_status{name="modelserver-operator"}';
  assert.deepEqual(await samples(metrics), [
    'rest_client_requests_total{code="409",method="PATCH",host="10.0.0.1:443"} 1',
    'rest_client_request_duration_seconds_sum{verb="PATCH",host="10.0.0.1:443"} 0.3',
    'rest_client_request_duration_seconds_count{verb="PATCH",host="10.0.0.1:443"} 1',
    `${status} 0`,
  ]);
  leads(true);
  assert.ok((await samples(metrics)).includes(`${status} 1`));
  leads(false);
  assert.ok((await samples(metrics)).includes(`${status} 0`));
});

test('what Node tells of the process', async () => {
  const metrics = new Metrics();
  metrics.watchProcess();
  const { type, body } = await metrics.text();
  assert.match(type, /^text\/plain/);
  for (const name of [
    'process_resident_memory_bytes',
    'process_cpu_seconds_total',
    'nodejs_eventloop_lag_p99_seconds',
  ]) {
    assert.ok(body.includes(`\n${name} `), name);
  }
});

test('what is measured of two operators in one process does not mix', async () => {
  const [one, two] = [new Metrics(), new Metrics()];
  one.controller('c', 1).started();
  assert.deepEqual(await samples(two), []);
});
