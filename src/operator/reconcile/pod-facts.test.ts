import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Pod, podFacts } from './pod-facts.ts';

const pod = (status: Pod['status'], metadata: object = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'ns', uid: 'u', labels: { 'modelserver.dev/revision': 'r' }, ...metadata },
  ...(status ? { status } : {}),
});
type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];
const container = (over: Partial<ContainerStatus>): ContainerStatus => ({ name: 'modelserver', ready: false, ...over });

test('a pod that serves', () => {
  const serving = pod(
    {
      phase: 'Running',
      podIP: '10.0.0.1',
      conditions: [
        { type: 'PodScheduled', status: 'True' },
        { type: 'Ready', status: 'True' },
      ],
      containerStatuses: [container({ ready: true, restartCount: 4, lastState: { terminated: { exitCode: 1 } } })],
    },
    { annotations: { 'modelserver.dev/config': 'c' } },
  );
  assert.deepEqual(podFacts(serving), {
    name: 'p',
    uid: 'u',
    host: '10.0.0.1',
    isReady: true,
    revision: 'r',
    trouble: undefined,
    wait: undefined,
    annotations: { 'modelserver.dev/config': 'c' },
  });
});

test('a pod of which nothing is known yet has no address, no revision of its own, and no trouble', () => {
  const facts = podFacts(pod(undefined, { labels: {} }));
  assert.deepEqual(
    [facts?.host, facts?.isReady, facts?.revision, facts?.trouble, facts?.wait],
    [undefined, false, undefined, undefined, undefined],
  );
  assert.equal(podFacts(pod({ phase: 'Pending', podIP: '10.0.0.1' }))?.host, undefined);
});

const ended: [what: string, pod: Pod][] = [
  ['being deleted', pod({ phase: 'Running' }, { deletionTimestamp: '2026-01-01T00:00:00Z' })],
  ['evicted', pod({ phase: 'Failed' })],
  ['at its end', pod({ phase: 'Succeeded' })],
];

for (const [what, object] of ended) test(`no pod any more: ${what}`, () => assert.equal(podFacts(object), undefined));

const crashed = { terminated: { exitCode: 1, message: 'one\ntwo\nthree\nfour\n' } };

const troubles: [what: string, containers: readonly ContainerStatus[], trouble: string | undefined][] = [
  ['it is being made', [container({ state: { waiting: { reason: 'ContainerCreating' } } })], undefined],
  [
    'its image cannot be pulled',
    [container({ state: { waiting: { reason: 'ImagePullBackOff', message: 'no such image' } } })],
    'ImagePullFailed pod p: no such image',
  ],
  [
    // A kubelet goes to and fro between the two.
    'its image has just not been pulled',
    [container({ state: { waiting: { reason: 'ErrImagePull', message: 'no such image' } } })],
    'ImagePullFailed pod p: no such image',
  ],
  [
    'its image is not on the node',
    [container({ state: { waiting: { reason: 'ErrImageNeverPull' } } })],
    'ImagePullFailed pod p: ErrImageNeverPull',
  ],
  [
    'what it refers to is not there',
    [container({ state: { waiting: { reason: 'CreateContainerConfigError', message: 'secret "otlp" not found' } } })],
    'PodConfigError pod p: secret "otlp" not found',
  ],
  ['it has ended once', [container({ state: { running: {} }, lastState: crashed, restartCount: 1 })], undefined],
  [
    'it keeps ending, and has just been started again',
    [container({ state: { running: {} }, lastState: crashed, restartCount: 2 })],
    'CrashLoopBackOff pod p: the server ends with exit code 1 (2 restarts): two\nthree\nfour',
  ],
  [
    'it waits to be started again',
    [container({ state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: crashed, restartCount: 1 })],
    'CrashLoopBackOff pod p: the server ends with exit code 1 (1 restarts): two\nthree\nfour',
  ],
  [
    'it has kept ending, and serves now',
    [container({ ready: true, state: { running: {} }, lastState: crashed, restartCount: 9 })],
    undefined,
  ],
  [
    'it needs more memory',
    [
      container({
        state: { terminated: { exitCode: 137, reason: 'OOMKilled' } },
        restartCount: 2,
      }),
    ],
    'OutOfMemory pod p: the server needs more memory than its limit allows (2 restarts)',
  ],
  [
    'a container beside it keeps ending',
    [
      container({ ready: true }),
      container({ name: 'shipper', state: { terminated: { exitCode: 2 } }, restartCount: 3 }),
    ],
    'CrashLoopBackOff pod p: the container shipper ends with exit code 2 (3 restarts)',
  ],
];

for (const [what, containerStatuses, trouble] of troubles) {
  test(`a pod: ${what}`, () => {
    const found = podFacts(pod({ phase: 'Running', containerStatuses }))?.trouble;
    assert.equal(found && `${found.reason} ${found.message}`, trouble);
  });
}

test('what comes first is in the way of the rest', () => {
  const status = {
    phase: 'Pending',
    initContainerStatuses: [container({ name: 'fetch', state: { waiting: { reason: 'ImagePullBackOff' } } })],
    containerStatuses: [container({ state: { waiting: { reason: 'PodInitializing' } } })],
  };
  assert.equal(podFacts(pod(status))?.trouble?.reason, 'ImagePullFailed');
});

test('a pod that no node takes says why', () => {
  const scheduled = (reason: string, message?: string) =>
    podFacts(
      pod({
        phase: 'Pending',
        conditions: [{ type: 'PodScheduled', status: 'False', reason, ...(message ? { message } : {}) }],
      }),
    )?.wait;
  assert.deepEqual(scheduled('Unschedulable', 'no cpu'), { reason: 'Unschedulable', message: 'pod p: no cpu' });
  assert.equal(scheduled('Unschedulable')?.message, 'pod p: no node takes it');
  assert.equal(scheduled('SchedulingGated'), undefined);
});
