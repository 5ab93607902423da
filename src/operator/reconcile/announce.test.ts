import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ModelServerStatus } from '../api/model-server.ts';
import { announcements } from './announce.ts';

/** Ready's and Degraded's reasons, the latter if it is True; whether it is stalled. */
function status(ready: string, degraded?: string, isStalled = false): ModelServerStatus {
  const condition = (type: string, is: boolean, reason: string) => ({
    type,
    status: is ? ('True' as const) : ('False' as const),
    reason,
    message: `why ${reason}`,
    lastTransitionTime: '2026-01-01T00:00:00Z',
  });
  return {
    observedGeneration: 1,
    conditions: [
      condition('Ready', ready === 'ModelsServing', ready),
      condition('Degraded', degraded !== undefined, degraded ?? 'ModelsServing'),
      ...(isStalled ? [condition('Stalled', true, ready)] : []),
    ],
  };
}

const serving = status('ModelsServing');
const loading = status('LoadingModels');
const failed = status('ModelLoadFailed', 'ModelLoadFailed', true);
const optional = status('ModelsServing', 'ModelLoadFailed');
const unseen: ModelServerStatus = { observedGeneration: -1 };

const cases: [what: string, before: ModelServerStatus | undefined, after: ModelServerStatus, news: string[]][] = [
  ['the first status', undefined, loading, ['Normal LoadingModels']],
  ['after the default one', unseen, loading, ['Normal LoadingModels']],
  ['nothing new', serving, serving, []],
  ['it serves', loading, serving, ['Normal ModelsServing']],
  ['it fails', serving, failed, ['Warning ModelLoadFailed']],
  ['it recovers', failed, serving, ['Normal ModelsServing']],
  ['what is not required fails', serving, optional, ['Warning ModelLoadFailed']],
  ['it still fails', optional, optional, []],
  ['it recovers', optional, serving, []],
  ['both at once', loading, optional, ['Normal ModelsServing', 'Warning ModelLoadFailed']],
];

for (const [what, before, after, news] of cases) {
  test(`news: ${what}`, () => {
    const told = announcements(before, after);
    assert.deepEqual(
      told.map(({ type, reason }) => `${type} ${reason}`),
      news,
    );
    for (const { reason, note, action } of told) assert.deepEqual([note, action], [`why ${reason}`, 'Reconcile']);
  });
}

test('that another version serves is news, be it all that changes', () => {
  const serves = (servingVersion: number | undefined): ModelServerStatus => ({
    ...serving,
    models: [{ name: 'm', ready: true, state: 'Available', ...(servingVersion ? { servingVersion } : {}) }],
  });
  assert.deepEqual(announcements(serves(1), serves(2)), [
    {
      type: 'Normal',
      reason: 'VersionServed',
      action: 'Reconcile',
      note: 'model m: version 2 serves, where version 1 did',
    },
  ]);
  for (const [before, after] of [
    [undefined, 1],
    [1, undefined],
    [2, 2],
  ]) {
    assert.deepEqual(announcements(serves(before), serves(after)), []);
  }
});

test('a new count is no news', () => {
  const [one, two] = ['1/2 pods', '2/2 pods'].map((message) => {
    const { conditions, ...rest } = loading;
    return { ...rest, conditions: conditions!.map((condition) => ({ ...condition, message })) };
  });
  assert.deepEqual(announcements(one, two!), []);
});
