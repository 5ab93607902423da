/**
 * `Reconciling` and `Stalled` are there only while they are True, and never both: kstatus takes the one for "wait", the
 * other for "failed".
 */
export const conditionTypes = ['Ready', 'Available', 'Progressing', 'Degraded', 'Reconciling', 'Stalled'] as const;
export type ConditionType = (typeof conditionTypes)[number];

/** Why a condition is as it is. docs/operator/troubleshooting.md has a section for each. */
export const reasons = [
  'ModelsServing',
  'ScaledToZero',
  'RollingOut',
  'PodsStarting',
  'LoadingModels',
  'ConfigPropagating',
  'VersionNotFound',
  'PodsUnreachable',
  'MinimumReplicasUnavailable',
  'Paused',
  'ReconcileDisabled',
  'ModelLoadFailed',
  'ProgressDeadlineExceeded',
  'ImagePullFailed',
  'CrashLoopBackOff',
  'OutOfMemory',
  'PodConfigError',
  'PodCreationFailed',
  'Unschedulable',
  'VolumeClaimNotFound',
  'ConfigNotFound',
  'ConfigInvalid',
  'NameConflict',
  'HostPathNotAllowed',
  'ImageVolumesUnsupported',
  'Rejected',
] as const;
export type Reason = (typeof reasons)[number];

/** As in Kubernetes' metav1. */
export interface Condition {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: Reason;
  readonly message: string;
  readonly observedGeneration: number;
  /** RFC 3339; when the status, not the reason, last changed. */
  readonly lastTransitionTime: string;
}

/** What a reader of the status gets of a message. */
export const longestMessage = 512;

/** A message that takes at most `most` bytes in JSON, and so no more characters; cut where it is longer, between characters. */
export function bounded(message: string, most = longestMessage): string {
  // What is no Unicode would come back from the API server as something else, and be written again and again.
  const text = message.slice(0, most + 1).toWellFormed();
  if (sizeOf(text) <= most) return text;
  let left = most - sizeOf(ellipsis);
  let end = 0;
  for (const character of text) {
    left -= sizeOf(character);
    if (left < 0) break;
    end += character.length;
  }
  return `${text.slice(0, end)}${ellipsis}`;
}

const ellipsis = '…';

/** Bytes in JSON, without the quotes. */
function sizeOf(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - 2;
}
