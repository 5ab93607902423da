import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { selectVersions, type VersionPolicy } from '../model/version-policy.ts';
import type { WantedModel } from '../model/wanted.ts';
import { type Action, identityOf, type ModelFacts, nextAction, type VersionFacts } from './next-action.ts';
import type { State } from './version-state.ts';

const latest: VersionPolicy = { kind: 'latest', count: 1 };
const options = { targetDevice: 'CPU', pluginConfig: {}, inferRequests: 0 };
const all = { fetch: true, load: true };

/** A model with these versions on disk; `2'` is version 2 with changed files. */
function wanted(policy: VersionPolicy, ...onDisk: string[]): WantedModel {
  const versions = onDisk.map((text) => ({
    version: Number.parseInt(text, 10),
    directory: `/m/${Number.parseInt(text, 10)}`,
    fingerprint: text,
    unchanged: async () => true,
  }));
  return { name: 'm', required: true, policy, labels: new Map(), options, repository: { state: 'listed', versions } };
}

/** The same in an object store. */
function remote(model: WantedModel): WantedModel {
  assert.ok(model.repository.state === 'listed');
  const fetch = async () => ({ release() {} });
  const versions = model.repository.versions.map((version) => ({ ...version, fetch }));
  return { ...model, repository: { state: 'listed', versions } };
}

/** The same with labels: `2` is to have one. */
function withLabels(model: WantedModel, ...versions: number[]): WantedModel {
  return { ...model, labels: new Map(versions.map((version) => [`label ${version}`, version])) };
}

const gone: WantedModel = { ...wanted(latest), repository: { state: 'unreadable', cause: 'ENOENT' } };

const unloaded: WantedModel = { ...wanted(latest), repository: { state: 'unloaded' } };

function identity(text: string): string {
  const model = wanted(latest, text);
  assert.ok(model.repository.state === 'listed');
  return identityOf(model, model.repository.versions[0]!);
}

/**
 * `2 available`, `3 failed` (with the files 3, due at 100), `2 available, 2' failed`; `2 waiting + 2 on the way`, `… + 2 here` where
 * its files are kept elsewhere.
 */
function facts(text: string): VersionFacts {
  const [known, ofFiles] = text.split(' + ');
  const [first, second] = known!.split(', ');
  const on = ofFiles?.indexOf(' ') ?? 0;
  const way = ofFiles && { identity: identity(ofFiles.slice(0, on)), here: ofFiles.slice(on + 1) === 'here' };
  const [files, state] = first!.split(' ') as [string, State];
  const failed = second?.split(' ')[0] ?? (state === 'failed' ? files : undefined);
  const serves = state === 'available' || state === 'reloading';
  return {
    version: Number.parseInt(files, 10),
    state,
    identity: serves ? identity(files) : undefined,
    failure: failed === undefined ? undefined : { identity: identity(failed), retryAt: 100 },
    files: way || undefined,
  };
}

function say(action: Action | undefined): string {
  switch (action?.kind) {
    case 'load':
      return `load ${action.candidate.fingerprint}`;
    case 'fetch':
      return `fetch ${action.candidate.fingerprint}`;
    case 'retire':
    case 'let go':
      return `${action.kind} ${action.version}`;
    case 'wait':
      return `wait until ${action.until}`;
    default:
      return 'nothing';
  }
}

interface Case {
  readonly name: string;
  readonly wanted: WantedModel | undefined;
  readonly known: readonly string[];
  readonly labelled?: readonly number[];
  readonly now?: number;
  readonly loading?: true;
  readonly next: string;
}

const specific = (...versions: number[]): VersionPolicy => ({ kind: 'specific', versions });
const cases: readonly Case[] = [
  { name: 'the newest is loaded first', wanted: wanted(latest, '1', '2'), known: [], next: 'load 2' },
  {
    name: 'nothing is to do when it serves',
    wanted: wanted(latest, '1', '2'),
    known: ['2 available'],
    next: 'nothing',
  },
  {
    name: 'a newer one is loaded while the old serves',
    wanted: wanted(latest, '1', '2'),
    known: ['1 available'],
    next: 'load 2',
  },
  {
    name: 'the old one stays while the newer loads',
    wanted: wanted(latest, '1', '2'),
    known: ['1 available', '2 loading'],
    loading: true,
    next: 'nothing',
  },
  {
    name: 'and goes once the newer serves',
    wanted: wanted(latest, '1', '2'),
    known: ['1 available', '2 available'],
    next: 'retire 1',
  },
  { name: 'one load at a time', wanted: wanted(latest, '1', '2'), known: [], loading: true, next: 'nothing' },
  {
    name: 'the newest failed: the one before is loaded',
    wanted: wanted(latest, '1', '2'),
    known: ['2 failed'],
    next: 'load 1',
  },
  {
    name: 'the newest failed: the last good serves on',
    wanted: wanted(latest, '1', '2'),
    known: ['1 available', '2 failed'],
    next: 'wait until 100',
  },
  {
    name: 'what failed is tried again when due',
    wanted: wanted(latest, '1', '2'),
    known: ['1 available', '2 failed'],
    now: 100,
    next: 'load 2',
  },
  {
    name: 'and at once when its files change',
    wanted: wanted(latest, '1', "2'"),
    known: ['1 available', '2 failed'],
    next: "load 2'",
  },
  {
    name: 'of a third one, what failed before it first makes room',
    wanted: wanted(latest, '1', '2', '3'),
    known: ['1 available', '2 failed'],
    next: 'retire 2',
  },
  {
    name: 'the two newest failed: what failed stays remembered',
    wanted: wanted(latest, '1', '2', '3'),
    known: ['2 failed', '3 failed'],
    next: 'load 1',
  },
  {
    name: 'the two newest failed: the last good serves on',
    wanted: wanted(latest, '1', '2', '3'),
    known: ['1 available', '2 failed', '3 failed'],
    next: 'wait until 100',
  },
  {
    name: 'what failed and is no longer wanted goes',
    wanted: wanted(latest, '1', '2', '3'),
    known: ['3 available', '2 failed'],
    next: 'retire 2',
  },
  {
    name: 'changed files of what serves are loaded beside it',
    wanted: wanted(latest, "2'"),
    known: ['2 available'],
    next: "load 2'",
  },
  {
    name: 'if they fail, the old load serves on',
    wanted: wanted(latest, "2'"),
    known: ["2 available, 2' failed"],
    next: 'wait until 100',
  },
  { name: 'its directory is gone: it serves on', wanted: wanted(latest), known: ['2 available'], next: 'nothing' },
  {
    name: 'its directory is gone, an older one is there: that one replaces it',
    wanted: wanted(latest, '1'),
    known: ['2 available'],
    next: 'load 1',
  },
  { name: 'and then it goes', wanted: wanted(latest, '1'), known: ['1 available', '2 available'], next: 'retire 2' },
  { name: 'the base path is gone: all stay', wanted: gone, known: ['1 available', '2 available'], next: 'nothing' },
  {
    name: 'specific: exactly those',
    wanted: wanted(specific(1, 3), '1', '2', '3'),
    known: ['3 available'],
    next: 'load 1',
  },
  {
    name: 'specific: another one is named, the old waits for it',
    wanted: wanted(specific(1), '1', '2'),
    known: ['2 available'],
    next: 'load 1',
  },
  {
    name: 'specific: the named one fails, the old serves on',
    wanted: wanted(specific(3), '2', '3'),
    known: ['2 available', '3 failed'],
    next: 'wait until 100',
  },
  {
    name: 'specific: the named one is not there, the old serves on',
    wanted: wanted(specific(9), '2'),
    known: ['2 available'],
    next: 'nothing',
  },
  { name: 'all: the newest first', wanted: wanted({ kind: 'all' }, '1', '2'), known: ['2 available'], next: 'load 1' },
  {
    name: 'the latest two',
    wanted: wanted({ kind: 'latest', count: 2 }, '1', '2', '3'),
    known: ['1 available', '2 available', '3 available'],
    next: 'retire 1',
  },
  {
    name: 'the latest two: the newest failed, two others serve',
    wanted: wanted({ kind: 'latest', count: 2 }, '1', '2', '3'),
    known: ['1 available', '2 available', '3 failed'],
    next: 'wait until 100',
  },
  {
    name: 'a version that is wanted again is loaded again',
    wanted: wanted(specific(1), '1', '2'),
    known: ['1 retired', '2 available'],
    next: 'load 1',
  },
  {
    name: 'also while its old load drains',
    wanted: wanted(specific(1), '1', '2'),
    known: ['1 draining', '2 available'],
    next: 'load 1',
  },
  {
    name: 'what a label names is loaded beside what the policy picks',
    wanted: withLabels(wanted(latest, '1', '2'), 1),
    known: ['2 available'],
    next: 'load 1',
  },
  {
    name: 'and stays beside it',
    wanted: withLabels(wanted(latest, '1', '2'), 1),
    known: ['1 available', '2 available'],
    labelled: [1],
    next: 'nothing',
  },
  {
    name: 'what a label stands for stays while the version that it moves to loads',
    wanted: withLabels(wanted(latest, '1', '2', '3'), 2),
    known: ['1 available', '2 loading', '3 available'],
    labelled: [1],
    loading: true,
    next: 'nothing',
  },
  {
    name: 'and if that fails',
    wanted: withLabels(wanted(latest, '1', '2', '3'), 2),
    known: ['1 available', '2 failed', '3 available'],
    labelled: [1],
    next: 'wait until 100',
  },
  {
    name: 'and if that is not there',
    wanted: withLabels(wanted(latest, '1', '3'), 2),
    known: ['1 available', '3 available'],
    labelled: [1],
    next: 'nothing',
  },
  {
    name: 'and goes once the label has moved',
    wanted: withLabels(wanted(latest, '1', '2', '3'), 2),
    known: ['1 available', '2 available', '3 available'],
    labelled: [2],
    next: 'retire 1',
  },
  {
    name: 'what a label stands for stays though its directory is gone',
    wanted: withLabels(wanted(latest, '2'), 1),
    known: ['1 available', '2 available'],
    labelled: [1],
    next: 'nothing',
  },
  {
    name: 'a label whose version fails holds up no other',
    wanted: withLabels(wanted(latest, '1', '2', '3'), 1),
    known: ['1 failed', '2 available', '3 available'],
    next: 'retire 2',
  },
  {
    name: 'a model that is no longer wanted goes, whatever its labels',
    wanted: undefined,
    known: ['2 available'],
    labelled: [2],
    next: 'retire 2',
  },
  {
    name: 'so does one that was taken out of service',
    wanted: unloaded,
    known: ['2 available'],
    labelled: [2],
    next: 'retire 2',
  },
  { name: 'and is not tried again', wanted: unloaded, known: ['1 retired', '2 failed'], next: 'retire 2' },
  { name: 'of which nothing is left to do', wanted: unloaded, known: ['2 retired'], next: 'nothing' },
  { name: 'a model that is no longer wanted goes', wanted: undefined, known: ['2 available'], next: 'retire 2' },
  { name: 'also what failed of it', wanted: undefined, known: ['1 retired', '2 failed'], next: 'retire 2' },
  { name: 'files elsewhere are fetched first', wanted: remote(wanted(latest, '1', '2')), known: [], next: 'fetch 2' },
  {
    name: 'also while another version is being loaded',
    wanted: remote(wanted({ kind: 'all' }, '1', '2')),
    known: ['2 loading + 2 here'],
    loading: true,
    next: 'fetch 1',
  },
  {
    name: 'what is on its way is waited for',
    wanted: remote(wanted(latest, '1', '2')),
    known: ['1 available', '2 waiting + 2 on the way'],
    next: 'nothing',
  },
  {
    name: 'what is here is loaded',
    wanted: remote(wanted(latest, '1', '2')),
    known: ['1 available', '2 waiting + 2 here'],
    next: 'load 2',
  },
  {
    name: 'what cannot be fetched is a failure like others: the next one stands in for it',
    wanted: remote(wanted(latest, '1', '2')),
    known: ['2 failed'],
    next: 'fetch 1',
  },
  {
    name: 'and it is fetched again when that is due',
    wanted: remote(wanted(latest, '1', '2')),
    known: ['1 available', '2 failed'],
    now: 100,
    next: 'fetch 2',
  },
  {
    name: 'what is here is not fetched again for the next try of a load',
    wanted: remote(wanted(latest, '2')),
    known: ['2 failed + 2 here'],
    now: 100,
    next: 'load 2',
  },
  {
    name: 'files that have changed on their way are let go of, and fetched anew',
    wanted: remote(wanted(latest, "2'")),
    known: ['2 waiting + 2 on the way'],
    next: 'let go 2',
  },
  {
    name: 'changed files are fetched while the old ones serve',
    wanted: remote(wanted(latest, "2'")),
    known: ['2 available'],
    next: "fetch 2'",
  },
  {
    name: 'files of a version that is no longer in line are let go of',
    wanted: remote(wanted(latest, '2', '3')),
    known: ['2 failed + 2 here', '3 available'],
    next: 'let go 2',
  },
  {
    name: 'but those of one that did not load are kept for the next try, beside what stands in',
    wanted: remote(wanted(latest, '2', '3')),
    known: ['2 available', '3 failed + 3 here'],
    next: 'wait until 100',
  },
  {
    name: 'while the store cannot be listed, nothing is let go of',
    wanted: gone,
    known: ['1 available', '2 waiting + 2 on the way'],
    next: 'nothing',
  },
  {
    name: 'files of a model that is no longer wanted are let go of',
    wanted: undefined,
    known: ['2 waiting + 2 on the way'],
    next: 'let go 2',
  },
  { name: 'but not while it is being loaded', wanted: undefined, known: ['2 loading'], loading: true, next: 'nothing' },
];

for (const { name, wanted: model, known, labelled = [], now = 0, loading = false, next } of cases) {
  test(name, () => {
    const models: ModelFacts[] = [
      { name: 'm', wanted: model, versions: known.map(facts), labelled: new Set(labelled) },
    ];
    assert.equal(say(nextAction(models, { fetch: true, load: !loading }, now)), next);
  });
}

const none: ReadonlySet<number> = new Set();

test('a model in trouble holds up no other', () => {
  const models: ModelFacts[] = [
    { name: 'a', wanted: wanted(latest, '1'), versions: [facts('1 failed')], labelled: none },
    { name: 'b', wanted: wanted(latest, '1'), versions: [], labelled: none },
  ];
  const action = nextAction(models, all, 0);
  assert.ok(action?.kind === 'load');
  assert.equal(action.name, 'b');
});

test('first tries come before retries, and the retry that has waited longest before the others', () => {
  const retries: ModelFacts = {
    name: 'a',
    wanted: wanted({ kind: 'all' }, '1', '2'),
    versions: [
      { ...facts('1 failed'), failure: { identity: identity('1'), retryAt: 40 } },
      { ...facts('2 failed'), failure: { identity: identity('2'), retryAt: 50 } },
    ],
    labelled: none,
  };
  const fresh: ModelFacts = { name: 'b', wanted: wanted(latest, '7'), versions: [], labelled: none };
  assert.equal(say(nextAction([retries, fresh], all, 100)), 'load 7');
  assert.equal(say(nextAction([retries], all, 100)), 'load 1');
  assert.equal(say(nextAction([retries], all, 30)), 'wait until 40');
});

test('from wherever it starts, it comes to rest, and serves what it can', () => {
  const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { maxLength: 6 });
  const policies: fc.Arbitrary<VersionPolicy> = fc.oneof(
    fc.record({ kind: fc.constant('latest' as const), count: fc.integer({ min: 1, max: 3 }) }),
    fc.constant({ kind: 'all' as const }),
    fc.record({ kind: fc.constant('specific' as const), versions: numbers }),
  );
  const states = fc.constantFrom<State>('waiting', 'failed', 'available', 'retired');
  const starts = fc.record({
    policy: policies,
    onDisk: numbers,
    broken: numbers,
    known: fc.array(states),
    named: numbers,
    bound: numbers,
  });
  fc.assert(
    fc.property(starts, ({ policy, onDisk, broken, known, named, bound }) => {
      const model = withLabels(wanted(policy, ...onDisk.map(String)), ...named);
      const versions = new Map(known.slice(0, 6).map((state, i) => [i + 1, facts(`${i + 1} ${state}`)]));
      const served = () => [...versions.values()].filter(({ state }) => state === 'available').length;
      for (let steps = 0; ; steps++) {
        assert.ok(steps <= 20, 'it does not come to rest');
        const before = served();
        const labelled = new Set(bound);
        const action = nextAction([{ name: 'm', wanted: model, versions: [...versions.values()], labelled }], all, 0);
        if (action?.kind === 'retire') {
          assert.ok(
            !labelled.has(action.version) || versions.get(action.version)?.state !== 'available',
            'what a label stands for was retired',
          );
          versions.set(action.version, facts(`${action.version} retired`));
        } else if (action?.kind === 'load') {
          const { version } = action.candidate;
          versions.set(version, facts(`${version} ${broken.includes(version) ? 'failed' : 'available'}`));
        } else break;
        assert.ok(served() > 0 || before === 0, 'the last version that serves was retired');
      }
      const unusable = broken.filter((version) => versions.get(version)?.state !== 'available');
      const { target: usable } = selectVersions(policy, onDisk, new Set(unusable), new Set(named));
      for (const version of usable) {
        const { state } = versions.get(version)!;
        assert.ok(state === 'available' || state === 'failed', `version ${version} is ${state}`);
      }
    }),
    { numRuns: 2000 },
  );
});
