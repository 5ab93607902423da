import type { ModelServer, ModelServerStatus } from '../../src/operator/api/model-server.ts';
import { judge } from '../../src/operator/reconcile/judge.ts';
import { listedModels } from '../../src/operator/reconcile/models-of.ts';
import type { Snapshot } from '../../src/operator/reconcile/snapshot.ts';
import { statusOf } from '../../src/operator/reconcile/status.ts';
import { type KubernetesStatus, readKubernetesStatus } from '../support/kstatus.ts';
import { modelServer } from '../support/model-server.ts';
import type { Moment } from './scene.ts';

/** A status, in as few words as there can be. */
export interface Judged {
  /** Ready, Available, Progressing, Degraded: by their first letters, small where they are False; then Reconciling or Stalled. */
  readonly conditions: string;
  readonly kstatus: KubernetesStatus;
  /** Of Ready. */
  readonly reason: string;
  /** Of Ready. What servers say of a load that fails is an ellipsis. */
  readonly message: string;
  /** `Degraded, serves 2, wants 3: 3 LOADING 0/1 UNKNOWN, 2 AVAILABLE 1/1`. */
  readonly models: Readonly<Record<string, string>>;
  /** Of models, where they say other than that of Ready. */
  readonly messages: Readonly<Record<string, string>>;
}

/** A ModelServer whose pods say what was recorded, one time after another, as its operator sees it. */
export class JudgedRecording {
  #resource: ModelServer = modelServer();
  #now = Date.parse('2026-01-01T12:00:00Z');

  get status(): ModelServerStatus {
    return this.#resource.status!;
  }

  /** @param pods what each says; the last of them tells what is wanted */
  judge(pods: readonly Moment[], secondsLater: number): Judged {
    this.#now += secondsLater * 1000;
    this.#want(pods);
    const snapshot = snapshotOf(this.#resource, pods, this.#now);
    const status = statusOf(snapshot, judge(snapshot));
    this.#resource = { ...this.#resource, status };
    const causes = pods.flatMap(({ answers }) =>
      Object.values(answers).flatMap((answer) =>
        answer.kind === 'versions' ? answer.versions.map(({ errorMessage }) => errorMessage) : [],
      ),
    );
    const short = (text: string) =>
      causes.filter((cause) => cause !== '').reduce((rest, cause) => rest.replaceAll(cause, '…'), text);
    const ready = condition(status, 'Ready')!;
    return {
      conditions: briefConditions(status),
      kstatus: readKubernetesStatus(this.#resource),
      reason: ready.reason,
      message: short(ready.message),
      models: Object.fromEntries(status.models!.map((model) => [model.name, briefModel(model)])),
      messages: Object.fromEntries(
        status.models!.flatMap(({ name, message }) =>
          message === undefined || message === ready.message ? [] : [[name, short(message)]],
        ),
      ),
    };
  }

  #want(pods: readonly Moment[]): void {
    const before = this.#resource;
    const { models } = pods.at(-1)!;
    const { spec } = modelServer({ models, replicas: pods.length });
    const isSame = JSON.stringify(spec) === JSON.stringify(before.spec);
    const generation = before.metadata.generation! + (isSame ? 0 : 1);
    this.#resource = { ...before, spec, metadata: { ...before.metadata, generation } };
  }
}

function snapshotOf(resource: ModelServer, pods: readonly Moment[], now: number): Snapshot {
  const ready = pods.filter((pod) => pod.ready).length;
  const replicas = pods.length;
  const counts = { replicas, updatedReplicas: replicas, readyReplicas: ready, availableReplicas: ready };
  return {
    resource,
    revision: 'r1',
    configRevision: pods.at(-1)!.config,
    models: listedModels(resource.spec),
    deployment: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'x', generation: 1 },
      status: { observedGeneration: 1, ...counts },
    },
    pods: pods.map((pod, i) => ({
      name: `pod-${i}`,
      uid: `pod-${i}`,
      host: '10.0.0.1',
      isReady: pod.ready,
      revision: 'r1',
      trouble: undefined,
      wait: undefined,
      annotations: {},
    })),
    answers: new Map(pods.map(({ answers }, i) => [`pod-${i}`, new Map(Object.entries(answers))])),
    obstacle: undefined,
    hold: undefined,
    isBehind: false,
    isWaitingForGarbage: false,
    lacksPodMonitors: false,
    clusterDomain: 'cluster.local',
    now,
  };
}

function condition({ conditions }: ModelServerStatus, type: string) {
  return conditions?.find((condition) => condition.type === type);
}

function briefConditions(status: ModelServerStatus): string {
  const four = ['Ready', 'Available', 'Progressing', 'Degraded'].map((type) =>
    condition(status, type)?.status === 'True' ? type[0]! : type[0]!.toLowerCase(),
  );
  const others = ['Reconciling', 'Stalled'].filter((type) => condition(status, type));
  return [four.join(''), ...others].join(' ');
}

function briefModel(model: NonNullable<ModelServerStatus['models']>[number]): string {
  const { state, servingVersion, desiredVersions = [], versions = [] } = model;
  const head = [
    state,
    ...(servingVersion === undefined ? [] : [`serves ${servingVersion}`]),
    ...(desiredVersions.length === 0 ? [] : [`wants ${desiredVersions.join(' and ')}`]),
  ];
  const list = versions.map(({ version, state, pods, errorCode }) =>
    [version, state, pods, ...(errorCode === undefined ? [] : [errorCode])].join(' '),
  );
  return `${head.join(', ')}: ${list.join(', ') || 'no versions'}`;
}
