import { wholeSeconds } from '../api/duration.ts';
import type { Builder } from './builder.ts';
import { childLabels, owned, podSelector } from './owned.ts';

/** For the Prometheus operator, where the cluster has it. */
export const podMonitor: Builder = (owner, _, { podMonitors }) => {
  const { enabled, podMonitor: wanted } = owner.spec.observability.metrics;
  if (!enabled || !wanted.enabled || !podMonitors) return undefined;
  const metadata = owned(owner, owner.metadata.name);
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PodMonitor',
    // Prometheus selects monitors by labels of the user's choice.
    metadata: { ...metadata, labels: { ...wanted.labels, ...childLabels(owner) } },
    spec: {
      selector: { matchLabels: podSelector(owner) },
      podMetricsEndpoints: [{ port: 'http', path: '/metrics', interval: `${wholeSeconds(wanted.interval)}s` }],
    },
  };
};
