import { contentHash } from '../../shared/content-hash.ts';
import type { ModelServer } from '../api/model-server.ts';
import { annotation } from '../api/names.ts';
import * as kinds from '../cluster/kinds.ts';
import type { Kind } from '../cluster/kube-object.ts';
import type { Applied, Builder, Rendering, Surroundings } from './builder.ts';
import { configMap } from './config-map.ts';
import { deployment } from './deployment.ts';
import { horizontalPodAutoscaler } from './horizontal-pod-autoscaler.ts';
import { networkPolicy } from './network-policy.ts';
import { podDisruptionBudget } from './pod-disruption-budget.ts';
import { podMonitor } from './pod-monitor.ts';
import { service } from './service.ts';
import { serviceAccount } from './service-account.ts';

/** One object that a ModelServer may have. */
export interface Child {
  readonly kind: Kind;
  readonly name: string;
  /** What it should be; undefined if it should not be. */
  readonly object: Applied | undefined;
}

/** In the order in which they are applied: what pods need comes before pods. */
const builders: readonly [kind: Kind, suffix: string, builder: Builder][] = [
  [kinds.serviceAccounts, '', serviceAccount],
  [kinds.configMaps, '-config', configMap],
  [kinds.services, '', (owner) => service(owner, false)],
  [kinds.services, '-headless', (owner) => (owner.spec.service.headless ? service(owner, true) : undefined)],
  [kinds.networkPolicies, '', networkPolicy],
  [kinds.podDisruptionBudgets, '', podDisruptionBudget],
  [kinds.deployments, '', deployment],
  [kinds.horizontalPodAutoscalers, '', horizontalPodAutoscaler],
  [kinds.podMonitors, '', podMonitor],
];

/** All children, those that should not be as well. Each carries the hash of what is applied, which tells when to apply it anew. */
export function children(owner: ModelServer, rendering: Rendering, surroundings: Surroundings): Child[] {
  return builders.map(([kind, suffix, build]) => {
    const object = build(owner, rendering, surroundings);
    return { kind, name: `${owner.metadata.name}${suffix}`, object: object && stamped(object) };
  });
}

/** The kinds of all children. */
export const childKinds: readonly Kind[] = [...new Set(builders.map(([kind]) => kind))];

function stamped(object: Applied): Applied {
  const annotations = { ...object.metadata.annotations, [annotation.applied]: contentHash(object) };
  return { ...object, metadata: { ...object.metadata, annotations } };
}
