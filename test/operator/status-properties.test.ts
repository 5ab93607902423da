import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readCustomResource } from '../../scripts/crd-schema.ts';
import type { ModelServer, ModelServerStatus } from '../../src/operator/api/model-server.ts';
import type {
  ConfigAnswer,
  ModelAnswer,
  VersionAnswer,
  VersionState,
} from '../../src/operator/models/model-status-source.ts';
import { judge } from '../../src/operator/reconcile/judge.ts';
import type { ModelWish } from '../../src/operator/reconcile/judge-model.ts';
import type { PodFacts } from '../../src/operator/reconcile/pod-facts.ts';
import type { Deployment, Snapshot } from '../../src/operator/reconcile/snapshot.ts';
import { statusOf } from '../../src/operator/reconcile/status.ts';
import { schemaProblems } from '../crds/schema-problems.ts';
import { readKubernetesStatus } from '../support/kstatus.ts';
import { modelServer } from '../support/model-server.ts';

const statusSchema = readCustomResource().schema.properties!.status!;
const start = Date.parse('2026-01-01T12:00:00Z');

const number = fc.integer({ min: 1, max: 4 });
const words = fc.oneof(
  fc.constantFrom('no such layer', '', '\u0000'.repeat(600), '人'.repeat(600), '💥'.repeat(300), '\ud800'),
  fc.string({ unit: 'binary', maxLength: 700 }),
);

const wish: fc.Arbitrary<Omit<ModelWish, 'name'>> = fc.record({
  required: fc.boolean(),
  policy: fc.oneof(
    fc.record({ kind: fc.constant('latest' as const), count: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ kind: fc.constant('specific' as const), versions: fc.uniqueArray(number, { minLength: 1 }) }),
    fc.record({ kind: fc.constant('all' as const) }),
  ),
  labelled: fc.array(number, { maxLength: 2 }),
});

const states: readonly VersionState[] = ['START', 'LOADING', 'AVAILABLE', 'UNLOADING', 'END'];
const version: fc.Arbitrary<VersionAnswer> = fc
  .record({
    version: fc.oneof({ weight: 9, arbitrary: number }, { weight: 1, arbitrary: fc.maxSafeInteger() }),
    state: fc.oneof({ weight: 2, arbitrary: fc.constant<VersionState>('AVAILABLE') }, fc.constantFrom(...states)),
    failure: fc.option(words, { freq: 4, nil: undefined }),
  })
  .map(({ failure, ...answer }) => ({
    ...answer,
    errorCode: failure === undefined ? 'OK' : 'UNKNOWN',
    errorMessage: failure ?? '',
  }));
/** Absent, as of a server that does not tell; or of what is wanted, which is c1, and of what is not. */
const config: fc.Arbitrary<{ readonly config?: ConfigAnswer }> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  { weight: 4, arbitrary: fc.constant({ config: { inForce: 'c1' } }) },
  { weight: 1, arbitrary: fc.constant({ config: { inForce: 'c0' } }) },
  { weight: 1, arbitrary: fc.constantFrom('c0', 'c1').map((refused) => ({ config: { inForce: 'c0', refused } })) },
);
/** All is well with these; whether they are those that are wanted is another matter. */
const wellSaid: fc.Arbitrary<ModelAnswer> = fc
  .uniqueArray(number, { minLength: 1, maxLength: 3 })
  .map((numbers) => numbers.map((each) => ({ version: each, state: 'AVAILABLE', errorCode: 'OK', errorMessage: '' })))
  .chain((versions) => config.map((by) => ({ kind: 'versions', versions, ...by }) as ModelAnswer));
const answer: fc.Arbitrary<ModelAnswer> = fc.oneof(
  { weight: 10, arbitrary: wellSaid },
  {
    weight: 8,
    arbitrary: fc
      .tuple(fc.uniqueArray(version, { maxLength: 12, selector: (entry) => entry.version }), config)
      .map(([versions, by]) => ({ kind: 'versions' as const, versions, ...by })),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'unknown-model' as const }) },
  { weight: 1, arbitrary: words.map((reason) => ({ kind: 'unreachable' as const, reason })) },
);

const trouble = fc.record({
  reason: fc.constantFrom('CrashLoopBackOff' as const, 'ImagePullFailed' as const),
  message: words.map((text) => `pod: ${text}`.slice(0, 512)),
});

/** Mostly as they should be: what is rare by itself must come together with what else is rare. */
const usually = <T>(usual: T, other: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: other });

const pod = fc.record({
  isReady: usually(true, fc.boolean()),
  revision: usually<string | undefined>('r2', fc.constantFrom('r1', undefined)),
  host: usually<string | undefined>('10.0.0.1', fc.constant(undefined)),
  trouble: usually<PodFacts['trouble']>(undefined, trouble),
  wait: usually<PodFacts['wait']>(undefined, trouble),
  isAsked: usually(true, fc.boolean()),
});

const scene = fc
  .record({
    wishes: fc.array(wish, { maxLength: 3 }),
    pods: fc.array(pod, { maxLength: 4 }),
    missing: usually(0, fc.integer({ min: -1, max: 2 })),
    counts: fc.option(fc.tuple(fc.nat(4), fc.nat(4), fc.nat(4)), { freq: 3, nil: undefined }),
    isObserved: usually(true, fc.boolean()),
    hasDeployment: usually(true, fc.boolean()),
    obstacle: usually<Snapshot['obstacle']>(undefined, trouble),
    hold: usually<Snapshot['hold']>(undefined, fc.constantFrom('Paused' as const, 'ReconcileDisabled' as const)),
    isBehind: fc.boolean(),
    agreement: fc.boolean(),
  })
  .chain((parts) =>
    fc
      .array(fc.array(answer, { minLength: parts.pods.length, maxLength: parts.pods.length }), {
        minLength: parts.wishes.length,
        maxLength: parts.wishes.length,
      })
      .map((answers) => ({ ...parts, answers })),
  );
type Scene = typeof scene extends fc.Arbitrary<infer T> ? T : never;

function snapshotOf(of: Scene, status: ModelServerStatus | undefined, now: number): Snapshot {
  const { wishes, pods, answers, agreement, obstacle, hold, isBehind } = of;
  const models = wishes.map((each, i) => ({ ...each, name: `m${i}` }));
  const replicas = Math.max(0, pods.length + of.missing);
  const resource: ModelServer = modelServer({ replicas }, status ? { status } : {});
  const facts = pods.map(({ isAsked: _, ...each }, i) => ({ ...each, name: `p${i}`, uid: `p${i}`, annotations: {} }));
  const ready = facts.filter(({ isReady }) => isReady).length;
  const [updated, readyReplicas, availableReplicas] = of.counts ?? [pods.length, ready, ready];
  const deployment: Deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'x', generation: 3 },
    status: {
      observedGeneration: of.isObserved ? 3 : 2,
      replicas: pods.length,
      updatedReplicas: updated,
      readyReplicas,
      availableReplicas,
    },
  };
  const said = (pod: number) => new Map(models.map(({ name }, model) => [name, answers[model]![agreement ? 0 : pod]!]));
  return {
    resource,
    revision: 'r2',
    configRevision: 'c1',
    models,
    deployment: of.hasDeployment ? deployment : undefined,
    pods: facts,
    answers: new Map(facts.flatMap(({ name }, i) => (pods[i]!.isAsked ? [[name, said(i)] as const] : []))),
    obstacle,
    hold,
    isBehind,
    isWaitingForGarbage: false,
    lacksPodMonitors: false,
    clusterDomain: 'cluster.local',
    now,
  };
}

function observe(of: Scene, status?: ModelServerStatus, now = start) {
  const snapshot = snapshotOf(of, status, now);
  return { snapshot, status: statusOf(snapshot, judge(snapshot)) };
}

const isTrue = ({ conditions }: ModelServerStatus, type: string) =>
  conditions!.some((condition) => condition.type === type && condition.status === 'True');

test('a status is valid by the schema, and says one thing', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(scene, (of) => {
      const { snapshot, status } = observe(of);
      assert.deepEqual(schemaProblems(statusSchema, status, 'status'), []);
      assert.ok(!(isTrue(status, 'Reconciling') && isTrue(status, 'Stalled')));
      assert.equal(isTrue(status, 'Reconciling'), isTrue(status, 'Progressing'));
      assert.ok(!(isTrue(status, 'Ready') && (isTrue(status, 'Progressing') || isTrue(status, 'Stalled'))));
      if (isTrue(status, 'Stalled')) assert.ok(isTrue(status, 'Degraded'));
      for (const { message, type } of status.conditions!) assert.notEqual(message, '', type);
      const kstatus = readKubernetesStatus({ metadata: snapshot.resource.metadata, status });
      assert.equal(kstatus === 'Current', isTrue(status, 'Ready'));
      assert.equal(kstatus === 'Failed', isTrue(status, 'Stalled'));
      assert.equal(status.rollout !== undefined, isTrue(status, 'Progressing') || isTrue(status, 'Stalled'));
      for (const { reason } of status.conditions!) seen.add(reason);
    }),
    { numRuns: 2000 },
  );
  for (const reason of ['ModelsServing', 'ModelLoadFailed', 'LoadingModels', 'ConfigPropagating', 'ScaledToZero']) {
    assert.ok(seen.has(reason), `${reason} never came about`);
  }
});

test('ready is what serves exactly what is wanted, on all pods', () => {
  let times = 0;
  fc.assert(
    fc.property(scene, (of) => {
      const { snapshot, status } = observe(of);
      if (isTrue(status, 'Available')) assert.ok(snapshot.pods.some(({ isReady }) => isReady));
      if (!isTrue(status, 'Ready') || snapshot.resource.spec.replicas === 0) return;
      assert.equal(snapshot.pods.length, snapshot.resource.spec.replicas);
      const isEverywhere = ({ name }: ModelWish) =>
        snapshot.pods.every((pod) => isByWhatIsWanted(snapshot.answers.get(pod.name)?.get(name)));
      const needed = snapshot.models.filter(({ required }) => required);
      if (needed.length > 0) assert.ok(needed.every(isEverywhere));
      else if (snapshot.models.length > 0) assert.ok(snapshot.models.some(isEverywhere));
      for (const { name, policy, labelled } of needed) {
        const { desiredVersions } = status.models!.find((model) => model.name === name)!;
        for (const pod of snapshot.pods) {
          assert.ok(pod.isReady && pod.revision === snapshot.revision);
          const said = snapshot.answers.get(pod.name)?.get(name);
          const serving = said?.kind === 'versions' ? said.versions.filter(({ state }) => state === 'AVAILABLE') : [];
          assert.deepEqual(serving.map((entry) => entry.version).toSorted(descending), desiredVersions);
          assert.ok(serving.every(({ errorCode }) => errorCode === 'OK'));
          for (const label of labelled) assert.ok(desiredVersions!.includes(label));
          if (policy.kind === 'specific')
            for (const each of policy.versions) assert.ok(desiredVersions!.includes(each));
          times++;
        }
      }
    }),
    { numRuns: 3000 },
  );
  assert.ok(times > 3, `only ${times} times was anything ready`);
});

/** As far as its server tells. */
function isByWhatIsWanted(said: ModelAnswer | undefined): boolean {
  if (said?.kind !== 'versions' || !said.config) return true;
  return said.config.inForce === 'c1' && said.config.refused === undefined;
}

const descending = (a: number, b: number) => b - a;

test('to judge again what has not changed changes nothing', () => {
  fc.assert(
    fc.property(scene, fc.integer({ min: 0, max: 80_000 }), (of, later) => {
      const { status } = observe(of);
      const read: ModelServerStatus = JSON.parse(JSON.stringify(status));
      assert.deepEqual(observe(of, read, start + later).status, status);
    }),
    { numRuns: 2000 },
  );
});

test('what serves is judged the same at any time', () => {
  fc.assert(
    fc.property(scene, fc.integer({ min: 0, max: 10 ** 10 }), (of, later) => {
      const { status } = observe(of);
      if (!isTrue(status, 'Ready')) return;
      assert.deepEqual(observe(of, status, start + later).status, status);
    }),
    { numRuns: 2000 },
  );
});

test('whatever the servers say of however many models, the status is small and valid, and stays as it is', () => {
  const name = fc.oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 600 }), fc.constant('模'.repeat(512)));
  const many = fc.record({
    names: fc.uniqueArray(name, { minLength: 1, maxLength: 150 }),
    text: words,
    versions: fc.integer({ min: 0, max: 20 }),
    isBroken: fc.boolean(),
  });
  fc.assert(
    fc.property(many, ({ names, text, versions, isBroken }) => {
      const models = names.map((each) => ({
        name: each.toWellFormed(),
        required: true,
        policy: { kind: 'all' as const },
        labelled: [],
      }));
      const said: ModelAnswer = {
        kind: 'versions',
        versions: Array.from({ length: versions }, (_, i) => ({
          version: Number.MAX_SAFE_INTEGER - i,
          state: isBroken ? 'LOADING' : 'AVAILABLE',
          errorCode: isBroken ? 'UNKNOWN' : 'OK',
          errorMessage: text,
        })),
      };
      const of: Scene = { ...plain, answers: [[said]] };
      const look = (before: ModelServerStatus | undefined) => {
        const snapshot = snapshotOf(of, before, start);
        const answers = new Map([['p0', new Map(models.map((model) => [model.name, said]))]]);
        const all = { ...snapshot, models, answers };
        return statusOf(all, judge(all));
      };
      const status = look(undefined);
      assert.deepEqual(schemaProblems(statusSchema, status, 'status'), []);
      assert.ok(JSON.stringify(status).isWellFormed());
      const size = Buffer.byteLength(JSON.stringify(status));
      assert.ok(size < 100 * 1024, `${size} bytes`);
      assert.deepEqual(look(JSON.parse(JSON.stringify(status))), status);
    }),
    { numRuns: 150 },
  );
});

const plain: Scene = {
  wishes: [{ required: true, policy: { kind: 'all' }, labelled: [] }],
  pods: [{ isReady: true, revision: 'r2', host: '10.0.0.1', trouble: undefined, wait: undefined, isAsked: true }],
  missing: 0,
  counts: undefined,
  isObserved: true,
  hasDeployment: true,
  obstacle: undefined,
  hold: undefined,
  isBehind: false,
  agreement: true,
  answers: [],
};
