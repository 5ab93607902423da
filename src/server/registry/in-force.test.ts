import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latestOnly } from '../model/version-policy.ts';
import type { LoadOptions, Repository, WantedModel } from '../model/wanted.ts';
import { InForce } from './in-force.ts';
import { identityOf } from './next-action.ts';
import { beingChanged, type VersionRecord } from './version-record.ts';
import type { State } from './version-state.ts';

const options = (inferRequests: number): LoadOptions => ({ targetDevice: 'CPU', pluginConfig: {}, inferRequests });
const candidate = (version: number, fingerprint = 'a') => ({
  version,
  fingerprint,
  directory: `/m/${version}`,
  unchanged: async () => true,
});
const listed = (...versions: number[]): Repository => ({
  state: 'listed',
  versions: versions.map((version) => candidate(version)),
});

function model(over: Partial<WantedModel> = {}): WantedModel {
  const repository = listed(1);
  return { name: 'm', required: true, policy: latestOnly, labels: new Map(), options: options(1), repository, ...over };
}

/** @param load how it was loaded, or failed to be */
function record(
  version: number,
  state: State,
  load: { readonly served?: number; readonly failed?: number; readonly cause?: string } = {},
): VersionRecord {
  const identity = (requests: number) => identityOf(model({ options: options(requests) }), candidate(version));
  return {
    name: 'm',
    version,
    state,
    instance: undefined,
    identity: load.served === undefined ? undefined : identity(load.served),
    leaving: undefined,
    failure:
      load.failed === undefined
        ? undefined
        : { identity: identity(load.failed), attempts: 1, retryAt: 0, cause: load.cause ?? 'it is broken' },
    files: undefined,
  };
}

interface Step {
  readonly revision: string;
  readonly wanted: Partial<WantedModel>;
  readonly versions: readonly VersionRecord[];
  readonly inForce: string;
}

/** Before each of these, a config c1 is in force, with one infer request for version 1; so all of them want something else. */
const rows: Readonly<Record<string, readonly Step[]>> = {
  'what is loaded anew is by the config of before until it is there': [
    {
      revision: 'c2',
      wanted: { options: options(2) },
      versions: [record(1, 'available', { served: 1 })],
      inForce: 'c1',
    },
    {
      revision: 'c2',
      wanted: { options: options(2) },
      versions: [record(1, 'reloading', { served: 1 })],
      inForce: 'c1',
    },
    {
      revision: 'c2',
      wanted: { options: options(2) },
      versions: [record(1, 'available', { served: 2 })],
      inForce: 'c2',
    },
  ],
  'a config that changes nothing of the model is in force at once': [
    { revision: 'c2', wanted: {}, versions: [record(1, 'available', { served: 1 })], inForce: 'c2' },
    { revision: 'c3', wanted: {}, versions: [record(1, 'reloading', { served: 1 })], inForce: 'c3' },
  ],
  'a label that moves to what serves has moved at once': [
    {
      revision: 'c2',
      wanted: { labels: new Map([['stable', 1]]) },
      versions: [record(1, 'available', { served: 1 })],
      inForce: 'c2',
    },
  ],
  'a label that is to stand for what is not there keeps another version': [
    {
      revision: 'c2',
      wanted: { labels: new Map([['stable', 3]]), repository: listed(1, 2) },
      versions: [record(1, 'available', { served: 1 }), record(2, 'available', { served: 1 })],
      inForce: 'c1',
    },
  ],
  'what fails is told': [
    {
      revision: 'c2',
      wanted: { options: options(2) },
      versions: [record(1, 'available', { served: 1, failed: 2 })],
      inForce: 'c2',
    },
    // Its files have changed, and it begins again as if nothing had been.
    {
      revision: 'c2',
      wanted: { options: options(2) },
      versions: [record(1, 'reloading', { served: 1 })],
      inForce: 'c1',
    },
    {
      revision: 'c2',
      wanted: { options: options(2) },
      versions: [record(1, 'available', { served: 2 })],
      inForce: 'c2',
    },
  ],
  'what failed by a config of before says nothing of this one': [
    {
      revision: 'c3',
      wanted: { options: options(3) },
      versions: [record(1, 'available', { served: 1, failed: 2 })],
      inForce: 'c1',
    },
  ],
  'files that are just being written are no failure': [
    {
      revision: 'c2',
      wanted: { options: options(2) },
      versions: [record(1, 'available', { served: 1, failed: 2, cause: beingChanged })],
      inForce: 'c1',
    },
  ],
  'new files, after it was in force, are no matter of the config': [
    {
      revision: 'c1',
      wanted: { repository: { state: 'listed', versions: [candidate(1, 'b')] } },
      versions: [record(1, 'reloading', { served: 1 })],
      inForce: 'c1',
    },
    {
      revision: 'c2',
      wanted: { repository: { state: 'listed', versions: [candidate(1, 'b')] } },
      versions: [record(1, 'reloading', { served: 1 })],
      inForce: 'c2',
    },
  ],
  'another folder is not in force before somebody has looked at it': [
    {
      revision: 'c2',
      wanted: { repository: { state: 'unknown' } },
      versions: [record(1, 'available', { served: 1 })],
      inForce: 'c1',
    },
    {
      revision: 'c2',
      wanted: { repository: { state: 'unreadable', cause: 'gone' } },
      versions: [record(1, 'available', { served: 1 })],
      inForce: 'c1',
    },
    { revision: 'c2', wanted: {}, versions: [record(1, 'available', { served: 1 })], inForce: 'c2' },
  ],
  'a folder that cannot be read keeps what was loaded by the config of before': [
    {
      revision: 'c2',
      wanted: { options: options(2), repository: { state: 'unreadable', cause: 'gone' } },
      versions: [record(1, 'available', { served: 1 })],
      inForce: 'c1',
    },
  ],
  'where nothing serves, nothing serves by another config': [
    {
      revision: 'c2',
      wanted: { options: options(2), repository: { state: 'unreadable', cause: 'gone' } },
      versions: [record(1, 'retired')],
      inForce: 'c2',
    },
  ],
  'the last version, whose files are gone, cannot be loaded anew': [
    {
      revision: 'c2',
      wanted: { options: options(2), repository: listed() },
      versions: [record(1, 'available', { served: 1 })],
      inForce: 'c1',
    },
  ],
  'it is not in force while another version serves': [
    {
      revision: 'c2',
      wanted: { policy: { kind: 'specific', versions: [2] }, repository: listed(1, 2) },
      versions: [record(1, 'available', { served: 1 }), record(2, 'available', { served: 1 })],
      inForce: 'c1',
    },
    {
      revision: 'c2',
      wanted: { policy: { kind: 'specific', versions: [2] }, repository: listed(1, 2) },
      versions: [record(1, 'draining'), record(2, 'available', { served: 1 })],
      inForce: 'c2',
    },
  ],
  'what is taken back before it is loaded may still come': [
    {
      revision: 'c2',
      wanted: { options: options(2) },
      versions: [record(1, 'reloading', { served: 1 })],
      inForce: 'c1',
    },
    { revision: 'c3', wanted: {}, versions: [record(1, 'reloading', { served: 1 })], inForce: 'c1' },
    { revision: 'c3', wanted: {}, versions: [record(1, 'available', { served: 2 })], inForce: 'c1' },
    { revision: 'c3', wanted: {}, versions: [record(1, 'available', { served: 1 })], inForce: 'c3' },
  ],
};

for (const [what, steps] of Object.entries(rows)) {
  test(what, () => {
    const inForce = new InForce();
    const update = (revision: string, wanted: WantedModel, versions: readonly VersionRecord[]) =>
      inForce.update(
        revision,
        new Map([['m', wanted]]),
        new Map([['m', new Map(versions.map((each) => [each.version, each]))]]),
      );
    update('c1', model(), [record(1, 'available', { served: 1 })]);
    assert.equal(inForce.revisionOf('m'), 'c1');
    for (const { revision, wanted, versions, inForce: expected } of steps) {
      update(revision, model(wanted), versions);
      assert.equal(inForce.revisionOf('m'), expected, JSON.stringify({ revision, wanted, versions }));
    }
  });
}

test('no config is in force before the first load', () => {
  const inForce = new InForce();
  assert.equal(inForce.revisionOf('m'), undefined, 'nothing is known');
  const wanted = new Map([['m', model()]]);
  inForce.update('c1', wanted, new Map([['m', new Map()]]));
  assert.equal(inForce.revisionOf('m'), 'none');
  assert.equal(inForce.revisionOf('other'), 'c1', 'it is not wanted, and not served');
  inForce.update('c1', wanted, new Map([['m', new Map([[1, record(1, 'loading')]])]]));
  assert.equal(inForce.revisionOf('m'), 'none');
  inForce.update('c1', wanted, new Map([['m', new Map([[1, record(1, 'failed', { failed: 1 })]])]]));
  assert.equal(inForce.revisionOf('m'), 'c1');
});

test('a model that was taken out and comes back begins anew', () => {
  const inForce = new InForce();
  const records = new Map([['m', new Map([[1, record(1, 'available', { served: 1 })]])]]);
  inForce.update('c1', new Map([['m', model()]]), records);
  inForce.update('c2', new Map(), records);
  inForce.update('c3', new Map([['m', model()]]), new Map([['m', new Map([[1, record(1, 'draining')]])]]));
  assert.equal(inForce.revisionOf('m'), 'none');
});

test('without a config there is nothing to tell', () => {
  const inForce = new InForce();
  inForce.update(undefined, new Map([['m', model()]]), new Map());
  assert.equal(inForce.revisionOf('m'), undefined);
});
