import { bounded, type Reason } from '../api/conditions.ts';
import { label } from '../api/names.ts';
import type { KubeObject } from '../cluster/kube-object.ts';
import { containerName } from '../desired/pod-template.ts';

/** What of a pod matters here. */
export interface Pod extends KubeObject {
  readonly status?: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly conditions?: readonly { type: string; status: string; reason?: string; message?: string }[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}

interface ContainerStatus {
  readonly name: string;
  readonly ready?: boolean;
  readonly restartCount?: number;
  readonly state?: ContainerState;
  readonly lastState?: ContainerState;
}

interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly running?: { readonly startedAt?: string };
  readonly terminated?: {
    readonly exitCode?: number;
    readonly reason?: string;
    readonly message?: string;
    readonly startedAt?: string;
    readonly finishedAt?: string;
  };
}

/** A reason for which something is not as it should be, and in words what that is. */
export interface Trouble {
  readonly reason: Reason;
  readonly message: string;
}

export interface PodFacts {
  readonly name: string;
  readonly uid: string;
  /** Where its server can be asked; undefined before it runs. */
  readonly host: string | undefined;
  /** As its probe has it: whether it gets traffic. */
  readonly isReady: boolean;
  readonly revision: string | undefined;
  /** What will not pass by waiting. */
  readonly trouble: Trouble | undefined;
  /** What may pass: why it does not run yet. */
  readonly wait: Trouble | undefined;
  /** What its kubelet was told of the config, as the annotation has it. */
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * @param now milliseconds since 1970
 * @returns undefined for a pod that has ended or is about to: it counts for nothing any more
 */
export function podFacts(pod: Pod, now: number): PodFacts | undefined {
  const { metadata, status } = pod;
  if (metadata.deletionTimestamp || status?.phase === 'Failed' || status?.phase === 'Succeeded') return undefined;
  const isRunning = status?.phase === 'Running';
  return {
    name: metadata.name,
    uid: metadata.uid!,
    host: isRunning ? status?.podIP : undefined,
    isReady: isTrue(pod, 'Ready'),
    revision: metadata.labels?.[label.revision],
    trouble: troubleOf(pod, now),
    wait: waitOf(pod),
    annotations: metadata.annotations ?? {},
  };
}

const imageReasons = ['ImagePullBackOff', 'ErrImageNeverPull', 'InvalidImageName', 'RegistryUnavailable'];
const configReasons = ['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError'];

/** As long as a server has to have run for its kubelet to start the next one without waiting. */
const longRunMs = 600_000;

function troubleOf(pod: Pod, now: number): Trouble | undefined {
  for (const container of containersOf(pod)) {
    const trouble = containerTrouble(container, now);
    if (trouble) return { ...trouble, message: bounded(`pod ${pod.metadata.name}: ${trouble.message}`) };
  }
  return undefined;
}

function containerTrouble(container: ContainerStatus, now: number): Trouble | undefined {
  const { waiting, terminated } = container.state ?? {};
  const reason = waiting?.reason ?? '';
  if (imageReasons.includes(reason)) return { reason: 'ImagePullFailed', message: waiting?.message ?? reason };
  if (configReasons.includes(reason)) return { reason: 'PodConfigError', message: waiting?.message ?? reason };
  const last = terminated ?? container.lastState?.terminated;
  if (!last || container.ready) return undefined;
  // Once may be an accident; between two attempts a container that keeps failing looks like one that has just been started.
  const isRepeated = (container.restartCount ?? 0) >= 2 && !isLong(last) && !isLong(container.state?.running, now);
  const isFailing = reason === 'CrashLoopBackOff' || isRepeated;
  if (!isFailing) return undefined;
  const which = container.name === containerName ? 'the server' : `the container ${container.name}`;
  const restarts = container.restartCount ?? 0;
  const times = `${restarts} restart${restarts === 1 ? '' : 's'}`;
  if (last.reason === 'OOMKilled') {
    return { reason: 'OutOfMemory', message: `${which} needs more memory than its limit allows (${times})` };
  }
  const why = lastWords(last.message);
  return {
    reason: 'CrashLoopBackOff',
    message: `${which} ends with exit code ${last.exitCode ?? '?'} (${times})${why === '' ? '' : `: ${why}`}`,
  };
}

interface Run {
  readonly startedAt?: string;
  readonly finishedAt?: string;
}

function isLong({ startedAt = '', finishedAt = '' }: Run = {}, now?: number): boolean {
  return (now ?? Date.parse(finishedAt)) - Date.parse(startedAt) >= longRunMs;
}

/** The end of a log, of which the last lines say why it ended; those for people, if there are such. */
function lastWords(log = ''): string {
  const lines = log.trim().split('\n');
  const plain = lines.filter((line) => !line.startsWith('{'));
  return (plain.length > 0 ? plain : lines).slice(-3).join('\n').trim();
}

function waitOf(pod: Pod): Trouble | undefined {
  const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status === 'False' && scheduled.reason === 'Unschedulable') {
    const message = bounded(`pod ${pod.metadata.name}: ${scheduled.message ?? 'no node takes it'}`);
    return { reason: 'Unschedulable', message };
  }
  // Kubelets say this for a moment after each try; between tries they say that they wait.
  const failed = containersOf(pod).find(({ state }) => state?.waiting?.reason === 'ErrImagePull')?.state?.waiting;
  if (!failed) return undefined;
  const message = bounded(`pod ${pod.metadata.name}: ${failed.message ?? 'its image cannot be pulled'}`);
  return { reason: 'ImagePullFailed', message };
}

function containersOf({ status }: Pod): ContainerStatus[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
}

function isTrue(pod: Pod, condition: string): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === condition && status === 'True') ?? false;
}
