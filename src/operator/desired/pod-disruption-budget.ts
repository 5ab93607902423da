import type { Builder } from './builder.ts';
import { owned, podSelector } from './owned.ts';

/** How many pods a drain may take at a time. None for a single pod: there is nothing to hold apart. */
export const podDisruptionBudget: Builder = (owner) => {
  const { disruptionBudget, replicas, autoscaling } = owner.spec;
  if (!disruptionBudget.enabled || Math.max(replicas, autoscaling?.maxReplicas ?? 0) < 2) return undefined;
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: owned(owner, owner.metadata.name),
    spec: {
      maxUnavailable: disruptionBudget.maxUnavailable,
      selector: { matchLabels: podSelector(owner) },
      // A pod that does not serve protects nobody.
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    },
  };
};
