import type { Builder } from './builder.ts';
import { owned, podSelector } from './owned.ts';
import { askedPort } from './ports.ts';

/** What the chart gives the operator's pods, whatever names it is given itself. */
const operatorPods = { 'app.kubernetes.io/part-of': 'modelserver', 'app.kubernetes.io/component': 'operator' };

/** Who may reach the pods: the named peers, or else the namespace's own pods; and the operator, which asks for the models' status. */
export const networkPolicy: Builder = (owner, _, { operatorNamespace }) => {
  const { networkPolicy: wanted, server } = owner.spec;
  if (!wanted.enabled) return undefined;
  const grpc = { protocol: 'TCP', port: server.grpcPort };
  const http = { protocol: 'TCP', port: server.httpPort };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: owned(owner, owner.metadata.name),
    spec: {
      podSelector: { matchLabels: podSelector(owner) },
      policyTypes: ['Ingress'],
      ingress: [
        { from: wanted.from?.length ? wanted.from : [{ podSelector: {} }], ports: [grpc, http] },
        {
          from: [
            {
              namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': operatorNamespace } },
              podSelector: { matchLabels: operatorPods },
            },
          ],
          ports: [{ protocol: 'TCP', port: askedPort(server) }],
        },
      ],
    },
  };
};
