import { wholeSeconds } from '../api/duration.ts';
import type { ModelServer } from '../api/model-server.ts';
import type { Builder } from './builder.ts';
import { childLabels, owned, podSelector } from './owned.ts';

/** Whether there is to be one, if the cluster knows them. */
export function wantsPodMonitor({ spec }: ModelServer): boolean {
  const { enabled, podMonitor } = spec.observability.metrics;
  return enabled && podMonitor.enabled;
}

/** For the Prometheus operator, where the cluster has it. */
export const podMonitor: Builder = (owner, _, { podMonitors }) => {
  if (!podMonitors || !wantsPodMonitor(owner)) return undefined;
  const { podMonitor: wanted } = owner.spec.observability.metrics;
  const metadata = owned(owner, owner.metadata.name);
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PodMonitor',
    // Prometheus selects monitors by labels of the user's choice.
    metadata: { ...metadata, labels: { ...wanted.labels, ...childLabels(owner) } },
    spec: {
      selector: { matchLabels: podSelector(owner) },
      podMetricsEndpoints: [
        {
          port: 'http',
          path: '/metrics',
          interval: `${wholeSeconds(wanted.interval)}s`,
          // Pods are scraped by their addresses, which no certificate names.
          ...(owner.spec.server.tls ? { scheme: 'https', tlsConfig: { insecureSkipVerify: true } } : {}),
        },
      ],
    },
  };
};
