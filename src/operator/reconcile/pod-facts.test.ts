import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Pod, podFacts } from './pod-facts.ts';

const pod = (status: Pod['status'], metadata: object = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'ns', uid: 'u', labels: { 'modelserver.dev/revision': 'r' }, ...metadata },
  ...(status ? { status } : {}),
});
const now = Date.parse('2026-01-01T12:00:00Z');
const factsOf = (object: Pod) => podFacts(object, now);
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
  assert.deepEqual(factsOf(serving), {
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
  const facts = factsOf(pod(undefined, { labels: {} }));
  assert.deepEqual(
    [facts?.host, facts?.isReady, facts?.revision, facts?.trouble, facts?.wait],
    [undefined, false, undefined, undefined, undefined],
  );
  assert.equal(factsOf(pod({ phase: 'Pending', podIP: '10.0.0.1' }))?.host, undefined);
});

const ended: [what: string, pod: Pod][] = [
  ['being deleted', pod({ phase: 'Running' }, { deletionTimestamp: '2026-01-01T00:00:00Z' })],
  ['evicted', pod({ phase: 'Failed' })],
  ['at its end', pod({ phase: 'Succeeded' })],
];

for (const [what, object] of ended) test(`no pod any more: ${what}`, () => assert.equal(factsOf(object), undefined));

const crashed = { terminated: { exitCode: 1, message: 'one\ntwo\nthree\nfour\n' } };

const troubles: [what: string, containers: readonly ContainerStatus[], trouble: string | undefined][] = [
  ['it is being made', [container({ state: { waiting: { reason: 'ContainerCreating' } } })], undefined],
  [
    'its image cannot be pulled',
    [container({ state: { waiting: { reason: 'ImagePullBackOff', message: 'no such image' } } })],
    'ImagePullFailed pod p: no such image',
  ],
  [
    // It may be had the next time.
    'its image has just not been pulled',
    [container({ state: { waiting: { reason: 'ErrImagePull', message: 'no such image' } } })],
    undefined,
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
    'what it says to people goes before what it says to programs',
    [
      container({
        restartCount: 3,
        state: {
          terminated: { exitCode: 2, message: 'unknown flag --nonsense\n{"level":"info"}\n{"level":"error"}\n' },
        },
      }),
    ],
    'CrashLoopBackOff pod p: the server ends with exit code 2 (3 restarts): unknown flag --nonsense',
  ],
  [
    'it waits to be started again',
    [container({ state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: crashed, restartCount: 1 })],
    'CrashLoopBackOff pod p: the server ends with exit code 1 (1 restart): two\nthree\nfour',
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
    const found = factsOf(pod({ phase: 'Running', containerStatuses }))?.trouble;
    assert.equal(found && `${found.reason} ${found.message}`, trouble);
  });
}

test('what comes first is in the way of the rest', () => {
  const status = {
    phase: 'Pending',
    initContainerStatuses: [container({ name: 'fetch', state: { waiting: { reason: 'ImagePullBackOff' } } })],
    containerStatuses: [container({ state: { waiting: { reason: 'PodInitializing' } } })],
  };
  assert.equal(factsOf(pod(status))?.trouble?.reason, 'ImagePullFailed');
});

test('a pod that no node takes says why', () => {
  const scheduled = (reason: string, message?: string) =>
    factsOf(
      pod({
        phase: 'Pending',
        conditions: [{ type: 'PodScheduled', status: 'False', reason, ...(message ? { message } : {}) }],
      }),
    )?.wait;
  assert.deepEqual(scheduled('Unschedulable', 'no cpu'), { reason: 'Unschedulable', message: 'pod p: no cpu' });
  assert.equal(scheduled('Unschedulable')?.message, 'pod p: no node takes it');
  assert.equal(scheduled('SchedulingGated'), undefined);
});

const running = (over: Partial<ContainerStatus>) =>
  factsOf(pod({ phase: 'Running', containerStatuses: [container(over)] }))!;
const run = (startedAt: string, finishedAt: string, over: object = {}) => ({
  terminated: { exitCode: 1, startedAt, finishedAt, ...over },
});

test('between two tries a server that keeps failing looks like one that has just been started', () => {
  const { trouble } = running({
    restartCount: 2,
    state: { running: { startedAt: '2026-01-01T11:59:58Z' } },
    lastState: run('2026-01-01T11:59:10Z', '2026-01-01T11:59:12Z', { message: 'a\nb\nno config' }),
  });
  assert.equal(trouble?.reason, 'CrashLoopBackOff');
  assert.match(trouble.message, /^pod p: the server ends with exit code 1 \(2 restarts\): a\nb\nno config$/);
});

test('what ended long ago is no reason why it is not ready now', () => {
  const { trouble } = running({
    restartCount: 3,
    state: { running: { startedAt: '2025-12-24T12:00:00Z' } },
    lastState: run('2025-12-24T11:59:00Z', '2025-12-24T11:59:30Z'),
  });
  assert.equal(trouble, undefined);
});

test('a server that ends after it has run for long is started anew, and no more', () => {
  const restarted = {
    restartCount: 3,
    state: { running: { startedAt: '2026-01-01T11:59:58Z' } },
    lastState: run('2025-12-24T12:00:00Z', '2026-01-01T11:59:50Z', { reason: 'OOMKilled' }),
  };
  assert.equal(running(restarted).trouble, undefined);
  const backingOff = { ...restarted, state: { waiting: { reason: 'CrashLoopBackOff' } } };
  assert.equal(running(backingOff).trouble?.reason, 'OutOfMemory');
});

test('an image that could not be pulled is waited for', () => {
  const { wait } = running({ state: { waiting: { reason: 'ErrImagePull', message: 'no such image' } } });
  assert.deepEqual(wait, { reason: 'ImagePullFailed', message: 'pod p: no such image' });
});
