import type { KubernetesStatus } from './kstatus.ts';

export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
  readonly observedGeneration: number;
}

/** What those who judge a ModelServer from outside read of it. */
export interface JudgedModelServer {
  readonly apiVersion: 'modelserver.dev/v1alpha1';
  readonly kind: 'ModelServer';
  readonly metadata: {
    readonly name: string;
    readonly generation: number;
    readonly deletionTimestamp?: string;
  };
  readonly status?: { readonly observedGeneration?: number; readonly conditions?: readonly Condition[] };
}

export interface Situation {
  readonly name: string;
  readonly object: JudgedModelServer;
  /** What Flux, Helm 4 and others that go by kstatus make of it. */
  readonly kstatus: KubernetesStatus;
  /** What Argo CD makes of it. */
  readonly argocd: { readonly status: 'Healthy' | 'Progressing' | 'Degraded' | 'Suspended'; readonly message: string };
}

type Judgement = readonly [type: string, status: Condition['status'], reason: string];

const generation = 2;

function modelServer(conditions: readonly Judgement[], observedGeneration = generation): JudgedModelServer {
  return {
    ...fresh,
    status: {
      observedGeneration,
      conditions: conditions.map(([type, status, reason]) => ({
        type,
        status,
        reason,
        message: `Why ${reason}`,
        lastTransitionTime: '2026-01-01T00:00:00Z',
        observedGeneration,
      })),
    },
  };
}

const fresh: JudgedModelServer = {
  apiVersion: 'modelserver.dev/v1alpha1',
  kind: 'ModelServer',
  metadata: { name: 'digits', generation },
};

const steady: readonly Judgement[] = [
  ['Ready', 'True', 'ModelsServing'],
  ['Available', 'True', 'ModelsServing'],
  ['Progressing', 'False', 'ModelsServing'],
  ['Degraded', 'False', 'ModelsServing'],
];

const underWay = (available: Condition['status'], reason: string): readonly Judgement[] => [
  ['Ready', 'False', reason],
  ['Available', available, available === 'True' ? 'ModelsServing' : 'MinimumReplicasUnavailable'],
  ['Progressing', 'True', reason],
  ['Degraded', 'False', reason],
  ['Reconciling', 'True', reason],
];

const stalled = (available: Condition['status'], reason: string): readonly Judgement[] => [
  ['Ready', 'False', reason],
  ['Available', available, available === 'True' ? 'ModelsServing' : 'MinimumReplicasUnavailable'],
  ['Progressing', 'False', reason],
  ['Degraded', 'True', reason],
  ['Stalled', 'True', reason],
];

const heldBack = (reason: string): readonly Judgement[] => [
  ['Ready', 'False', reason],
  ['Available', 'True', 'ModelsServing'],
  ['Progressing', 'False', reason],
  ['Degraded', 'False', reason],
];

/** Each row of the truth table of conditions, and what comes before and after them. */
export const situations: readonly Situation[] = [
  {
    name: 'steady',
    object: modelServer(steady),
    kstatus: 'Current',
    argocd: { status: 'Healthy', message: 'ModelsServing: Why ModelsServing' },
  },
  {
    name: 'first start',
    object: modelServer(underWay('False', 'PodsStarting')),
    kstatus: 'InProgress',
    argocd: { status: 'Progressing', message: 'PodsStarting: Why PodsStarting' },
  },
  {
    name: 'rolling',
    object: modelServer(underWay('True', 'RollingOut')),
    kstatus: 'InProgress',
    argocd: { status: 'Progressing', message: 'RollingOut: Why RollingOut' },
  },
  {
    name: 'loading a version',
    object: modelServer(underWay('True', 'LoadingModels')),
    kstatus: 'InProgress',
    argocd: { status: 'Progressing', message: 'LoadingModels: Why LoadingModels' },
  },
  {
    name: 'a version does not load, the last good one serves',
    object: modelServer(stalled('True', 'ModelLoadFailed')),
    kstatus: 'Failed',
    argocd: { status: 'Degraded', message: 'ModelLoadFailed: Why ModelLoadFailed' },
  },
  {
    name: 'not there in time, nothing serves',
    object: modelServer(stalled('False', 'ProgressDeadlineExceeded')),
    kstatus: 'Failed',
    argocd: { status: 'Degraded', message: 'ProgressDeadlineExceeded: Why ProgressDeadlineExceeded' },
  },
  {
    name: 'paused',
    object: modelServer(heldBack('Paused')),
    kstatus: 'InProgress',
    argocd: { status: 'Suspended', message: 'Paused: Why Paused' },
  },
  {
    name: 'reconciling disabled',
    object: modelServer(heldBack('ReconcileDisabled')),
    kstatus: 'InProgress',
    argocd: { status: 'Suspended', message: 'ReconcileDisabled: Why ReconcileDisabled' },
  },
  {
    name: 'paused, and what runs is broken',
    object: modelServer([...heldBack('Paused'), ['Stalled', 'True', 'CrashLoopBackOff']]),
    kstatus: 'Failed',
    argocd: { status: 'Degraded', message: 'CrashLoopBackOff: Why CrashLoopBackOff' },
  },
  {
    name: 'scaled to 0',
    object: modelServer([
      ['Ready', 'True', 'ScaledToZero'],
      ['Available', 'False', 'ScaledToZero'],
      ['Progressing', 'False', 'ScaledToZero'],
      ['Degraded', 'False', 'ScaledToZero'],
    ]),
    kstatus: 'Current',
    argocd: { status: 'Healthy', message: 'ScaledToZero: Why ScaledToZero' },
  },
  {
    name: 'steady, but for a model that is not required',
    object: modelServer([...steady.slice(0, 3), ['Degraded', 'True', 'ModelLoadFailed']]),
    kstatus: 'Current',
    argocd: { status: 'Healthy', message: 'ModelLoadFailed: Why ModelLoadFailed' },
  },
  {
    name: 'not ready, and no condition says why',
    object: modelServer([['Ready', 'Unknown', 'PodsUnreachable']]),
    kstatus: 'InProgress',
    argocd: { status: 'Progressing', message: 'PodsUnreachable: Why PodsUnreachable' },
  },
  {
    name: 'just created: the schema fills in the generation that nobody has seen',
    object: { ...fresh, status: { observedGeneration: -1 } },
    kstatus: 'InProgress',
    argocd: { status: 'Progressing', message: 'The operator has not seen this generation yet' },
  },
  {
    name: 'edited, and steady before',
    object: modelServer(steady, generation - 1),
    kstatus: 'InProgress',
    argocd: { status: 'Progressing', message: 'The operator has not seen this generation yet' },
  },
  {
    name: 'edited, and stalled before',
    object: modelServer(stalled('True', 'ModelLoadFailed'), generation - 1),
    kstatus: 'InProgress',
    argocd: { status: 'Progressing', message: 'The operator has not seen this generation yet' },
  },
  {
    name: 'being deleted',
    object: { ...modelServer(steady), metadata: { ...fresh.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } },
    kstatus: 'Terminating',
    argocd: { status: 'Progressing', message: 'It is being deleted' },
  },
];
