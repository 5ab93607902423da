import { bounded, longestMessage, type Reason } from '../api/conditions.ts';
import { milliseconds } from '../api/duration.ts';
import { judgeModel, type ModelVerdict } from './judge-model.ts';
import type { PodFacts, Trouble } from './pod-facts.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * - `serving`: all is as the resource says, or it is scaled to zero and says so.
 * - `moving`: on the way there.
 * - `stalled`: it will not get there unless someone does something; what serves goes on.
 * - `held`: the user asked for no changes.
 */
export interface Verdict {
  readonly kind: 'serving' | 'moving' | 'stalled' | 'held';
  readonly reason: Reason;
  readonly message: string;
  readonly available: { readonly is: boolean } & Trouble;
  /** What is wrong although it serves; or because of which it does not. */
  readonly degraded: Trouble | undefined;
  readonly models: readonly ModelVerdict[];
  /**
   * When what has not arrived yet was begun, in milliseconds since 1970; undefined where all has arrived, and where it is held:
   * the time that it may take begins anew afterwards.
   */
  readonly startedAt: number | undefined;
}

/** What the facts mean: the truth table of the conditions, from its most telling row to the least. */
export function judge(snapshot: Snapshot): Verdict {
  const { resource, hold, obstacle } = snapshot;
  const models = judgeModels(snapshot);
  const required = models.filter((_, i) => snapshot.models[i]!.required);
  const optionalFailure = models.find(({ failure }, i) => failure && !snapshot.models[i]!.required)?.failure;
  const isMeantToServe = resource.spec.replicas > 0;
  const modelWait = isMeantToServe ? waitForModels(models, required) : undefined;
  const podsWait = waitForPods(snapshot);
  const isHeld = hold === 'Paused' || (hold !== undefined && snapshot.isBehind);
  const trouble =
    obstacle ??
    troubleOfPods(snapshot) ??
    required.find(({ failure }) => failure)?.failure ??
    // All of a config is refused, or none of it.
    models.find(({ isRefused }) => isRefused)?.failure ??
    (podsWait && podsWait.reason === stalledBy(snapshot) ? podsWait : undefined);
  const early = trouble && !isHeld && isEarly(snapshot, trouble) ? trouble : undefined;
  const stop = early ? undefined : trouble;
  const wait = early ?? (podsWait && !(modelWait && isWaitOfModels(snapshot, modelWait)) ? podsWait : modelWait);
  const startedAt = trouble || (wait && !isHeld) ? startOf(snapshot, trouble) : undefined;
  const deadline = (startedAt ?? 0) + milliseconds(resource.spec.rollout.progressDeadline);
  const all = { models, available: availability(snapshot, required), startedAt };

  if (stop) return { kind: 'stalled', ...stop, degraded: stop, ...all };
  if (hold && isHeld) {
    return { kind: 'held', reason: hold, message: holdMessages[hold], degraded: optionalFailure, ...all };
  }
  if (wait && snapshot.now >= deadline) {
    const message = bounded(`not there within ${resource.spec.rollout.progressDeadline}: ${wait.message}`);
    const overdue: Trouble = { reason: 'ProgressDeadlineExceeded', message };
    return { kind: 'stalled', ...overdue, degraded: overdue, ...all };
  }
  if (wait) return { kind: 'moving', ...wait, degraded: optionalFailure, ...all };
  return {
    kind: 'serving',
    ...servingMessage(snapshot, models),
    degraded: optionalFailure,
    ...all,
    startedAt: undefined,
  };
}

/**
 * What can be seen to lack says more than that a config is not in force yet. That counts for models that are not required only
 * where there are no others: by any model that has arrived, pods show that they have read it.
 */
function waitForModels(models: readonly ModelVerdict[], required: readonly ModelVerdict[]): Trouble | undefined {
  const seen = required.find(({ wait, propagation }) => wait && wait !== propagation);
  if (seen) return seen.wait;
  if (required.length > 0) return required.find(({ propagation }) => propagation)?.propagation;
  return models.every(({ propagation }) => propagation) ? models[0]?.propagation : undefined;
}

/** What is wrong until another object is there. */
const mayPass: readonly Reason[] = ['VolumeClaimNotFound', 'ConfigNotFound', 'PodConfigError', 'PodCreationFailed'];
const patienceMs = 20_000;

/** That object may have been applied together with the resource, and those who wait for the resource take Stalled for final. */
function isEarly(snapshot: Snapshot, trouble: Trouble): boolean {
  return mayPass.includes(trouble.reason) && snapshot.now < startOf(snapshot, trouble) + patienceMs;
}

const holdMessages = {
  Paused: 'rollouts are paused (spec.rollout.paused); what serves goes on',
  ReconcileDisabled: 'the annotation modelserver.dev/reconcile is "disabled": changes of the resource wait',
} as const;

/** A pod that has only just come. */
const notAsked = { kind: 'unreachable', reason: 'it has not been asked' } as const;

/** With more models than these, less is told of each version: all of the status has to stay below 100 KiB. */
const fewModels = 8;
const room = { longest: longestMessage, mostVersions: 8 };
const littleRoom = { longest: 64, mostVersions: 4 };

/** A kubelet that was not told of a changed ConfigMap looks once a minute, and at what it remembers for a while. */
const propagationMs = 90_000;

function judgeModels(snapshot: Snapshot): ModelVerdict[] {
  const { resource, pods, answers, revision } = snapshot;
  const now = timestamp(snapshot.now);
  const isNew = snapshot.now - startOf(snapshot) < propagationMs;
  const running = pods.filter((pod) => pod.isReady || answers.has(pod.name));
  return snapshot.models.map((wish) => {
    const views = running.map((pod) => ({
      isCurrent: pod.revision === revision,
      isReady: pod.isReady,
      answer: answers.get(pod.name)?.get(wish.name) ?? notAsked,
    }));
    const prior = resource.status?.models?.find(({ name }) => name === wish.name);
    return judgeModel(wish, views, {
      replicas: resource.spec.replicas,
      isNew,
      configRevision: snapshot.configRevision,
      prior,
      now,
      ...(snapshot.models.length <= fewModels ? room : littleRoom),
    });
  });
}

function troubleOfPods({ pods, revision, deployment }: Snapshot): Trouble | undefined {
  const trouble = pods.find((pod) => pod.revision === revision && pod.trouble)?.trouble;
  if (trouble) return trouble;
  const failure = deployment?.status?.conditions?.find(
    ({ type, status }) => type === 'ReplicaFailure' && status === 'True',
  );
  const current = pods.filter((pod) => pod.revision === revision);
  if (!failure || isOfAnother(failure.message, current)) return undefined;
  return { reason: 'PodCreationFailed', message: bounded(failure.message ?? 'pods cannot be created') };
}

/** The ReplicaSet of before keeps failing, and the Deployment says so, until it has been scaled down. */
function isOfAnother(message = '', current: readonly PodFacts[]): boolean {
  const [, failing] = /^pods "(.+)-[a-z0-9]*" is forbidden/.exec(message) ?? [];
  const own = current[0]?.name.replace(/-[a-z0-9]+$/, '');
  return failing !== undefined && own !== undefined && failing !== own;
}

function waitForPods({ resource, deployment, pods, revision, isWaitingForGarbage }: Snapshot): Trouble | undefined {
  const { replicas } = resource.spec;
  const { status } = deployment ?? {};
  const isObserved =
    deployment !== undefined && (status?.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0);
  const current = pods.filter((pod) => pod.revision === revision);
  const isThere =
    isObserved &&
    (status?.updatedReplicas ?? 0) === replicas &&
    (status?.replicas ?? 0) === replicas &&
    (status?.availableReplicas ?? 0) === replicas &&
    current.length === replicas &&
    pods.length === replicas &&
    current.every((pod) => pod.isReady);
  if (isThere) return undefined;
  if (isWaitingForGarbage) {
    const message = 'what a deleted ModelServer of this name has left is in the way; Kubernetes is about to remove it';
    return { reason: 'PodsStarting', message };
  }
  const waiting = current.find((pod) => pod.wait)?.wait;
  if (waiting) return waiting;
  const ready = current.filter((pod) => pod.isReady).length;
  const others = pods.length - current.length;
  if (others > 0) {
    return {
      reason: 'RollingOut',
      message: `${ready}/${replicas} pods of revision ${revision} are ready, ${others} others are there`,
    };
  }
  // Of one revision all, as after `kubectl rollout restart`.
  const { updatedReplicas: fresh = 0, replicas: all = 0 } = status ?? {};
  if (isObserved && fresh < all) {
    return { reason: 'RollingOut', message: `pods are restarted: ${fresh}/${replicas} are new, ${all} are there` };
  }
  if (current.length > replicas) {
    return { reason: 'RollingOut', message: `${current.length} pods are there, ${replicas} are wanted` };
  }
  const but = ready >= replicas ? ', the Deployment does not say so yet' : '';
  return { reason: 'PodsStarting', message: `${ready}/${replicas} pods are ready${but}` };
}

/** Whether pods are all there and only wait for a model, which says more than that they are not ready. */
function isWaitOfModels({ resource, pods, revision }: Snapshot, { reason }: Trouble): boolean {
  return (
    ['LoadingModels', 'VersionNotFound', 'ConfigPropagating'].includes(reason) &&
    pods.length === resource.spec.replicas &&
    pods.every((pod) => pod.revision === revision && pod.host !== undefined)
  );
}

function availability({ resource, pods }: Snapshot, required: readonly ModelVerdict[]): Verdict['available'] {
  const ready = pods.filter((pod: PodFacts) => pod.isReady).length;
  const { replicas } = resource.spec;
  if (ready === 0) {
    return replicas === 0
      ? { is: false, reason: 'ScaledToZero', message: 'spec.replicas is 0' }
      : { is: false, reason: 'MinimumReplicasUnavailable', message: 'no pod is ready' };
  }
  const before = resource.status?.conditions?.find(({ type }) => type === 'Available');
  // What has never served takes nothing away from those who call the others: pods stay ready, too, while models are added.
  const counts = ({ status }: ModelVerdict) => before?.status !== 'True' || hasServed(resource, status.name);
  const missing = required.find((model) => model.serves === false && counts(model));
  if (missing) {
    return { is: false, ...(missing.failure ?? missing.wait ?? onOthers(missing)) };
  }
  return { is: true, reason: 'ModelsServing', message: `${ready}/${replicas} pods serve` };
}

function hasServed({ status }: Snapshot['resource'], model: string): boolean {
  return status?.models?.find(({ name }) => name === model)?.servingVersion !== undefined;
}

/** It is as it should be on pods that are not ready. */
function onOthers({ status }: ModelVerdict): Trouble {
  return { reason: 'LoadingModels', message: bounded(`model ${status.name}: no pod that is ready serves it`) };
}

function servingMessage({ resource, pods, lacksPodMonitors }: Snapshot, models: readonly ModelVerdict[]): Trouble {
  const { replicas } = resource.spec;
  if (replicas === 0) return { reason: 'ScaledToZero', message: 'spec.replicas is 0, as wanted' };
  const arrived = models.filter(({ status }) => status.ready).length;
  const isAll = arrived === models.length;
  const which = `${isAll ? '' : `${arrived} of `}${count(models.length, 'model')}`;
  const serves = `${which} on ${pods.length}/${replicas} pods${isAll ? '' : '; the rest is not required'}`;
  const but = '; the cluster has no PodMonitors, which spec.observability.metrics.podMonitor asks for';
  return { reason: 'ModelsServing', message: `${serves}${lacksPodMonitors ? but : ''}` };
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

/** A new generation begins anew, and so does what goes on after something has stood in its way; the rest keeps its start. */
function startOf(snapshot: Snapshot, stop?: Trouble): number {
  const { resource, now } = snapshot;
  const { status, metadata } = resource;
  const isSame = status?.observedGeneration === metadata.generation;
  const before = stalledBy(snapshot);
  const wentOn = !stop && before !== undefined && before !== 'ProgressDeadlineExceeded';
  if (!isSame || !status?.rollout || wentOn) return now;
  return Math.min(now, Date.parse(status.rollout.startedAt));
}

/** Why this generation was stalled when it was last looked at. */
function stalledBy({ resource: { status, metadata } }: Snapshot): string | undefined {
  if (status?.observedGeneration !== metadata.generation) return undefined;
  return status?.conditions?.find(({ type }) => type === 'Stalled')?.reason;
}

/** RFC 3339 in whole seconds, as the API server writes times. */
export function timestamp(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}
