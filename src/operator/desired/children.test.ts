import assert from 'node:assert/strict';
import { test } from 'node:test';
import { validExamples } from '../../../test/crds/examples.ts';
import { childrenOf } from '../../../test/operator/rendering.ts';
import { modelServer } from '../../../test/support/model-server.ts';
import { childKinds } from './children.ts';

const longest = 'm'.repeat(52);

for (const { file, object } of validExamples()) {
  test(`the children of ${file} have names and owners as they must`, () => {
    const owner = modelServer(object.spec, { metadata: { name: longest } });
    const all = childrenOf(owner);
    const names = all.map(({ kind, name }) => `${kind.kind} ${name}`);
    assert.equal(new Set(names).size, names.length);
    for (const { kind, name, object: child } of all) {
      assert.match(name, /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/);
      assert.ok(childKinds.includes(kind));
      if (!child) continue;
      const { metadata } = child;
      assert.deepEqual([child.apiVersion, child.kind], [kind.apiVersion, kind.kind]);
      assert.deepEqual([metadata.name, metadata.namespace], [name, 'ns']);
      assert.equal(metadata.labels?.['app.kubernetes.io/managed-by'], 'modelserver-operator');
      assert.equal(metadata.labels?.['modelserver.dev/name'], longest);
      assert.equal(metadata.labels?.['app.kubernetes.io/instance'], undefined);
      assert.match(metadata.annotations?.['modelserver.dev/applied'] ?? '', /^[0-9a-f]{10}$/);
      assert.deepEqual(metadata.ownerReferences, [
        {
          apiVersion: 'modelserver.dev/v1alpha1',
          kind: 'ModelServer',
          name: longest,
          uid: 'uid-of-x',
          controller: true,
          blockOwnerDeletion: true,
        },
      ]);
    }
  });
}

const always = ['ServiceAccount x', 'ConfigMap x-config', 'Service x', 'Deployment x'];

const cases: [what: string, spec: object, more: string[], less?: string[]][] = [
  ['as few as there can be', {}, []],
  ['several replicas', { replicas: 2 }, ['PodDisruptionBudget x']],
  [
    'several replicas at times',
    { autoscaling: { maxReplicas: 2 } },
    ['PodDisruptionBudget x', 'HorizontalPodAutoscaler x'],
  ],
  ['one replica at all times', { autoscaling: { maxReplicas: 1 } }, ['HorizontalPodAutoscaler x']],
  ['no budget', { replicas: 2, disruptionBudget: { enabled: false } }, []],
  ['a headless Service', { service: { headless: true } }, ['Service x-headless']],
  ['a network policy', { networkPolicy: { enabled: true } }, ['NetworkPolicy x']],
  ['a monitor', { observability: { metrics: { podMonitor: { enabled: true } } } }, ['PodMonitor x']],
  ['a monitor of no metrics', { observability: { metrics: { enabled: false, podMonitor: { enabled: true } } } }, []],
  ["the user's account", { template: { serviceAccountName: 'mine' } }, [], ['ServiceAccount x']],
];

for (const [what, spec, more, less = []] of cases) {
  test(`children: ${what}`, () => {
    const found = childrenOf(modelServer(spec)).flatMap(({ kind, name, object }) =>
      object ? [`${kind.kind} ${name}`] : [],
    );
    const expected = [...always, ...more].filter((name) => !less.includes(name));
    assert.deepEqual(found.toSorted(), expected.toSorted());
  });
}

test('there is no monitor where the cluster has no such kind', () => {
  const owner = modelServer({ observability: { metrics: { podMonitor: { enabled: true } } } });
  assert.ok(!childrenOf(owner, false).some(({ kind, object }) => kind.kind === 'PodMonitor' && object));
});

test('what pods need is applied before them', () => {
  const order = childrenOf(modelServer()).map(({ kind }) => kind.kind);
  assert.deepEqual(order.slice(0, 2), ['ServiceAccount', 'ConfigMap']);
  assert.ok(order.indexOf('NetworkPolicy') < order.indexOf('Deployment'));
});

test('the hash of what is applied changes when that does, and only then', () => {
  const hashes = (spec: object) =>
    Object.fromEntries(
      childrenOf(modelServer(spec)).flatMap(({ kind, object }) =>
        object ? [[kind.kind, object.metadata.annotations!['modelserver.dev/applied']]] : [],
      ),
    );
  const before = hashes({});
  assert.deepEqual(hashes({}), before);
  const after = hashes({ service: { grpcPort: 1 } });
  assert.deepEqual(
    Object.keys(after).filter((kind) => after[kind] !== before[kind]),
    ['Service'],
  );
});
