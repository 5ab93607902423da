import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { modelServers } from '../../../src/operator/cluster/kinds.ts';
import { conditionOf } from '../../support/operator.ts';
import { grow, watchCalm } from './crowd.ts';
import { digits } from './digits.ts';
import { eventually } from './eventually.ts';
import { OperatorProcess } from './operator-process.ts';
import { type Surroundings, startSurroundings } from './surroundings.ts';

const namespace = 'crowd';
const poisoned = { namespace, name: 'poisoned' };
const count = Number(process.env.MODELSERVERS ?? 1_000);

let world: Surroundings;
let operator: OperatorProcess;

before(
  async () => {
    world = await startSurroundings('scale');
    await world.createNamespace(namespace);
    operator = await OperatorProcess.start(world.plane, { name: 'one' });
    await eventually(() => operator.probe('readyz'), Boolean);
  },
  { timeout: 120_000 },
);
after(() => world?.stop());

test('a resource whose children are refused says so, and is not tried all the time', { timeout: 60_000 }, async () => {
  await refuseConfigMaps('poisoned-config');
  await world.cluster.create(modelServers, digits(poisoned));
  const stalled = await world.until(poisoned, (now) => conditionOf(now, 'Stalled')?.reason === 'Rejected');
  assert.match(conditionOf(stalled, 'Ready')!.message, /refuses ConfigMap poisoned-config: .*not this one/);
});

test(`${count} ModelServers that are created at once converge`, { timeout: 600_000 }, async (t) => {
  const growth = await grow(world, operator, { namespace, count, seconds: 60 + count / 2 });
  t.diagnostic(JSON.stringify(growth));
  assert.ok(growth.peakMemory < 256 * 2 ** 20, `${(growth.peakMemory / 2 ** 20).toFixed()} MiB`);
  const tries = world.writesOf().filter(({ objectRef }) => objectRef?.name === 'poisoned-config').length;
  t.diagnostic(`the refused ConfigMap was tried ${tries} times`);
  assert.ok(tries < 12);
});

test('then 60 seconds pass without a write', { timeout: 180_000 }, async (t) => {
  const before = await quiet();
  const calm = await watchCalm(operator, 60);
  t.diagnostic(JSON.stringify(calm));
  const writes = world
    .writesOf()
    .slice(before)
    .filter(({ objectRef }) => objectRef?.name !== 'poisoned-config');
  assert.deepEqual(
    writes.map(({ verb, objectRef }) => `${verb} ${objectRef?.resource}/${objectRef?.name}`),
    [],
  );
  assert.ok(operator.memory().peak < 256 * 2 ** 20);
});

/** Waits until the last events are written: telling what happened takes its time, in turn. @returns the number of writes */
async function quiet(): Promise<number> {
  for (let before = -1; ; ) {
    const count = world.writesOf().length;
    if (count === before) return count;
    before = count;
    await setTimeout(5_000);
  }
}

/** By an admission policy, as administrators do. */
async function refuseConfigMaps(name: string): Promise<void> {
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const metadata = { name: 'no-poison' };
  const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['configmaps'] };
  await world.apply(
    {
      ...{ apiVersion, kind: 'ValidatingAdmissionPolicy', metadata },
      spec: {
        matchConstraints: { resourceRules: [rule] },
        validations: [{ expression: `object.metadata.name != '${name}'`, message: 'not this one' }],
      },
    },
    {
      ...{ apiVersion, kind: 'ValidatingAdmissionPolicyBinding', metadata },
      spec: { policyName: 'no-poison', validationActions: ['Deny'] },
    },
  );
  const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace } };
  const input = JSON.stringify(config);
  const isRefused = () =>
    world.plane.kubectl(['create', '--dry-run=server', '--filename=-'], { input }).then(
      () => false,
      () => true,
    );
  await eventually(isRefused, Boolean);
}
