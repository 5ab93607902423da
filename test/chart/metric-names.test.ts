import assert from 'node:assert/strict';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Metrics } from '../../src/operator/runtime/metrics.ts';
import { chart } from '../support/helm.ts';

const root = join(import.meta.dirname, '../..');

/** Prometheus's own. */
const foreign = ['up'];

/** Not in the source yet; to be taken out as they come. */
const toCome = new Set([
  ...['modelserver_rollout_duration_seconds', 'modelserver_rollouts_total'],
  ...['ovms_current_requests', 'ovms_infer_req_active', 'ovms_infer_req_queue_size', 'ovms_inference_time_us'],
  ...['ovms_request_time_us', 'ovms_requests_fail', 'ovms_requests_success', 'ovms_streams'],
  'ovms_wait_for_infer_req_time_us',
]);

test('dashboards and alerts ask for metrics that there are', () => {
  const asked = new Set(expressions().flatMap(metricsIn));
  assert.ok(asked.size > 20, `only ${asked.size} metrics were read`);
  const known = new Set([...foreign, ...operatorMetrics(), ...serverMetrics(), ...toCome]);
  assert.deepEqual(
    [...asked].filter((name) => !known.has(name)),
    [],
  );
});

function operatorMetrics(): string[] {
  const metrics = new Metrics();
  metrics.watchProcess();
  return metrics.registry.getMetricsAsArray().map(({ name }) => name);
}

/** The servers' have their names as literals. */
function serverMetrics(): string[] {
  const texts = globSync('src/server/**/*.ts', { cwd: root }).map((name) => readFileSync(join(root, name), 'utf8'));
  return texts.flatMap((text) => [...text.matchAll(/['"`](ovms_\w+)['"`]/g)].map((match) => match[1]!));
}

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
