import { bounded, type Reason } from '../api/conditions.ts';
import type { ModelServerStatus } from '../api/model-server.ts';
import type { ModelAnswer, VersionAnswer } from '../models/model-status-source.ts';
import type { Trouble } from './pod-facts.ts';

export type ModelStatus = NonNullable<ModelServerStatus['models']>[number];
type VersionStatus = NonNullable<ModelStatus['versions']>[number];

/** A model as far as its status is concerned. */
export interface ModelWish {
  readonly name: string;
  readonly required: boolean;
  readonly policy:
    | { readonly kind: 'latest'; readonly count: number }
    | { readonly kind: 'specific'; readonly versions: readonly number[] }
    | { readonly kind: 'all' };
  /** Versions that labels stand for: they are served besides what the policy picks. */
  readonly labelled: readonly number[];
  /** Where its versions lie in the pods; absent where that is not known. */
  readonly folder?: string;
}

/** What one pod says of the model. */
export interface PodAnswer {
  /** Whether the pod is made from the template that is wanted now; what others fail at ends with them. */
  readonly isCurrent: boolean;
  readonly isReady: boolean;
  readonly answer: ModelAnswer;
}

export interface ModelVerdict {
  readonly status: ModelStatus;
  /** Pods have not decided on the config that is wanted: whatever it says of this model, none of it is so there. */
  readonly propagation: Trouble | undefined;
  /** Pods refuse the config that is wanted, which is in the failure too. */
  readonly isRefused: boolean;
  /** A version of it does not load. */
  readonly failure: Trouble | undefined;
  /** What there is to wait for; neither this nor a failure: it serves exactly what is wanted. */
  readonly wait: Trouble | undefined;
  /** Whether a pod that gets traffic serves some version; undefined if none could be asked. */
  readonly serves: boolean | undefined;
}

/** What the status has room for; the newest come first. */
const mostDesired = 16;

/** What is known beside the answers. */
export interface ModelContext {
  /** How many pods there are to be. */
  readonly replicas: number;
  /** Whether what is wanted has changed so lately that the pods may not have read it. */
  readonly isNew: boolean;
  /** Of the config that is wanted. */
  readonly configRevision: string;
  /** What the status said before. */
  readonly prior: ModelStatus | undefined;
  /** RFC 3339. */
  readonly now: string;
  /** How long the message of a version may be. */
  readonly longest: number;
  /** How many versions are told of. */
  readonly mostVersions: number;
}

/** What the pods' answers mean. */
export function judgeModel(wish: ModelWish, pods: readonly PodAnswer[], context: ModelContext): ModelVerdict {
  const { replicas, longest, mostVersions, configRevision } = context;
  const known = liveVersions(pods);
  const desired = desiredVersions(wish, known);
  const current = pods.filter((pod) => pod.isCurrent);
  // What fails by the config of before says nothing of this one, which may be what mends it.
  const decided = current.filter((pod) => !isBehind(pod, configRevision));
  const refusing = decided.filter((pod) => isRefusing(pod, configRevision)).length;
  const failures = [...desired, ...keptVersions(decided, desired)].flatMap(
    (version) => failureOn(decided, version) ?? [],
  );
  const serving = servingVersion(pods);
  const count = Math.max(replicas, current.length);
  const failure = failures[0]
    ? failureOf(wish, failures[0], count, serving)
    : refusing > 0
      ? refusalOf(wish, refusing, count)
      : undefined;
  const propagation = propagationOf(wish, current.length - decided.length, current.length);
  const wait = failure ? undefined : (waitFor(wish, current, desired, context.isNew) ?? propagation);
  const ready = pods.filter((pod) => pod.isReady && pod.answer.kind !== 'unreachable');
  const listed = [...desired, ...known.filter((version) => !desired.includes(version))].slice(0, mostVersions);
  const message = (failure ?? wait)?.message;
  return {
    status: {
      name: wish.name,
      ready: !failure && !wait,
      state: stateOf(pods, failure, wait, serving),
      ...(serving === undefined ? {} : { servingVersion: serving }),
      desiredVersions: desired.slice(0, mostDesired),
      ...(message === undefined ? {} : { message: bounded(message, Math.max(longest, 128)) }),
      versions: listed.toSorted((a, b) => b - a).map((version) => versionStatus(version, pods, context)),
    },
    propagation,
    isRefused: refusing > 0,
    failure,
    wait,
    serves: ready.length === 0 ? undefined : ready.some((pod) => available(pod).length > 0),
  };
}

interface Failure {
  readonly version: number;
  /** How many pods it fails on. */
  readonly pods: number;
  readonly cause: VersionAnswer;
}

function failureOn(pods: readonly PodAnswer[], version: number): Failure | undefined {
  const failed = pods.flatMap((pod) => find(pod, version) ?? []).filter(hasFailed);
  const cause = worst(failed);
  return cause && { version, pods: failed.length, cause };
}

/** What serves on where a wanted version is on no pod: it may say why, as of a config that the server refuses. */
function keptVersions(pods: readonly PodAnswer[], desired: readonly number[]): number[] {
  const isNowhere = (version: number) => pods.every((pod) => [undefined, 'END'].includes(find(pod, version)?.state));
  return desired.some(isNowhere) ? pods.flatMap(available).filter((version) => !desired.includes(version)) : [];
}

function failureOf(
  { name }: ModelWish,
  { version, pods, cause }: Failure,
  of: number,
  serving: number | undefined,
): Trouble {
  const isReload = cause.state === 'AVAILABLE';
  const what = `version ${version} does not load${isReload ? ' anew' : ''} on ${pods}/${of} pods`;
  const serves = serving === version ? 'it serves on as it was' : `version ${serving} serves on`;
  const message = `model ${name}: ${what}; ${serving === undefined ? 'no version serves' : serves}: ${cause.errorMessage}`;
  return { reason: 'ModelLoadFailed', message: bounded(message) };
}

/** A refusal that no version tells of, for none serves on. */
function refusalOf({ name }: ModelWish, pods: number, of: number): Trouble {
  const message = bounded(`model ${name}: ${pods}/${of} pods refuse the config; their logs say why`);
  return { reason: 'ConfigInvalid', message };
}

/** What nothing but the config shows, such as another label, or an option: what serves looks as wanted. */
function propagationOf({ name }: ModelWish, behind: number, of: number): Trouble | undefined {
  if (behind === 0) return undefined;
  const message = bounded(`model ${name}: ${behind}/${of} pods do not serve by the new config yet`);
  return { reason: 'ConfigPropagating', message };
}

function waitFor(
  { name, policy, labelled, folder }: ModelWish,
  pods: readonly PodAnswer[],
  desired: readonly number[],
  isNew: boolean,
): Trouble | undefined {
  const because = (reason: Reason, message: string) => ({ reason, message: bounded(`model ${name}: ${message}`) });
  if (pods.length === 0) return because('PodsStarting', 'no pod runs yet');
  const unreachable = pods.flatMap(({ answer }) => (answer.kind === 'unreachable' ? [answer.reason] : []));
  if (unreachable.length > 0) {
    return because('PodsUnreachable', `${unreachable.length}/${pods.length} pods cannot be asked: ${unreachable[0]}`);
  }
  const ignorant = pods.filter(({ answer }) => answer.kind === 'unknown-model').length;
  if (ignorant > 0) {
    const why = isNew ? ' yet' : ': their logs say whether they refuse the config';
    return because('ConfigPropagating', `${ignorant}/${pods.length} pods do not know of it${why}`);
  }
  const place = folder === undefined ? 'its folder' : `its folder ${folder}`;
  if (desired.length === 0) {
    const wasThere = pods.some(({ answer }) => answer.kind === 'versions' && answer.versions.length > 0);
    if (wasThere && isNew) return because('ConfigPropagating', 'the pods have not begun to load it again');
    return because('VersionNotFound', `there is no version in ${place}`);
  }
  for (const version of desired) {
    const answers = pods.map((pod) => find(pod, version));
    const serving = answers.filter((answer) => answer?.state === 'AVAILABLE').length;
    if (serving === pods.length) continue;
    const on = `version ${version} is available on ${serving}/${pods.length} pods`;
    if (answers.every((answer) => answer === undefined || answer.state === 'END')) {
      const isNamed = policy.kind === 'specific' || labelled.includes(version);
      if (isNamed && isNew) return because('ConfigPropagating', `version ${version} is not on any pod yet`);
      return because('VersionNotFound', `there is no version ${version}${isNamed ? ` in ${place}` : ''}`);
    }
    return because('LoadingModels', on);
  }
  const extra = pods.flatMap(available).find((version) => !desired.includes(version));
  if (extra !== undefined) return because('LoadingModels', `version ${extra} is still there`);
  return undefined;
}

/** Whether its server has not decided on that config yet: has not read it, or still serves by one of before. */
function isBehind({ answer }: PodAnswer, configRevision: string): boolean {
  if (answer.kind !== 'versions' || !answer.config) return false;
  return (answer.config.refused ?? answer.config.inForce) !== configRevision;
}

function isRefusing({ answer }: PodAnswer, configRevision: string): boolean {
  return answer.kind === 'versions' && answer.config?.refused === configRevision;
}

function stateOf(
  pods: readonly PodAnswer[],
  failure: Trouble | undefined,
  wait: Trouble | undefined,
  serving: number | undefined,
): ModelStatus['state'] {
  if (pods.every(({ answer }) => answer.kind === 'unreachable')) return 'Unknown';
  if (failure) return serving === undefined ? 'Failed' : 'Degraded';
  if (!wait) return 'Available';
  return wait.reason === 'VersionNotFound' && serving === undefined ? 'Missing' : 'Loading';
}

function versionStatus(
  version: number,
  pods: readonly PodAnswer[],
  { replicas, prior, now, longest }: ModelContext,
): VersionStatus {
  const answers = pods.map((pod) => find(pod, version)).filter((answer) => answer !== undefined);
  const failed = worst(answers.filter(hasFailed));
  const state = failed?.state ?? leastAdvanced(answers) ?? 'MISSING';
  const count = answers.filter((answer) => answer.state === 'AVAILABLE').length;
  const before = prior?.versions?.find((entry) => entry.version === version);
  const isSame = before && before.state === state && before.errorCode === failed?.errorCode;
  return {
    version,
    state,
    pods: `${count}/${Math.max(replicas, pods.length)}`,
    ...(failed ? { errorCode: failed.errorCode, message: bounded(failed.errorMessage, longest) } : {}),
    since: (isSame && before.since) || now,
  };
}

/** From newest to oldest: what some pod has, or tries to have. */
function liveVersions(pods: readonly PodAnswer[]): number[] {
  const versions = pods.flatMap(({ answer }) => (answer.kind === 'versions' ? answer.versions : []));
  const live = versions.filter((answer) => hasFailed(answer) || !['UNLOADING', 'END'].includes(answer.state));
  return [...new Set(live.map(({ version }) => version))].toSorted((a, b) => b - a);
}

/** From newest to oldest. With `latest` and `all`, what is on the volume decides, and the servers say what that is. */
function desiredVersions({ policy, labelled }: ModelWish, known: readonly number[]): number[] {
  const picked =
    policy.kind === 'specific' ? policy.versions : policy.kind === 'latest' ? known.slice(0, policy.count) : known;
  return [...new Set([...picked, ...labelled])].toSorted((a, b) => b - a);
}

/** What a client gets who asks for no version: the newest that all pods with traffic have; if there is none, the newest of any. */
function servingVersion(pods: readonly PodAnswer[]): number | undefined {
  const ready = pods.filter((pod) => pod.isReady && pod.answer.kind === 'versions').map(available);
  const any = pods.flatMap(available).toSorted((a, b) => b - a);
  return any.find((version) => ready.length > 0 && ready.every((versions) => versions.includes(version))) ?? any[0];
}

function available({ answer }: PodAnswer): number[] {
  if (answer.kind !== 'versions') return [];
  return answer.versions.filter(({ state }) => state === 'AVAILABLE').map(({ version }) => version);
}

function find({ answer }: PodAnswer, version: number): VersionAnswer | undefined {
  return answer.kind === 'versions' ? answer.versions.find((entry) => entry.version === version) : undefined;
}

function hasFailed({ errorCode }: VersionAnswer): boolean {
  return errorCode !== 'OK';
}

/** Where some pods serve on with the files of before, and others have nothing to serve, the latter say more. */
function worst(failures: readonly VersionAnswer[]): VersionAnswer | undefined {
  return failures.find(({ state }) => state !== 'AVAILABLE') ?? failures[0];
}

function leastAdvanced(answers: readonly VersionAnswer[]): VersionAnswer['state'] | undefined {
  const order = ['START', 'LOADING', 'UNLOADING', 'AVAILABLE', 'END'] as const;
  return order.find((state) => answers.some((answer) => answer.state === state));
}
