import { wholeSeconds } from '../api/duration.ts';
import type { Builder } from './builder.ts';
import { templateAnnotations } from './kept-template.ts';
import { owned, podSelector } from './owned.ts';

/** The pods. With `maxUnavailable: 0`, which is the default, an old pod goes only when a new one is ready in its place. */
export const deployment: Builder = (owner, { pods }) => {
  const { replicas, rollout } = owner.spec;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: owned(owner, owner.metadata.name, templateAnnotations(pods)),
    spec: {
      replicas,
      paused: rollout.paused,
      revisionHistoryLimit: rollout.revisionHistoryLimit,
      progressDeadlineSeconds: wholeSeconds(rollout.progressDeadline),
      selector: { matchLabels: podSelector(owner) },
      strategy: {
        type: 'RollingUpdate',
        rollingUpdate: { maxSurge: rollout.maxSurge, maxUnavailable: rollout.maxUnavailable },
      },
      template: pods.template,
    },
  };
};
