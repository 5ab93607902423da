import type { ModelServer } from '../api/model-server.ts';
import { annotation } from '../api/names.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { configMaps, deployments } from '../cluster/kinds.ts';
import type { Kind } from '../cluster/kube-object.ts';
import { containerName } from '../desired/pod-template.ts';
import { clientCaVolume, tlsVolume } from '../desired/pod-volumes.ts';
import type { Deployment } from './snapshot.ts';

/** Why children are left as they are: all of them, or while rollouts are paused what makes pods roll or serve something else. */
export type Hold = 'Paused' | 'ReconcileDisabled';

export function holdOf({ metadata, spec }: ModelServer): Hold | undefined {
  if (metadata.annotations?.[annotation.reconcile] === 'disabled') return 'ReconcileDisabled';
  return spec.rollout.paused ? 'Paused' : undefined;
}

/** Whether children of this kind are not to be touched. */
export function holds(hold: Hold | undefined, kind: Kind): boolean {
  if (hold !== 'Paused') return hold !== undefined;
  return kind === deployments || kind === configMaps;
}

/**
 * The resource as what goes on must be made from while rollouts are paused. Some of it goes by what the pods are like, and they
 * stay as they are: which ports they have, whether with TLS, and whose identity. All else is as the resource says now.
 * @param live where there are no pods yet, they will be as the resource says
 */
export function pausedOwner(owner: ModelServer, live: Deployment | undefined): ModelServer {
  const pods = live?.spec?.template?.spec;
  if (!pods) return owner;
  const { spec, metadata } = owner;
  const ports = pods.containers?.find(({ name }) => name === containerName)?.ports;
  const port = (name: string) => ports?.find((port) => port.name === name)?.containerPort;
  const { serviceAccountName: _, ...template } = spec.template;
  const [grpcPort, httpPort, healthPort] = [port('grpc'), port('http'), port('health')];
  const { healthPort: _port, tls: _tls, ...server } = spec.server;
  const tls = tlsOf(pods.volumes ?? []);
  return {
    ...owner,
    spec: {
      ...spec,
      server: {
        ...server,
        ...(grpcPort === undefined ? {} : { grpcPort }),
        ...(httpPort === undefined ? {} : { httpPort }),
        ...(healthPort === undefined ? {} : { healthPort }),
        ...(tls && { tls }),
      },
      template:
        pods.serviceAccountName === undefined || pods.serviceAccountName === metadata.name
          ? template
          : { ...template, serviceAccountName: pods.serviceAccountName },
    },
  };
}

type Volumes = NonNullable<NonNullable<NonNullable<NonNullable<Deployment['spec']>['template']>['spec']>['volumes']>;

/** The Secrets that pods have their certificates from; undefined if they serve in plain text. */
function tlsOf(volumes: Volumes): ModelServer['spec']['server']['tls'] {
  const secret = (name: string) => volumes.find((volume) => volume.name === name)?.secret?.secretName;
  const [secretName, clientCASecretName] = [secret(tlsVolume), secret(clientCaVolume)];
  if (secretName === undefined) return undefined;
  return { secretName, ...(clientCASecretName === undefined ? {} : { clientCASecretName }) };
}

/** A rollout under way is stopped where it is; only the number of pods goes on following. */
export async function pauseDeployment(
  { metadata: { namespace, name }, spec: { replicas } }: ModelServer,
  live: Deployment | undefined,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<void> {
  if (!live || (live.spec?.paused && live.spec.replicas === replicas)) return;
  const patch = { metadata: { uid: live.metadata.uid }, spec: { paused: true, replicas } };
  await cluster.merge(deployments, { namespace, name }, patch, { signal });
}
