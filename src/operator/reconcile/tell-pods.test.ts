import assert from 'node:assert/strict';
import { test } from 'node:test';
import { captureLog } from '../../../test/support/captured-log.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import type { PodFacts } from './pod-facts.ts';
import { ignorantPods, tellPods } from './tell-pods.ts';

function pod(name: string, told?: string): PodFacts {
  const nothing = { isReady: true, revision: 'r', trouble: undefined, wait: undefined };
  return {
    name,
    uid: `uid-of-${name}`,
    host: undefined,
    ...nothing,
    annotations: told ? { 'modelserver.dev/config': told } : {},
  };
}

const cases: [what: string, told: string | undefined, before: string | undefined, now: string, isIgnorant: boolean][] =
  [
    ['the first config', undefined, undefined, 'a', false],
    ['the same config', undefined, 'a', 'a', false],
    ['a changed config', undefined, 'a', 'b', true],
    ['told already', 'b', 'a', 'b', false],
    ['told of the one before', 'a', 'b', 'b', true],
    ['told of another, and nothing is known of before', 'a', undefined, 'b', true],
  ];

for (const [what, told, before, now, isIgnorant] of cases) {
  test(`${isIgnorant ? 'to be told' : 'not to be told'}: ${what}`, () => {
    assert.equal(ignorantPods([pod('a', told)], before, now).length, Number(isIgnorant));
  });
}

test('each pod is told, if it is still the same; one that cannot be told is not in the way', async () => {
  const { log, lines } = captureLog();
  const patches: unknown[] = [];
  const merge: Cluster['merge'] = async (kind, at, patch) => {
    patches.push([kind.kind, at, patch]);
    if (at.name === 'a') throw new ClusterError('conflict', 'another one');
    return { ...kind, metadata: { name: at.name } } as never;
  };
  const cluster = { merge } as Cluster;
  const { signal } = new AbortController();
  await tellPods([pod('a'), pod('b')], 'ns', 'c1', { cluster, log, signal });
  const annotations = { 'modelserver.dev/config': 'c1' };
  assert.deepEqual(patches, [
    ['Pod', { namespace: 'ns', name: 'a' }, { metadata: { uid: 'uid-of-a', annotations } }],
    ['Pod', { namespace: 'ns', name: 'b' }, { metadata: { uid: 'uid-of-b', annotations } }],
  ]);
  assert.deepEqual(
    lines.map(({ pod: name, code }) => [name, code]),
    [['a', 'conflict']],
  );
});

test('what is no answer of the cluster is not kept quiet', async () => {
  const cluster = { merge: () => Promise.reject(new TypeError('a fault')) } as unknown as Cluster;
  const { signal } = new AbortController();
  await assert.rejects(tellPods([pod('a')], 'ns', 'c1', { cluster, log: captureLog().log, signal }), /a fault/);
});
