import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCustomResource } from '../../scripts/crd-schema.ts';
import { schemaProblems } from '../crds/schema-problems.ts';
import { type Judged, JudgedRecording } from './judged-recording.ts';
import { readRecordings } from './recording.ts';

/** What is to be made of a moment. N stands for the number of pods, which all say the same. */
interface Row extends Omit<Judged, 'messages'> {
  readonly messages?: Judged['messages'];
  /** Seconds since the row before; 10 unless set. */
  readonly after?: number;
  /** The moment of the recording is still that of the row before. */
  readonly isStill?: true;
}

type Models = Judged['models'];

const steady = { conditions: 'RApd', kstatus: 'Current', reason: 'ModelsServing' } as const;
const moving = { conditions: 'rAPd Reconciling', kstatus: 'InProgress' } as const;
const starting = { conditions: 'raPd Reconciling', kstatus: 'InProgress' } as const;
const stalled = { conditions: 'rApD Stalled', kstatus: 'Failed' } as const;
const dead = { conditions: 'rapD Stalled', kstatus: 'Failed' } as const;

const serving = (m: string, more: Models = {}): Row => {
  const count = 1 + Object.keys(more).length;
  return { ...steady, message: `${count} model${count === 1 ? '' : 's'} on N/N pods`, models: { m, ...more } };
};
const broken = (message: string, m: string): Row => ({ ...stalled, reason: 'ModelLoadFailed', message, models: { m } });
const notByThat: Row = {
  ...moving,
  reason: 'ConfigPropagating',
  message: 'model m: N/N pods do not serve by the new config yet',
  models: { m: 'Loading, serves 1, wants 1: 1 AVAILABLE N/N' },
};
const one = 'Available, serves 1, wants 1: 1 AVAILABLE N/N';
const two = 'Available, serves 2, wants 2: 2 AVAILABLE N/N';
const refused = 'model m: N/N pods cannot be asked: no connection to 10.0.0.1:9000: refused';

const rows: Readonly<Record<string, readonly Row[]>> = {
  'first-start': [
    {
      ...starting,
      reason: 'PodsStarting',
      message: '0/N pods are ready',
      models: { m: 'Unknown: no versions' },
      messages: { m: refused },
    },
    {
      ...starting,
      reason: 'LoadingModels',
      message: 'model m: version 2 is available on 0/N pods',
      models: { m: 'Loading, wants 2 and 1: 2 LOADING 0/N, 1 START 0/N' },
    },
    serving('Available, serves 2, wants 2 and 1: 2 AVAILABLE N/N, 1 AVAILABLE N/N'),
  ],
  'new-version': [
    serving(one),
    {
      ...moving,
      reason: 'LoadingModels',
      message: 'model m: version 2 is available on 0/N pods',
      models: { m: 'Loading, serves 1, wants 2: 2 LOADING 0/N, 1 AVAILABLE N/N' },
    },
    serving(two),
    serving(two),
  ],
  'broken-new-version': [
    serving(two),
    broken(
      'model m: version 3 does not load on N/N pods; version 2 serves on: …',
      'Degraded, serves 2, wants 3: 3 LOADING 0/N UNKNOWN, 2 AVAILABLE N/N',
    ),
    serving('Available, serves 4, wants 4: 4 AVAILABLE N/N'),
  ],
  'broken-specific-version': [
    serving(two),
    broken(
      'model m: version 3 does not load on N/N pods; version 2 serves on: …',
      'Degraded, serves 2, wants 3: 3 LOADING 0/N UNKNOWN, 2 AVAILABLE N/N',
    ),
    serving(two),
  ],
  'missing-specific-version': [
    serving(two),
    {
      ...moving,
      reason: 'ConfigPropagating',
      message: 'model m: version 4 is not on any pod yet',
      models: { m: 'Loading, serves 2, wants 4: 4 MISSING 0/N, 2 AVAILABLE N/N' },
    },
    {
      ...moving,
      isStill: true,
      after: 120,
      reason: 'VersionNotFound',
      message: 'model m: there is no version 4 in its folder /models/m',
      models: { m: 'Loading, serves 2, wants 4: 4 MISSING 0/N, 2 AVAILABLE N/N' },
    },
    {
      ...stalled,
      isStill: true,
      after: 600,
      reason: 'ProgressDeadlineExceeded',
      message: 'not there within 10m: model m: there is no version 4 in its folder /models/m',
      models: { m: 'Loading, serves 2, wants 4: 4 MISSING 0/N, 2 AVAILABLE N/N' },
      messages: { m: 'model m: there is no version 4 in its folder /models/m' },
    },
    serving('Available, serves 4, wants 4: 4 AVAILABLE N/N'),
    serving(two),
  ],
  'empty-folder': [
    {
      ...starting,
      reason: 'VersionNotFound',
      message: 'model m: there is no version in its folder /models/m',
      models: { m: 'Missing: no versions' },
    },
    {
      conditions: 'rapD Stalled',
      kstatus: 'Failed',
      isStill: true,
      after: 600,
      reason: 'ProgressDeadlineExceeded',
      message: 'not there within 10m: model m: there is no version in its folder /models/m',
      models: { m: 'Missing: no versions' },
      messages: { m: 'model m: there is no version in its folder /models/m' },
    },
    serving(one),
  ],
  'missing-folder': [
    {
      ...starting,
      reason: 'VersionNotFound',
      message: 'model m: there is no version in its folder /models/m',
      models: { m: 'Missing: no versions' },
    },
    serving(one),
  ],
  'changed-files': [
    serving(one),
    broken(
      'model m: version 1 does not load anew on N/N pods; it serves on as it was: …',
      'Degraded, serves 1, wants 1: 1 AVAILABLE N/N UNKNOWN',
    ),
    serving(one),
  ],
  'changed-options': [
    serving(one),
    broken(
      'model m: version 1 does not load anew on N/N pods; it serves on as it was: …',
      'Degraded, serves 1, wants 1: 1 AVAILABLE N/N UNKNOWN',
    ),
    serving(one),
  ],
  'slow-options': [serving(one), notByThat, notByThat, serving(one)],
  'label-of-served-version': [
    serving('Available, serves 2, wants 2 and 1: 2 AVAILABLE N/N, 1 AVAILABLE N/N'),
    { ...notByThat, models: { m: 'Loading, serves 2, wants 2 and 1: 2 AVAILABLE N/N, 1 AVAILABLE N/N' } },
    serving('Available, serves 2, wants 2 and 1: 2 AVAILABLE N/N, 1 AVAILABLE N/N'),
  ],
  'refused-config': [
    serving(one),
    broken(
      'model m: version 1 does not load anew on N/N pods; it serves on as it was: …',
      'Degraded, serves 1, wants 1: 1 AVAILABLE N/N UNKNOWN',
    ),
    broken(
      'model m: version 1 does not load anew on N/N pods; it serves on as it was: …',
      'Degraded, serves 1, wants 2: 2 MISSING 0/N, 1 AVAILABLE N/N UNKNOWN',
    ),
    serving(two),
  ],
  'two-broken-versions': [
    broken(
      'model m: version 4 does not load on N/N pods; version 2 serves on: …',
      'Degraded, serves 2, wants 4: 4 LOADING 0/N UNKNOWN, 3 LOADING 0/N UNKNOWN, 2 AVAILABLE N/N',
    ),
  ],
  'all-versions': [
    serving('Available, serves 3, wants 3 and 2 and 1: 3 AVAILABLE N/N, 2 AVAILABLE N/N, 1 AVAILABLE N/N'),
    serving('Available, serves 3, wants 3 and 1: 3 AVAILABLE N/N, 1 AVAILABLE N/N'),
    broken(
      'model m: version 4 does not load on N/N pods; version 3 serves on: …',
      'Degraded, serves 3, wants 4 and 3 and 1: 4 LOADING 0/N UNKNOWN, 3 AVAILABLE N/N, 1 AVAILABLE N/N',
    ),
  ],
  'latest-two-versions': [
    serving('Available, serves 3, wants 3 and 2: 3 AVAILABLE N/N, 2 AVAILABLE N/N'),
    broken(
      'model m: version 4 does not load on N/N pods; version 3 serves on: …',
      'Degraded, serves 3, wants 4 and 3: 4 LOADING 0/N UNKNOWN, 3 AVAILABLE N/N, 2 AVAILABLE N/N',
    ),
    serving('Available, serves 3, wants 3 and 2: 3 AVAILABLE N/N, 2 AVAILABLE N/N'),
    serving('Available, serves 5, wants 5 and 3: 5 AVAILABLE N/N, 3 AVAILABLE N/N'),
  ],
  labels: [
    serving('Available, serves 3, wants 3 and 1: 3 AVAILABLE N/N, 1 AVAILABLE N/N'),
    serving('Available, serves 3, wants 3 and 2: 3 AVAILABLE N/N, 2 AVAILABLE N/N'),
    {
      ...moving,
      reason: 'ConfigPropagating',
      message: 'model m: version 5 is not on any pod yet',
      models: { m: 'Loading, serves 3, wants 5 and 3: 5 MISSING 0/N, 3 AVAILABLE N/N, 2 AVAILABLE N/N' },
    },
    {
      ...moving,
      isStill: true,
      after: 120,
      reason: 'VersionNotFound',
      message: 'model m: there is no version 5 in its folder /models/m',
      models: { m: 'Loading, serves 3, wants 5 and 3: 5 MISSING 0/N, 3 AVAILABLE N/N, 2 AVAILABLE N/N' },
    },
    serving('Available, serves 3, wants 3: 3 AVAILABLE N/N'),
  ],
  'removed-model': [
    serving(one, { other: one }),
    serving(one),
    {
      ...moving,
      reason: 'ConfigPropagating',
      message: 'model other: the pods have not begun to load it again',
      models: { m: 'Loading, serves 1, wants 1: 1 AVAILABLE N/N', other: 'Loading: no versions' },
      messages: { m: notByThat.message },
    },
    serving(one, { other: one }),
  ],
  'unknown-model': [
    serving(one),
    {
      ...moving,
      reason: 'ConfigPropagating',
      message: 'model other: N/N pods do not know of it yet',
      models: { m: 'Loading, serves 1, wants 1: 1 AVAILABLE N/N', other: 'Loading: no versions' },
      messages: { m: notByThat.message },
    },
    {
      ...moving,
      isStill: true,
      after: 120,
      reason: 'ConfigPropagating',
      message: 'model other: N/N pods do not know of it: their logs say whether they refuse the config',
      models: { m: 'Loading, serves 1, wants 1: 1 AVAILABLE N/N', other: 'Loading: no versions' },
      messages: { m: notByThat.message },
    },
    serving(one, { other: one }),
  ],
  'half-copied-version': [
    serving(one),
    broken(
      'model m: version 2 does not load on N/N pods; version 1 serves on: …',
      'Degraded, serves 1, wants 2: 2 LOADING 0/N UNKNOWN, 1 AVAILABLE N/N',
    ),
    serving(two),
  ],
  'restart-with-broken-version': [
    serving(one),
    broken(
      'model m: version 1 does not load anew on N/N pods; it serves on as it was: …',
      'Degraded, serves 1, wants 1: 1 AVAILABLE N/N UNKNOWN',
    ),
    {
      ...starting,
      reason: 'PodsStarting',
      message: '0/N pods are ready',
      models: { m: 'Unknown: no versions' },
      messages: { m: refused },
    },
    {
      ...dead,
      reason: 'ModelLoadFailed',
      message: 'model m: version 1 does not load on N/N pods; no version serves: …',
      models: { m: 'Failed, wants 1: 1 LOADING 0/N UNKNOWN' },
    },
  ],
  'removed-last-version': [
    serving(one),
    serving(one),
    broken(
      'model m: version 1 does not load anew on N/N pods; it serves on as it was: …',
      'Degraded, serves 1, wants 1: 1 AVAILABLE N/N UNKNOWN',
    ),
  ],
  'optional-model': [
    {
      ...steady,
      conditions: 'RApD',
      message: '1 of 2 models on N/N pods; the rest is not required',
      models: { m: one, extra: 'Failed, wants 1: 1 LOADING 0/N UNKNOWN' },
      messages: { extra: 'model extra: version 1 does not load on N/N pods; no version serves: …' },
    },
  ],
};

const recordings = readRecordings();
const { schema } = readCustomResource();
const recordingOf = (name: string) => recordings.find((recording) => recording.name === name)!;

test('something is expected of each recording', () => {
  assert.deepEqual(Object.keys(rows).toSorted(), recordings.map(({ name }) => name).toSorted());
});

for (const [name, expected] of Object.entries(rows)) {
  for (const pods of [1, 3]) {
    test(`${name}, on ${pods} pod${pods === 1 ? '' : 's'}`, () => {
      const { moments } = recordingOf(name);
      const judged = new JudgedRecording();
      let next = 0;
      for (const { after = 10, isStill, messages = {}, ...row } of expected) {
        const moment = moments[isStill ? next - 1 : next++]!;
        const actual = judged.judge(Array(pods).fill(moment), after);
        const wanted = JSON.parse(JSON.stringify({ ...row, messages }).replaceAll(/\bN\b/g, `${pods}`));
        assert.deepEqual(actual, wanted, moment.when);
        check(judged, row.kstatus);
      }
      assert.equal(next, moments.length, 'something is expected of each moment');
    });
  }
}

interface MixedRow extends Omit<Judged, 'messages' | 'kstatus'> {
  readonly what: string;
  /** A recording, and the moments at which the pods are; the last knows what is wanted. */
  readonly pods: readonly [name: string, ...moments: number[]];
}

const mixed: readonly MixedRow[] = [
  {
    what: 'a new version at all stages',
    pods: ['new-version', 0, 1, 2, 3],
    conditions: 'rAPd Reconciling',
    reason: 'LoadingModels',
    message: 'model m: version 2 is available on 2/4 pods',
    models: { m: 'Loading, serves 2, wants 2: 2 LOADING 2/4, 1 UNLOADING 2/4' },
  },
  {
    what: 'a version that one pod has not noticed, and that loads nowhere else',
    pods: ['broken-new-version', 0, 1, 1],
    conditions: 'rApD Stalled',
    reason: 'ModelLoadFailed',
    message: 'model m: version 3 does not load on 2/3 pods; version 2 serves on: …',
    models: { m: 'Degraded, serves 2, wants 3: 3 LOADING 0/3 UNKNOWN, 2 AVAILABLE 3/3' },
  },
  {
    what: 'a good version on one pod, where the broken one before it is still tried elsewhere',
    pods: ['broken-new-version', 1, 2],
    conditions: 'rAPd Reconciling',
    reason: 'LoadingModels',
    message: 'model m: version 4 is available on 1/2 pods',
    models: { m: 'Loading, serves 4, wants 4: 4 AVAILABLE 1/2, 3 LOADING 0/2 UNKNOWN, 2 AVAILABLE 1/2' },
  },
  {
    what: 'a rollback that one pod has read',
    pods: ['missing-specific-version', 2, 3],
    conditions: 'rAPd Reconciling',
    reason: 'LoadingModels',
    message: 'model m: version 2 is available on 1/2 pods',
    models: { m: 'Loading, serves 4, wants 2: 4 AVAILABLE 1/2, 2 AVAILABLE 1/2' },
  },
  {
    what: 'a pod was started anew with files that no longer load, the others serve on as they were',
    pods: ['restart-with-broken-version', 1, 1, 3],
    conditions: 'rApD Stalled',
    reason: 'ModelLoadFailed',
    message: 'model m: version 1 does not load on 3/3 pods; it serves on as it was: …',
    models: { m: 'Degraded, serves 1, wants 1: 1 LOADING 2/3 UNKNOWN' },
  },
  {
    what: 'the server of one pod is gone for a moment',
    pods: ['restart-with-broken-version', 0, 0, 2],
    conditions: 'rAPd Reconciling',
    reason: 'PodsStarting',
    message: '2/3 pods are ready',
    models: { m: 'Loading, serves 1, wants 1: 1 AVAILABLE 2/3' },
  },
  {
    what: 'a new model that one pod knows',
    pods: ['unknown-model', 1, 2],
    conditions: 'rAPd Reconciling',
    reason: 'ConfigPropagating',
    message: 'model other: 1/2 pods do not know of it yet',
    models: {
      m: 'Loading, serves 1, wants 1: 1 AVAILABLE 2/2',
      other: 'Loading, serves 1, wants 1: 1 AVAILABLE 1/2',
    },
  },
  {
    what: 'a label that has moved on one pod',
    pods: ['labels', 0, 1],
    conditions: 'rAPd Reconciling',
    reason: 'LoadingModels',
    message: 'model m: version 2 is available on 1/2 pods',
    models: { m: 'Loading, serves 3, wants 3 and 2: 3 AVAILABLE 2/2, 2 AVAILABLE 1/2, 1 AVAILABLE 1/2' },
  },
];

for (const { what, pods, ...row } of mixed) {
  test(`several pods: ${what}`, () => {
    const [name, ...moments] = pods;
    const recording = recordingOf(name);
    const judged = new JudgedRecording();
    const {
      messages: _,
      kstatus,
      ...actual
    } = judged.judge(
      moments.map((i) => recording.moments[i]!),
      10,
    );
    assert.deepEqual(actual, row);
    check(judged, kstatus);
  });
}

/** What holds of every status. */
function check({ status }: JudgedRecording, kstatus: Judged['kstatus']): void {
  assert.deepEqual(schemaProblems(schema.properties!.status!, status, 'status'), []);
  const generation = status.observedGeneration;
  const isCurrent = kstatus === 'Current';
  assert.equal(status.rollout === undefined, isCurrent);
  if (isCurrent) assert.equal(status.lastSuccessful?.generation, generation);
  assert.equal(status.failedGeneration, kstatus === 'Failed' ? generation : undefined);
  const arrived = status.models!.filter(({ ready }) => ready).length;
  assert.equal(status.summary?.models, `${arrived}/${status.models!.length}`);
  for (const condition of status.conditions!) assert.equal(condition.observedGeneration, generation);
}
