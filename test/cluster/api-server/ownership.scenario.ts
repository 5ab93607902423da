import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Cluster } from '../../../src/operator/cluster/cluster.ts';
import type { ClusterError } from '../../../src/operator/cluster/cluster-error.ts';
import { createKubeCluster } from '../../../src/operator/cluster/kube/create-kube-cluster.ts';
import type { KubeObject } from '../../../src/operator/cluster/kube-object.ts';
import { createLog } from '../../../src/shared/log.ts';
import { FakeCluster } from '../../support/fake-cluster.ts';
import { startControlPlane } from '../control-plane.ts';
import { defineWidgets, widgets } from './widgets.ts';

type Step =
  | { readonly do: 'apply'; readonly manager: string; readonly spec: object; readonly labels: Record<string, string> }
  | { readonly do: 'status'; readonly manager: string; readonly status: object }
  | { readonly do: 'merge'; readonly patch: object };

const { record, constant, constantFrom, oneof } = fc;
const small = fc.integer({ min: 0, max: 1 });
const any = <T extends Record<string, fc.Arbitrary<unknown>>>(fields: T) => record(fields, { requiredKeys: [] });
/** What an API server makes of empty maps, null, is of no use to anybody. */
const some = <T extends Record<string, fc.Arbitrary<unknown>>>(fields: T) =>
  any(fields).filter((map) => Object.keys(map).length > 0);
const whole = (fields: Record<string, fc.Arbitrary<unknown>>) =>
  record({ always: constant(1), ...fields }, { requiredKeys: ['always'] });
const keyed = (key: string) =>
  fc
    .uniqueArray(constantFrom('a', 'b', 'c'), { maxLength: 3 })
    .chain((names) =>
      fc.tuple(
        ...names.map((name) =>
          any({ size: small, deep: some({ p: small, q: small }) }).map((item) => ({ [key]: name, ...item })),
        ),
      ),
    );
const applying = record({
  do: constant('apply' as const),
  manager: constantFrom('one', 'two'),
  spec: whole({
    a: small,
    tree: some({ x: small, y: some({ z: small }) }),
    models: keyed('name'),
    atomic: fc.array(small, { maxLength: 2 }),
  }),
  labels: any({ k: constantFrom('1', '2'), l: constant('1') }) as fc.Arbitrary<Record<string, string>>,
});
const telling = record({
  do: constant('status' as const),
  manager: constantFrom('one', 'two'),
  status: whole({ a: small, conditions: keyed('type') }),
});
const merging = record({
  do: constant('merge' as const),
  patch: record({
    spec: any({
      a: constantFrom(null, 0, 1),
      tree: constantFrom(null, { x: 1 }),
      models: constant([{ name: 'a', size: 1 }]),
    }),
  }),
});
const steps: fc.Arbitrary<Step> = oneof({ weight: 4, arbitrary: applying }, telling, merging);

/** What became of it: all but what each cluster makes up for itself, and whether anything was written. */
async function take(cluster: Cluster, name: string, step: Step): Promise<object> {
  const at = { namespace: 'default', name };
  const base = { apiVersion: widgets.apiVersion, kind: widgets.kind, metadata: at };
  const before = await cluster.get(widgets, at);
  try {
    if (step.do === 'merge') await cluster.merge(widgets, at, step.patch);
    else if (step.do === 'status') {
      await cluster.apply(widgets, { ...base, status: step.status } as KubeObject, {
        manager: step.manager,
        subresource: 'status',
      });
    } else {
      const { spec, labels } = step;
      await cluster.apply(widgets, { ...base, metadata: { ...at, labels }, spec } as KubeObject, {
        manager: step.manager,
      });
    }
  } catch (error) {
    return { error: (error as ClusterError).code };
  }
  const { metadata, ...rest } = (await cluster.get<KubeObject>(widgets, at))!;
  const isWritten = before?.metadata.resourceVersion !== metadata.resourceVersion;
  const result = { ...rest, labels: metadata.labels, generation: metadata.generation, isWritten };
  // Of a map whose fields have all gone, an API server leaves now nothing, now null, and now an empty map.
  return JSON.parse(JSON.stringify(result), (_, value) => (isEmpty(value) ? undefined : value));
}

function isEmpty(value: unknown): boolean {
  return value === null || (typeof value === 'object' && Object.keys(value).length === 0);
}

test('fields belong to the same in the fake as in a real API server', { timeout: 600_000 }, async (t) => {
  await using plane = await startControlPlane({ name: 'ownership' });
  const options = {
    kubeconfig: plane.kubeconfig,
    log: createLog({ level: 'error' }),
    callsPerSecond: 1000,
    burst: 1000,
  };
  const real = await createKubeCluster(options);
  t.after(() => real.close());
  await defineWidgets(real);
  const fake = new FakeCluster({ kinds: [widgets] });
  let runs = 0;
  const property = fc.asyncProperty(fc.array(steps, { minLength: 2, maxLength: 6 }), async (sequence) => {
    const name = `run-${runs++}`;
    for (const step of sequence) {
      const [wanted, got] = await Promise.all([take(real, name, step), take(fake, name, step)]);
      // An API server may leave null where a list was, and then refuse its own work.
      if ('error' in wanted && wanted.error === 'invalid') return;
      assert.deepEqual(got, wanted, JSON.stringify(step));
    }
  });
  await fc.assert(property, { numRuns: 100 });
});
