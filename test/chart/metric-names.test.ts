import assert from 'node:assert/strict';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { reasons } from '../../src/operator/api/conditions.ts';
import { resourceMetrics } from '../../src/operator/controller/resource-metrics.ts';
import { Metrics } from '../../src/operator/runtime/metrics.ts';
import { chart } from '../support/helm.ts';

const root = join(import.meta.dirname, '../..');

/** Prometheus's own. */
const foreign = ['up'];

test('dashboards and alerts ask for metrics that there are', () => {
  const asked = new Set(expressions().flatMap(metricsIn));
  assert.ok(asked.size > 20, `only ${asked.size} metrics were read`);
  const known = new Set([...foreign, ...operatorMetrics(), ...serverMetrics()]);
  assert.deepEqual(
    [...asked].filter((name) => !known.has(name)),
    [],
  );
});

test('the alert on stalled ModelServers leaves out reasons that there are', () => {
  const [, left = ''] = /reason!~"([^"]+)"/.exec(expressions().join('\n')) ?? [];
  const known: readonly string[] = reasons;
  assert.ok(left.includes('|'));
  assert.deepEqual(
    left.split('|').filter((reason) => !known.includes(reason)),
    [],
  );
});

function operatorMetrics(): string[] {
  const metrics = new Metrics();
  metrics.watchProcess();
  resourceMetrics(metrics.registry, { *resources() {}, *namespaces() {} });
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
