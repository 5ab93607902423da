import type { ModelServer } from '../api/model-server.ts';
import type { Applied } from './builder.ts';
import { owned, podSelector } from './owned.ts';
import { present } from './present.ts';

/**
 * The address of the pods that are ready.
 * @param headless with an address for each pod instead of one for all: for clients that balance over connections themselves
 */
export function service(owner: ModelServer, headless: boolean): Applied {
  const { service: wanted } = owner.spec;
  const { name } = owner.metadata;
  const isSecure = owner.spec.server.tls !== undefined;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: owned(owner, headless ? `${name}-headless` : name, wanted.annotations),
    spec: present({
      type: headless ? 'ClusterIP' : wanted.type,
      clusterIP: headless ? 'None' : undefined,
      trafficDistribution: headless ? undefined : wanted.trafficDistribution,
      selector: podSelector(owner),
      ports: [
        {
          name: 'grpc',
          // Behind a headless Service, clients reach the pods' own ports.
          port: headless ? owner.spec.server.grpcPort : wanted.grpcPort,
          targetPort: 'grpc',
          protocol: 'TCP',
          appProtocol: isSecure ? 'https' : 'kubernetes.io/h2c',
        },
        {
          name: 'rest',
          port: headless ? owner.spec.server.httpPort : wanted.restPort,
          targetPort: 'http',
          protocol: 'TCP',
          appProtocol: isSecure ? 'https' : 'http',
        },
      ],
    }),
  };
}
