// Long, as the truth table of the conditions is read as one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelServer } from '../../../test/support/model-server.ts';
import type { ConfigAnswer, ModelAnswer, VersionAnswer, VersionState } from '../models/model-status-source.ts';
import { judge } from './judge.ts';
import { listedModels } from './models-of.ts';
import type { PodFacts } from './pod-facts.ts';
import type { Deployment, Snapshot } from './snapshot.ts';
import { statusOf } from './status.ts';

const now = Date.parse('2026-01-01T12:00:00Z');
const revision = 'r2';

const version = (number: number, state: VersionState, errorMessage = ''): VersionAnswer => ({
  version: number,
  state,
  errorCode: errorMessage === '' ? 'OK' : 'UNKNOWN',
  errorMessage: errorMessage || 'OK',
});
const says = (...versions: VersionAnswer[]): ModelAnswer => ({ kind: 'versions', versions });
/** The same, of a server that tells by which config it serves; c1 is the one that is wanted. */
const by = (config: ConfigAnswer, ...versions: VersionAnswer[]): ModelAnswer => ({
  kind: 'versions',
  versions,
  config,
});
const before = { inForce: 'c0' };
const wanted = { inForce: 'c1' };
const refusing = { inForce: 'c0', refused: 'c1' };

const pod = (name: string, over: Partial<PodFacts> = {}): PodFacts => ({
  name,
  uid: name,
  host: '10.0.0.1',
  isReady: true,
  revision,
  trouble: undefined,
  wait: undefined,
  annotations: {},
  ...over,
});

const deployment = (replicas: number, over: object = {}): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'x', generation: 3 },
  status: {
    observedGeneration: 3,
    replicas,
    updatedReplicas: replicas,
    readyReplicas: replicas,
    availableReplicas: replicas,
    ...over,
  },
});

interface Row {
  readonly what: string;
  readonly spec?: object;
  readonly status?: object;
  readonly replicas?: number;
  readonly pods?: readonly PodFacts[];
  /** By pod; of the one model digits, unless models are named. */
  readonly answers?: Readonly<Record<string, ModelAnswer | Record<string, ModelAnswer>>>;
  readonly deployment?: Deployment | undefined;
  readonly snapshot?: Partial<Snapshot>;
  /** Ready, Available, Progressing, Degraded, and Reconciling or Stalled or nothing. */
  readonly conditions: readonly [string, string, string, string, string];
  readonly reason: string;
  readonly message: RegExp;
  readonly model?: object;
}

const v1 = says(version(1, 'AVAILABLE'));
const broken = says(version(3, 'LOADING', 'no such layer'), version(2, 'AVAILABLE'));
const steady = ['True', 'True', 'False', 'False', ''] as const;
const moving = ['False', 'True', 'True', 'False', 'Reconciling'] as const;
const starting = ['False', 'False', 'True', 'False', 'Reconciling'] as const;
const stalled = ['False', 'True', 'False', 'True', 'Stalled'] as const;
const dead = ['False', 'False', 'False', 'True', 'Stalled'] as const;

const imageless = pod('a', {
  isReady: false,
  host: undefined,
  wait: { reason: 'ImagePullFailed', message: 'pod a: no such tag' },
});

function begunSecondsAgo(seconds: number): object {
  const startedAt = new Date(now - seconds * 1000).toISOString();
  return { observedGeneration: 1, rollout: { startedAt, deadline: '' } };
}

function replicaFailure(message: string): object {
  return { conditions: [{ type: 'ReplicaFailure', status: 'True', message }] };
}

const rows: readonly Row[] = [
  {
    what: 'steady',
    answers: { a: v1 },
    conditions: steady,
    reason: 'ModelsServing',
    message: /^1 model on 1\/1 pods$/,
    model: { ready: true, state: 'Available', servingVersion: 1, desiredVersions: [1] },
  },
  {
    what: 'nothing is there yet',
    pods: [],
    deployment: undefined,
    conditions: starting,
    reason: 'PodsStarting',
    message: /^0\/1 pods are ready$/,
    model: { ready: false, state: 'Unknown' },
  },
  {
    what: 'the first load takes long',
    pods: [pod('a', { isReady: false })],
    deployment: deployment(1, { readyReplicas: 0, availableReplicas: 0 }),
    answers: { a: says(version(1, 'LOADING')) },
    conditions: starting,
    reason: 'LoadingModels',
    message: /^model digits: version 1 is available on 0\/1 pods$/,
    model: { ready: false, state: 'Loading', desiredVersions: [1] },
  },
  {
    what: 'the first load takes long, and one pod is not there yet',
    replicas: 2,
    pods: [pod('a', { isReady: false }), pod('b', { isReady: false, host: undefined })],
    deployment: deployment(2, { readyReplicas: 0, availableReplicas: 0 }),
    answers: { a: says(version(1, 'LOADING')) },
    conditions: starting,
    reason: 'PodsStarting',
    message: /^0\/2 pods are ready$/,
  },
  {
    what: 'a pod that no node takes',
    pods: [pod('a', { host: undefined, isReady: false, wait: { reason: 'Unschedulable', message: 'pod a: no cpu' } })],
    deployment: deployment(1, { readyReplicas: 0, availableReplicas: 0 }),
    conditions: starting,
    reason: 'Unschedulable',
    message: /no cpu/,
  },
  {
    what: 'pods of the old template serve while the new one starts',
    pods: [pod('a', { revision: 'r1' }), pod('b', { isReady: false })],
    answers: { a: v1, b: { kind: 'unreachable', reason: 'refused' } },
    deployment: deployment(2, { updatedReplicas: 1 }),
    conditions: moving,
    reason: 'RollingOut',
    message: /^0\/1 pods of revision r2 are ready, 1 others are there$/,
  },
  {
    what: 'pods are restarted: both are of the same template',
    pods: [pod('a'), pod('b', { isReady: false })],
    answers: { a: v1, b: { kind: 'unreachable', reason: 'refused' } },
    deployment: deployment(2, { updatedReplicas: 1 }),
    conditions: moving,
    reason: 'RollingOut',
    message: /^pods are restarted: 1\/1 are new, 2 are there$/,
  },
  {
    what: 'a pod too many after scaling down',
    pods: [pod('a'), pod('b')],
    answers: { a: v1, b: v1 },
    deployment: deployment(1),
    conditions: moving,
    reason: 'RollingOut',
    message: /^2 pods are there, 1 are wanted$/,
  },
  {
    what: 'a Deployment that its controller has not looked at',
    answers: { a: v1 },
    deployment: deployment(1, { observedGeneration: 2 }),
    conditions: moving,
    reason: 'PodsStarting',
    message: /^1\/1 pods are ready, the Deployment does not say so yet$/,
  },
  {
    what: 'a version that loads on one of two pods',
    replicas: 2,
    pods: [pod('a'), pod('b')],
    answers: { a: says(version(2, 'AVAILABLE')), b: says(version(2, 'LOADING'), version(1, 'AVAILABLE')) },
    conditions: moving,
    reason: 'LoadingModels',
    message: /^model digits: version 2 is available on 1\/2 pods$/,
    model: { ready: false, state: 'Loading', servingVersion: 2, desiredVersions: [2] },
  },
  {
    what: 'a version that one of two pods has not noticed',
    replicas: 2,
    pods: [pod('a'), pod('b')],
    answers: { a: says(version(2, 'AVAILABLE')), b: v1 },
    conditions: moving,
    reason: 'LoadingModels',
    message: /version 2 is available on 1\/2 pods/,
  },
  {
    what: 'an old version that is still being unloaded does not count',
    answers: { a: says(version(2, 'AVAILABLE'), version(1, 'UNLOADING')) },
    conditions: steady,
    reason: 'ModelsServing',
    message: /1 model/,
    model: { state: 'Available', servingVersion: 2, desiredVersions: [2] },
  },
  {
    what: 'a new version does not load, the last good one serves',
    answers: { a: broken },
    conditions: stalled,
    reason: 'ModelLoadFailed',
    message: /^model digits: version 3 does not load on 1\/1 pods; version 2 serves on: no such layer$/,
    model: { ready: false, state: 'Degraded', servingVersion: 2, desiredVersions: [3] },
  },
  {
    what: 'the only version does not load',
    pods: [pod('a', { isReady: false })],
    deployment: deployment(1, { readyReplicas: 0, availableReplicas: 0 }),
    answers: { a: says(version(3, 'LOADING', 'no such layer')) },
    conditions: dead,
    reason: 'ModelLoadFailed',
    message: /no version serves: no such layer/,
    model: { state: 'Failed', desiredVersions: [3] },
  },
  {
    what: 'changed files of a served version do not load',
    answers: { a: says(version(1, 'AVAILABLE', 'torn file')) },
    conditions: stalled,
    reason: 'ModelLoadFailed',
    message: /^model digits: version 1 does not load anew on 1\/1 pods; it serves on as it was: torn file$/,
    model: { state: 'Degraded', servingVersion: 1 },
  },
  {
    what: 'what fails on pods that are about to go ends with them',
    pods: [pod('a', { revision: 'r1' }), pod('b', { isReady: false, host: undefined })],
    answers: { a: broken },
    deployment: deployment(2, { updatedReplicas: 1 }),
    conditions: moving,
    reason: 'RollingOut',
    message: /others are there/,
  },
  {
    what: 'a model that is not required does not load',
    spec: { models: [{ name: 'digits' }, { name: 'extra', required: false }] },
    answers: { a: { digits: v1, extra: broken } },
    conditions: ['True', 'True', 'False', 'True', ''],
    reason: 'ModelsServing',
    message: /^1 of 2 models on 1\/1 pods; the rest is not required$/,
  },
  {
    what: 'the wanted version is nowhere, for pods may not have read the config',
    spec: { models: [{ name: 'digits', versionPolicy: { specific: { versions: [4] } } }] },
    status: { observedGeneration: 1, rollout: { startedAt: '2026-01-01T11:58:31Z', deadline: '' } },
    answers: { a: v1 },
    conditions: moving,
    reason: 'ConfigPropagating',
    message: /^model digits: version 4 is not on any pod yet$/,
    model: { state: 'Loading', servingVersion: 1, desiredVersions: [4] },
  },
  {
    what: 'the wanted version is nowhere',
    spec: { models: [{ name: 'digits', versionPolicy: { specific: { versions: [4] } } }] },
    status: { observedGeneration: 1, rollout: { startedAt: '2026-01-01T11:58:30Z', deadline: '' } },
    answers: { a: v1 },
    conditions: moving,
    reason: 'VersionNotFound',
    message: /^model digits: there is no version 4 in its folder \/models\/digits$/,
    model: { state: 'Loading', servingVersion: 1, desiredVersions: [4] },
  },
  {
    what: 'a wanted version that the server does not know of, since it refuses the config',
    spec: { models: [{ name: 'digits', versionPolicy: { specific: { versions: [4] } } }] },
    status: { observedGeneration: 1, rollout: { startedAt: '2026-01-01T11:58:30Z', deadline: '' } },
    answers: { a: says(version(1, 'AVAILABLE', 'The config file has problems')) },
    conditions: stalled,
    reason: 'ModelLoadFailed',
    message:
      /^model digits: version 1 does not load anew on 1\/1 pods; it serves on as it was: The config file has pro/,
    model: { state: 'Degraded', servingVersion: 1, desiredVersions: [4] },
  },
  {
    what: 'the config is in force on every pod',
    replicas: 2,
    pods: [pod('a'), pod('b')],
    answers: { a: by(wanted, version(1, 'AVAILABLE')), b: by(wanted, version(1, 'AVAILABLE')) },
    conditions: steady,
    reason: 'ModelsServing',
    message: /^1 model on 2\/2 pods$/,
  },
  {
    what: 'a change that can be seen in the config alone has not reached one pod',
    replicas: 2,
    pods: [pod('a'), pod('b')],
    answers: { a: by(wanted, version(1, 'AVAILABLE')), b: by(before, version(1, 'AVAILABLE')) },
    conditions: moving,
    reason: 'ConfigPropagating',
    message: /^model digits: 1\/2 pods do not serve by the new config yet$/,
    model: { ready: false, state: 'Loading', servingVersion: 1, desiredVersions: [1] },
  },
  {
    what: 'it has reached those that tell, and the others are of an image that does not tell',
    replicas: 2,
    pods: [pod('a'), pod('b')],
    answers: { a: v1, b: by(wanted, version(1, 'AVAILABLE')) },
    conditions: steady,
    reason: 'ModelsServing',
    message: /^1 model/,
  },
  {
    what: 'it does not arrive in time',
    status: begunSecondsAgo(601),
    answers: { a: by(before, version(1, 'AVAILABLE')) },
    conditions: stalled,
    reason: 'ProgressDeadlineExceeded',
    message: /^not there within 10m: model digits: 1\/1 pods do not serve by the new config yet$/,
  },
  {
    what: 'a first config that is not in force yet',
    answers: { a: by({ inForce: 'none' }, version(1, 'AVAILABLE')) },
    conditions: moving,
    reason: 'ConfigPropagating',
    message: /^model digits: 1\/1 pods do not serve/,
  },
  {
    what: 'what failed by the config of before is none of this one',
    answers: { a: by(before, version(1, 'AVAILABLE', 'no such property')) },
    conditions: moving,
    reason: 'ConfigPropagating',
    message: /^model digits: 1\/1 pods do not serve/,
  },
  {
    what: 'what fails by the config that is wanted',
    answers: { a: by(wanted, version(1, 'AVAILABLE', 'no such property')) },
    conditions: stalled,
    reason: 'ModelLoadFailed',
    message: /^model digits: version 1 does not load anew on 1\/1 pods; it serves on as it was: no such property$/,
  },
  {
    what: 'one pod fails by the config that is wanted, another has not read it',
    replicas: 2,
    pods: [pod('a'), pod('b')],
    answers: { a: by(wanted, version(1, 'AVAILABLE', 'no such property')), b: by(before, version(1, 'AVAILABLE')) },
    conditions: stalled,
    reason: 'ModelLoadFailed',
    message: /^model digits: version 1 does not load anew on 1\/2 pods/,
  },
  {
    what: 'the server refuses the config that is wanted',
    answers: { a: by(refusing, version(1, 'AVAILABLE', 'The config file has problems')) },
    conditions: stalled,
    reason: 'ModelLoadFailed',
    message: /^model digits: version 1 does not load anew on 1\/1 pods; it serves on as it was: The config file has/,
  },
  {
    what: 'the server refuses the config, and the model that says so is not required',
    spec: { models: [{ name: 'digits', required: false }] },
    answers: { a: by(refusing, version(1, 'AVAILABLE', 'The config file has problems')) },
    conditions: stalled,
    reason: 'ModelLoadFailed',
    message: /The config file has problems$/,
  },
  {
    what: 'the server refuses the config, and has no version that could say so',
    answers: { a: by(refusing) },
    conditions: dead,
    reason: 'ConfigInvalid',
    message: /^model digits: 1\/1 pods refuse the config; their logs say why$/,
  },
  {
    what: 'the server refuses the config of before, the one that is wanted has not reached it',
    answers: { a: by({ inForce: 'c1', refused: 'c0' }, version(1, 'AVAILABLE', 'The config file has problems')) },
    conditions: moving,
    reason: 'ConfigPropagating',
    message: /^model digits: 1\/1 pods do not serve/,
  },
  {
    what: 'the config is not in force for a model that is not required, as it loads',
    spec: { models: [{ name: 'digits' }, { name: 'extra', required: false }] },
    answers: {
      a: { digits: by(wanted, version(1, 'AVAILABLE')), extra: by(before, version(1, 'AVAILABLE')) },
    },
    conditions: steady,
    reason: 'ModelsServing',
    message: /^1 of 2 models on 1\/1 pods; the rest is not required$/,
  },
  {
    what: 'the config is in force for no model, and none is required',
    spec: { models: [{ name: 'digits', required: false }] },
    answers: { a: by(before, version(1, 'AVAILABLE')) },
    conditions: moving,
    reason: 'ConfigPropagating',
    message: /^model digits: 1\/1 pods do not serve by the new config yet$/,
  },
  {
    what: 'no model is required, and of those one shows that the config was read',
    spec: {
      models: [
        { name: 'digits', required: false },
        { name: 'extra', required: false },
      ],
    },
    answers: {
      a: { digits: by(before, version(1, 'AVAILABLE')), extra: by(wanted, version(1, 'AVAILABLE')) },
    },
    conditions: steady,
    reason: 'ModelsServing',
    message: /^1 of 2 models/,
  },
  {
    what: 'a config is not in force, for one of its models loads',
    spec: { models: [{ name: 'digits' }, { name: 'more' }] },
    answers: {
      a: { digits: by(before, version(1, 'AVAILABLE')), more: by({ inForce: 'none' }, version(1, 'LOADING')) },
    },
    conditions: starting,
    reason: 'LoadingModels',
    message: /^model more: version 1 is available on 0\/1 pods$/,
  },
  {
    what: 'a pod of before serves by a config of before',
    pods: [pod('a'), pod('b', { revision: 'r1' })],
    answers: { a: by(wanted, version(1, 'AVAILABLE')), b: by(before, version(1, 'AVAILABLE')) },
    conditions: moving,
    reason: 'RollingOut',
    message: /1 others are there$/,
  },
  {
    what: 'an empty folder',
    pods: [pod('a', { isReady: false })],
    deployment: deployment(1, { readyReplicas: 0, availableReplicas: 0 }),
    answers: { a: says() },
    conditions: starting,
    reason: 'VersionNotFound',
    message: /^model digits: there is no version in its folder \/models\/digits$/,
    model: { state: 'Missing', message: 'model digits: there is no version in its folder /models/digits' },
  },
  {
    what: 'a pod that has not read the new config',
    answers: { a: { kind: 'unknown-model' } },
    conditions: ['False', 'False', 'True', 'False', 'Reconciling'],
    reason: 'ConfigPropagating',
    message: /1\/1 pods do not know of it yet$/,
  },
  {
    what: 'a pod that should have read the new config by now',
    status: { observedGeneration: 1, rollout: { startedAt: '2026-01-01T11:55:00Z', deadline: '' } },
    answers: { a: { kind: 'unknown-model' } },
    conditions: ['False', 'False', 'True', 'False', 'Reconciling'],
    reason: 'ConfigPropagating',
    message: /1\/1 pods do not know of it: their logs say whether they refuse the config$/,
  },
  {
    what: 'a pod that the operator cannot reach is as good as its probe says',
    answers: { a: { kind: 'unreachable', reason: 'refused' } },
    conditions: moving,
    reason: 'PodsUnreachable',
    message: /1\/1 pods cannot be asked: refused/,
    model: { state: 'Unknown' },
  },
  {
    what: 'not there in time',
    status: { observedGeneration: 1, rollout: { startedAt: '2026-01-01T11:49:59Z', deadline: '' } },
    answers: { a: says(version(2, 'LOADING'), version(1, 'AVAILABLE')) },
    conditions: stalled,
    reason: 'ProgressDeadlineExceeded',
    message: /^not there within 10m: model digits: version 2 is available on 0\/1 pods$/,
  },
  {
    what: 'a new generation has its own time',
    status: { observedGeneration: 0, rollout: { startedAt: '2026-01-01T11:49:59Z', deadline: '' } },
    answers: { a: says(version(2, 'LOADING'), version(1, 'AVAILABLE')) },
    conditions: moving,
    reason: 'LoadingModels',
    message: /version 2/,
  },
  {
    what: 'what goes on after something stood in the way has its own time',
    status: {
      observedGeneration: 1,
      rollout: { startedAt: '2026-01-01T10:00:00Z', deadline: '' },
      conditions: [{ type: 'Stalled', status: 'True', reason: 'VolumeClaimNotFound' }],
    },
    answers: { a: says(version(2, 'LOADING'), version(1, 'AVAILABLE')) },
    conditions: moving,
    reason: 'LoadingModels',
    message: /version 2/,
  },
  {
    what: 'what was too late stays so until it has arrived',
    status: {
      observedGeneration: 1,
      rollout: { startedAt: '2026-01-01T10:00:00Z', deadline: '' },
      conditions: [{ type: 'Stalled', status: 'True', reason: 'ProgressDeadlineExceeded' }],
    },
    answers: { a: says(version(2, 'LOADING'), version(1, 'AVAILABLE')) },
    conditions: stalled,
    reason: 'ProgressDeadlineExceeded',
    message: /version 2/,
  },
  {
    what: 'an image that could not be pulled once',
    pods: [imageless],
    deployment: deployment(1, { readyReplicas: 0, availableReplicas: 0 }),
    conditions: starting,
    reason: 'ImagePullFailed',
    message: /no such tag/,
  },
  {
    what: 'an image that cannot be pulled, between two tries',
    status: { observedGeneration: 1, conditions: [{ type: 'Stalled', status: 'True', reason: 'ImagePullFailed' }] },
    pods: [imageless],
    deployment: deployment(1, { readyReplicas: 0, availableReplicas: 0 }),
    conditions: dead,
    reason: 'ImagePullFailed',
    message: /no such tag/,
  },
  {
    what: 'a pod whose image is not there, beside one that serves',
    pods: [
      pod('a', { revision: 'r1' }),
      pod('b', {
        isReady: false,
        host: undefined,
        trouble: { reason: 'ImagePullFailed', message: 'pod b: not found' },
      }),
    ],
    answers: { a: v1 },
    deployment: deployment(2, { updatedReplicas: 1 }),
    conditions: stalled,
    reason: 'ImagePullFailed',
    message: /not found/,
  },
  {
    what: 'pods that may not be created',
    status: begunSecondsAgo(20),
    pods: [],
    deployment: deployment(0, replicaFailure('pods "x-77b98-" is forbidden: exceeded quota')),
    conditions: dead,
    reason: 'PodCreationFailed',
    message: /exceeded quota/,
  },
  {
    what: 'not all pods may be created',
    status: begunSecondsAgo(20),
    replicas: 2,
    pods: [pod('x-77b98-2xk4l')],
    answers: { 'x-77b98-2xk4l': v1 },
    deployment: deployment(1, replicaFailure('pods "x-77b98-9lqtz" is forbidden: exceeded quota')),
    conditions: stalled,
    reason: 'PodCreationFailed',
    message: /exceeded quota/,
  },
  {
    what: 'pods of before could not be created, those of now can',
    status: begunSecondsAgo(60),
    pods: [pod('x-77b98-2xk4l', { isReady: false })],
    answers: { 'x-77b98-2xk4l': { kind: 'unreachable', reason: 'refused' } },
    deployment: deployment(1, replicaFailure('pods "x-5d4c9-" is forbidden: exceeded quota')),
    conditions: starting,
    reason: 'PodsStarting',
    message: /0\/1/,
  },
  ...(['VolumeClaimNotFound', 'ConfigNotFound', 'PodCreationFailed'] as const).flatMap((reason): Row[] => {
    const common = { answers: { a: v1 }, snapshot: { obstacle: { reason, message: 'not there' } }, reason };
    return [
      { what: `${reason}, at first`, ...common, conditions: moving, message: /^not there$/ },
      {
        ...{ what: `${reason}, with the resource as it was`, ...common, status: begunSecondsAgo(19) },
        ...{ conditions: moving, message: /^not there$/ },
      },
      {
        ...{ what: `${reason}, for 20 seconds`, ...common, status: begunSecondsAgo(20) },
        ...{ conditions: stalled, message: /^not there$/ },
      },
    ];
  }),
  {
    what: 'a Secret of a pod that is not there yet',
    status: begunSecondsAgo(5),
    pods: [pod('a', { isReady: false, trouble: { reason: 'PodConfigError', message: 'pod a: no Secret' } })],
    conditions: starting,
    reason: 'PodConfigError',
    message: /no Secret/,
  },
  {
    what: 'an obstacle in front of everything',
    answers: { a: v1 },
    snapshot: { obstacle: { reason: 'NameConflict', message: 'there is a Service x' } },
    conditions: stalled,
    reason: 'NameConflict',
    message: /there is a Service x/,
  },
  {
    what: 'paused',
    answers: { a: v1 },
    snapshot: { hold: 'Paused' },
    conditions: ['False', 'True', 'False', 'False', ''],
    reason: 'Paused',
    message: /spec\.rollout\.paused/,
  },
  {
    what: 'hands off, with nothing to do',
    answers: { a: v1 },
    snapshot: { hold: 'ReconcileDisabled' },
    conditions: steady,
    reason: 'ModelsServing',
    message: /1 model/,
  },
  {
    what: 'hands off, with something to do',
    answers: { a: v1 },
    snapshot: { hold: 'ReconcileDisabled', isBehind: true },
    conditions: ['False', 'True', 'False', 'False', ''],
    reason: 'ReconcileDisabled',
    message: /annotation/,
  },
  {
    what: 'scaled to zero',
    replicas: 0,
    pods: [],
    conditions: ['True', 'False', 'False', 'False', ''],
    reason: 'ScaledToZero',
    message: /as wanted/,
  },
  {
    what: 'a ready pod that was not asked',
    answers: {},
    conditions: moving,
    reason: 'PodsUnreachable',
    message: /it has not been asked/,
    model: { state: 'Unknown' },
  },
  {
    what: 'labelled versions are served besides what the policy picks',
    spec: { models: [{ name: 'digits', versionLabels: { stable: 1, canary: 3 } }] },
    answers: { a: says(version(1, 'AVAILABLE'), version(2, 'END'), version(3, 'AVAILABLE')) },
    conditions: steady,
    reason: 'ModelsServing',
    message: /1 model/,
    model: { desiredVersions: [3, 1], servingVersion: 3 },
  },
  {
    what: 'a label of a version that does not load',
    spec: { models: [{ name: 'digits', versionLabels: { stable: 1 } }] },
    answers: { a: says(version(1, 'LOADING', 'no such layer'), version(3, 'AVAILABLE')) },
    conditions: stalled,
    reason: 'ModelLoadFailed',
    message: /version 1 does not load on 1\/1 pods; version 3 serves on: no such layer/,
    model: { state: 'Degraded', desiredVersions: [3, 1] },
  },
  {
    what: 'a version that nobody asks for any more, on its way out',
    spec: { models: [{ name: 'digits', versionPolicy: { latest: { numVersions: 2 } } }] },
    answers: { a: says(version(1, 'AVAILABLE'), version(2, 'AVAILABLE'), version(3, 'AVAILABLE')) },
    conditions: moving,
    reason: 'LoadingModels',
    message: /version 1 is still there/,
    model: { desiredVersions: [3, 2], servingVersion: 3 },
  },
];

for (const row of rows) {
  test(row.what, () => {
    const { status } = observe(row);
    const find = (type: string) => status.conditions?.find((condition) => condition.type === type);
    const abnormal = ['Reconciling', 'Stalled'].filter((type) => find(type)?.status === 'True').join();
    const four = ['Ready', 'Available', 'Progressing', 'Degraded'].map((type) => find(type)?.status);
    assert.deepEqual([...four, abnormal], row.conditions, JSON.stringify(status.conditions, undefined, 1));
    const ready = find('Ready')!;
    assert.equal(ready.reason, row.reason);
    assert.match(ready.message, row.message);
    for (const condition of status.conditions ?? []) {
      assert.notEqual(condition.message, '', condition.type);
      assert.equal(condition.observedGeneration, 1);
    }
    assert.equal(status.observedGeneration, 1);
    if (row.model) {
      const model = status.models![0]! as object as Record<string, unknown>;
      for (const [key, value] of Object.entries(row.model)) assert.deepEqual(model[key], value, key);
    }
  });
}

test('a model that is added takes nothing away from what serves; one that stops serving does', () => {
  const spec = { models: [{ name: 'digits' }, { name: 'new' }] };
  const available = (status: ReturnType<typeof observe>['status']) =>
    status.conditions?.find(({ type }) => type === 'Available')?.status;
  const before = observe({ ...rows[0]!, answers: { a: v1 } }).status;
  const unknown: ModelAnswer = { kind: 'unknown-model' };
  const added = observe({ ...rows[0]!, spec, answers: { a: { digits: v1, new: unknown } }, status: before }).status;
  assert.equal(available(added), 'True');
  assert.equal(added.conditions?.find(({ type }) => type === 'Ready')?.status, 'False');
  const gone = observe({ ...rows[0]!, spec, answers: { a: { digits: says(), new: unknown } }, status: added }).status;
  assert.equal(available(gone), 'False');
  const still = observe({ ...rows[0]!, spec, answers: { a: { digits: v1, new: unknown } }, status: gone }).status;
  assert.equal(available(still), 'False', 'until all is there');
});

test('times stay while what they are about stays', () => {
  const before = observe({ ...rows[0]!, answers: { a: v1 } }, now - 60_000).status;
  const after = observe({ ...rows[0]!, answers: { a: broken }, status: before }).status;
  const time = (status: typeof before, type: string) =>
    status.conditions?.find((condition) => condition.type === type)?.lastTransitionTime;
  assert.equal(time(after, 'Ready'), '2026-01-01T12:00:00Z');
  assert.equal(time(after, 'Available'), '2026-01-01T11:59:00Z');
  assert.deepEqual(after.lastSuccessful, { generation: 1, revision, time: '2026-01-01T11:59:00Z' });
  assert.equal(after.failedGeneration, 1);
  const again = observe({ ...rows[0]!, answers: { a: broken }, status: after }, now + 1000).status;
  assert.deepEqual(again, after);
});

test('what was held for long has all of its time afterwards', () => {
  const loading = { ...rows[0]!, answers: { a: says(version(2, 'LOADING'), version(1, 'AVAILABLE')) } };
  const hold = { snapshot: { hold: 'ReconcileDisabled', isBehind: true } } as const;
  const before = observe(loading, now - 3_600_000).status;
  const held = observe({ ...loading, ...hold, status: before }, now - 3_500_000).status;
  const after = observe({ ...loading, status: held }).status;
  assert.deepEqual(after.rollout, { startedAt: '2026-01-01T12:00:00Z', deadline: '2026-01-01T12:10:00Z' });
});

test('the status stays small, whatever the servers say', () => {
  const models = Array.from({ length: 64 }, (_, i) => ({ name: `model-${i}`, versionPolicy: { all: {} } }));
  const long = 'x'.repeat(100_000);
  const versions = Array.from({ length: 50 }, (_, i) => version(i + 1, 'LOADING', long));
  const answers = Object.fromEntries(models.map(({ name }) => [name, says(...versions)]));
  const { status } = observe({ ...rows[0]!, spec: { models }, answers: { a: answers } });
  const size = Buffer.byteLength(JSON.stringify(status));
  assert.ok(size < 100 * 1024, `${size} bytes`);
  for (const model of status.models!) assert.equal(model.versions!.length, 4);
});

function observe(row: Row, at = now) {
  const replicas = row.replicas ?? 1;
  const resource = modelServer(
    { replicas, models: [{ name: 'digits' }], ...row.spec },
    row.status ? { status: row.status } : {},
  );
  const snapshot: Snapshot = {
    resource,
    revision,
    configRevision: 'c1',
    models: listedModels(resource.spec),
    deployment: 'deployment' in row ? row.deployment : deployment(replicas),
    pods: row.pods ?? [pod('a')],
    answers: new Map(
      Object.entries(row.answers ?? {}).map(([name, answer]) => [
        name,
        new Map(Object.entries('kind' in answer ? { digits: answer as ModelAnswer } : answer)),
      ]),
    ),
    obstacle: undefined,
    hold: undefined,
    isBehind: false,
    isWaitingForGarbage: false,
    lacksPodMonitors: false,
    clusterDomain: 'cluster.local',
    now: at,
    ...row.snapshot,
  };
  return { status: statusOf(snapshot, judge(snapshot)) };
}

test('what is held has no deadline; it begins when it is let go', () => {
  const rollout = { startedAt: '2026-01-01T10:00:00Z', deadline: '' };
  const held = rows.find(({ what }) => what === 'hands off, with something to do')!;
  assert.equal(observe({ ...held, status: { observedGeneration: 1, rollout } }).status.rollout, undefined);
});

test('a start in the future, by a clock that was wrong, is now', () => {
  const rollout = { startedAt: '2026-01-02T12:00:00Z', deadline: '' };
  const row = rows.find(({ what }) => what === 'not there in time')!;
  const { status } = observe({ ...row, status: { observedGeneration: 1, rollout } });
  assert.equal(status.rollout?.startedAt, '2026-01-01T12:00:00Z');
});
