/** As kstatus has them, which Flux, Helm 4 and others wait by. */
export type KubernetesStatus = 'Current' | 'InProgress' | 'Failed' | 'Terminating';

/** What the rules look at, of any kind that has no rules of its own. */
interface Judged {
  readonly metadata: { readonly generation?: number; readonly deletionTimestamp?: string };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/**
 * Our reading of kstatus's rules for custom resources. An object without a status counts as `Current`, so a kind that wants to
 * be waited for must have one from the start.
 */
export function readKubernetesStatus({ metadata, status }: Judged): KubernetesStatus {
  if (metadata.deletionTimestamp !== undefined) return 'Terminating';
  const observed = status?.observedGeneration;
  if (observed !== undefined && metadata.generation !== undefined && observed !== metadata.generation)
    return 'InProgress';
  const conditions = status?.conditions ?? [];
  const exceptional = conditions.find(
    ({ type, status }) => (type === 'Reconciling' || type === 'Stalled') && status === 'True',
  );
  if (exceptional) return exceptional.type === 'Stalled' ? 'Failed' : 'InProgress';
  const ready = conditions.find(({ type }) => type === 'Ready');
  return ready === undefined || ready.status === 'True' ? 'Current' : 'InProgress';
}
