import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readKubernetesStatus } from './kstatus.ts';
import { situations } from './truth-table.ts';

for (const { name, object, kstatus } of situations) {
  test(`kstatus: ${name}: ${kstatus}`, () => assert.equal(readKubernetesStatus(object), kstatus));
}

test('kstatus: without a status nobody would wait: hence the default in the schema', () => {
  assert.equal(readKubernetesStatus({ metadata: { generation: 1 } }), 'Current');
});

test('kstatus: what is under way wins over what is stalled if it is told first, and the other way round', () => {
  const reconciling = { type: 'Reconciling', status: 'True' };
  const stalled = { type: 'Stalled', status: 'True' };
  const judge = (...conditions: { type: string; status: string }[]) =>
    readKubernetesStatus({ metadata: { generation: 1 }, status: { observedGeneration: 1, conditions } });
  assert.equal(judge(reconciling, stalled), 'InProgress');
  assert.equal(judge(stalled, reconciling), 'Failed');
  assert.equal(judge({ type: 'Stalled', status: 'False' }, { type: 'Ready', status: 'True' }), 'Current');
});
