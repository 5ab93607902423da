import type { Builder } from './builder.ts';
import { owned } from './owned.ts';
import { present } from './present.ts';

/** It scales the ModelServer, through its scale subresource; the Deployment follows. */
export const horizontalPodAutoscaler: Builder = (owner) => {
  const { autoscaling } = owner.spec;
  if (!autoscaling) return undefined;
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: owned(owner, owner.metadata.name),
    spec: present({
      scaleTargetRef: { apiVersion: owner.apiVersion, kind: owner.kind, name: owner.metadata.name },
      minReplicas: autoscaling.minReplicas,
      maxReplicas: autoscaling.maxReplicas,
      metrics: autoscaling.metrics,
      behavior: autoscaling.behavior,
    }),
  };
};
