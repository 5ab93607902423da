import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ModelServer } from '../../../src/operator/api/model-server.ts';
import { modelServers } from '../../../src/operator/cluster/kinds.ts';
import { isReady } from '../../support/operator.ts';
import { digits } from './digits.ts';
import { eventually } from './eventually.ts';
import { OperatorProcess } from './operator-process.ts';
import { operatorName, operatorNamespace, type Surroundings, startSurroundings } from './surroundings.ts';

// An operator that is to look after two namespaces, and has its rights in one.

const account = 'narrow';
const apiVersion = 'rbac.authorization.k8s.io/v1';

let world: Surroundings;
let operator: OperatorProcess;

before(
  async () => {
    world = await startSurroundings('namespaces');
    for (const namespace of ['mine', 'later']) await world.createNamespace(namespace);
    await world.apply(
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: account, namespace: operatorNamespace } },
      binding(operatorNamespace, 'Role', `${operatorName}-leader-election`),
      binding('mine', 'ClusterRole', operatorName),
    );
    for (const namespace of ['mine', 'later']) await world.apply(digits({ namespace, name: 'x' }));
    operator = await OperatorProcess.start(world.plane, {
      name: account,
      serviceAccount: account,
      flags: ['--watch-namespaces=mine,later'],
    });
  },
  { timeout: 120_000 },
);
after(async () => {
  await operator?.kill();
  await world?.stop();
});

function binding(namespace: string, kind: string, name: string): object {
  return {
    ...{ apiVersion, kind: 'RoleBinding', metadata: { namespace, name: account } },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name },
    subjects: [{ kind: 'ServiceAccount', name: account, namespace: operatorNamespace }],
  };
}

async function served(): Promise<Record<string, string>> {
  const lines = (await operator.metrics()).matchAll(/^modelserver_watched_namespaces\{[^}]*="([^"]+)"\} (\d)/gm);
  return Object.fromEntries([...lines].map(([, namespace, value]) => [namespace, value!]));
}

test('the one with rights is served, and of the other it is told', { timeout: 60_000 }, async () => {
  await world.until({ namespace: 'mine', name: 'x' }, isReady);
  assert.ok(await operator.probe('readyz'));
  assert.deepEqual(await served(), { mine: '1', later: '0' });
  const warnings = operator
    .log()
    .split('\n')
    .filter((line) => /"level":"?(warn|40)/.test(line));
  assert.equal(warnings.length, 1, warnings.join('\n'));
  assert.match(warnings[0]!, /"watchedNamespace":"later".* is forbidden: .*Rights are missing/);
  const other = await world.cluster.get<ModelServer>(modelServers, { namespace: 'later', name: 'x' });
  assert.equal(other?.status.observedGeneration, -1);
});

test('it is served once the rights are there', { timeout: 90_000 }, async (t) => {
  const began = performance.now();
  await world.apply(binding('later', 'ClusterRole', operatorName));
  await world.until({ namespace: 'later', name: 'x' }, isReady, 60);
  t.diagnostic(`served ${((performance.now() - began) / 1000).toFixed(1)} s after its rights had come`);
  await eventually(served, ({ later }) => later === '1');
  assert.ok(operator.running);
});
