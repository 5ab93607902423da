import { bounded, type Condition, type ConditionType, conditionTypes, type Reason } from '../api/conditions.ts';
import { milliseconds } from '../api/duration.ts';
import type { ModelServerStatus } from '../api/model-server.ts';
import { podSelector } from '../desired/owned.ts';
import { timestamp, type Verdict } from './judge.ts';
import type { ModelStatus } from './judge-model.ts';
import type { Snapshot } from './snapshot.ts';

/** The status of the resource, whole. Times of what has not changed are those of the status before. */
export function statusOf(snapshot: Snapshot, verdict: Verdict): ModelServerStatus {
  const { resource, deployment, revision, configRevision } = snapshot;
  const { metadata, spec, status: prior } = resource;
  const { models, startedAt, kind } = verdict;
  const now = timestamp(snapshot.now);
  const generation = metadata.generation!;
  const arrived = models.filter((model) => model.status.ready).length;
  const success = kind === 'serving' ? { generation, revision, time: now } : prior?.lastSuccessful;
  const isSameSuccess =
    prior?.lastSuccessful?.generation === success?.generation && prior?.lastSuccessful?.revision === success?.revision;
  return {
    observedGeneration: generation,
    phase: phases[kind],
    replicas: deployment?.status?.replicas ?? 0,
    readyReplicas: deployment?.status?.readyReplicas ?? 0,
    availableReplicas: deployment?.status?.availableReplicas ?? 0,
    updatedReplicas: deployment?.status?.updatedReplicas ?? 0,
    selector: Object.entries(podSelector(resource))
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
    revision,
    configRevision,
    endpoints: endpoints(snapshot),
    summary: { models: `${arrived}/${models.length}` },
    models: listed(models.map((model) => model.status)),
    ...(startedAt === undefined
      ? {}
      : {
          rollout: {
            startedAt: timestamp(startedAt),
            deadline: timestamp(startedAt + milliseconds(spec.rollout.progressDeadline)),
          },
        }),
    ...(success ? { lastSuccessful: isSameSuccess ? prior!.lastSuccessful! : success } : {}),
    ...(kind === 'stalled' ? { failedGeneration: generation } : {}),
    conditions: conditions(snapshot, verdict, now),
  };
}

/** What the schema has room for. */
const mostModels = 64;
const longestName = 512;

/** Bytes that models may take: all of the status has to stay below 100 KiB. */
const roomForModels = 88 * 1024;

/** As many as there is room for, in their order; those that are not as wanted before the others. */
function listed(models: readonly ModelStatus[]): ModelStatus[] {
  const kept = new Set<ModelStatus>();
  let left = roomForModels;
  for (const model of models.toSorted((a, b) => Number(a.ready) - Number(b.ready))) {
    if (kept.size === mostModels || model.name.length > longestName) continue;
    left -= Buffer.byteLength(JSON.stringify(model)) + 1;
    if (left < 0) break;
    kept.add(model);
  }
  return models.filter((model) => kept.has(model));
}

const phases: Readonly<Record<Verdict['kind'], string>> = {
  serving: 'Serving',
  moving: 'Progressing',
  stalled: 'Stalled',
  held: 'Held',
};

function endpoints({ resource, clusterDomain }: Snapshot): { grpc: string; rest: string; headless?: string } {
  const { metadata, spec } = resource;
  const host = (name: string) => `${name}.${metadata.namespace}.svc.${clusterDomain}`;
  return {
    grpc: `${host(metadata.name)}:${spec.service.grpcPort}`,
    rest: `${host(metadata.name)}:${spec.service.restPort}`,
    ...(spec.service.headless ? { headless: `${host(`${metadata.name}-headless`)}:${spec.server.grpcPort}` } : {}),
  };
}

type Wanted = readonly [status: boolean, reason: Reason, message: string];

function conditions({ resource }: Snapshot, verdict: Verdict, now: string): Condition[] {
  const { kind, reason, message, available, degraded } = verdict;
  const same = [reason, message] as const;
  const wanted: Partial<Record<ConditionType, Wanted>> = {
    Ready: [kind === 'serving', ...same],
    Available: [available.is, available.reason, available.message],
    Progressing: [kind === 'moving', ...same],
    Degraded: degraded
      ? [true, degraded.reason, degraded.message]
      : [false, 'ModelsServing', 'nothing is known to be wrong'],
    ...(kind === 'moving' ? { Reconciling: [true, ...same] } : {}),
    ...(kind === 'stalled' ? { Stalled: [true, ...same] } : {}),
  };
  return conditionTypes.flatMap((type) => {
    const [is, why, words] = wanted[type] ?? [];
    if (is === undefined) return [];
    const status = is ? 'True' : 'False';
    const before = resource.status?.conditions?.find((condition) => condition.type === type);
    return {
      type,
      status,
      reason: why!,
      message: bounded(words!),
      observedGeneration: resource.metadata.generation!,
      lastTransitionTime: before?.status === status ? before.lastTransitionTime : now,
    };
  });
}
