import assert from 'node:assert/strict';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { chart } from '../support/helm.ts';

const root = join(import.meta.dirname, '../..');

/** Of Prometheus itself, and of prom-client's default metrics. */
const foreign = /^(up|process_\w+|nodejs_\w+)$/;

/** Not in the source yet; to be taken out as they come. */
const toCome = new Set([
  ...['controller_runtime_active_workers', 'controller_runtime_max_concurrent_reconciles'],
  ...['controller_runtime_reconcile_errors_total', 'controller_runtime_reconcile_panics_total'],
  ...['controller_runtime_reconcile_time_seconds', 'controller_runtime_reconcile_total'],
  ...['leader_election_master_status', 'modelserver_rollout_duration_seconds', 'modelserver_rollouts_total'],
  ...['ovms_current_requests', 'ovms_infer_req_active', 'ovms_infer_req_queue_size', 'ovms_inference_time_us'],
  ...['ovms_request_time_us', 'ovms_requests_fail', 'ovms_requests_success', 'ovms_streams'],
  ...['ovms_wait_for_infer_req_time_us', 'rest_client_requests_total', 'workqueue_adds_total', 'workqueue_depth'],
  ...['workqueue_longest_running_processor_seconds', 'workqueue_queue_duration_seconds', 'workqueue_retries_total'],
]);

test('dashboards and alerts ask for metrics that there are', () => {
  const source = globSync('src/**/*.ts', { cwd: root })
    .filter((name) => !name.endsWith('.test.ts'))
    .map((name) => readFileSync(join(root, name), 'utf8'))
    .join('\n');
  const asked = new Set(expressions().flatMap(metricsIn));
  assert.ok(asked.size > 20, `only ${asked.size} metrics were read`);
  const missing = [...asked].filter((name) => !foreign.test(name) && !new RegExp(`['"\`]${name}['"\`]`).test(source));
  assert.deepEqual(
    missing.filter((name) => !toCome.has(name)),
    [],
  );
});

function expressions(): string[] {
  const dashboards = readdirSync(join(chart, 'dashboards')).map((name) =>
    readFileSync(join(chart, 'dashboards', name), 'utf8'),
  );
  const asked = dashboards.flatMap((text) => [...text.matchAll(/"(?:expr|query)": ("(?:[^"\\]|\\.)*")/g)]);
  const alerts = readFileSync(join(chart, 'templates/prometheus-rule.yaml'), 'utf8').matchAll(/^ *expr: (.*)$/gm);
  return [...asked.map((match) => JSON.parse(match[1]!) as string), ...[...alerts].map((match) => match[1]!)];
}

/** Names before a selector, or inside `label_values(…)`; a histogram's without what Prometheus appends. */
function metricsIn(expression: string): string[] {
  const names = expression.matchAll(/([a-z][a-z0-9_]*)(?=\{)|label_values\(([a-z][a-z0-9_]*),/g);
  return [...names].map((match) => (match[1] ?? match[2])!.replace(/_(bucket|sum|count)$/, ''));
}
