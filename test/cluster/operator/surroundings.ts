import { join } from 'node:path';
import type { ModelServer } from '../../../src/operator/api/model-server.ts';
import { modelServers, persistentVolumeClaims } from '../../../src/operator/cluster/kinds.ts';
import { createKubeCluster } from '../../../src/operator/cluster/kube/create-kube-cluster.ts';
import type { KubeCluster } from '../../../src/operator/cluster/kube/kube-cluster.ts';
import type { Kind, KubeObject, ObjectMeta } from '../../../src/operator/cluster/kube-object.ts';
import { createLog } from '../../../src/shared/log.ts';
import { findHelms } from '../../support/helm.ts';
import type { AuditEvent } from '../audit-log.ts';
import { type ControlPlane, startControlPlane } from '../control-plane.ts';
import { networks } from '../control-plane-commands.ts';
import { Daemon } from '../daemon.ts';
import { crdsEstablished } from '../established.ts';
import { waitFor } from '../is-ready.ts';
import { eventually } from './eventually.ts';
import { enterOwnNetwork } from './own-network.ts';
import { startSimulatedNode } from './simulated-node.ts';

const root = join(import.meta.dirname, '../../..');

/** Where the operator of a test is told to be. */
export const operatorNamespace = 'operators';
/** Its name in the chart's objects. */
export const operatorName = 'release-modelserver-operator';
export const claimName = 'models';

export interface Place {
  readonly namespace: string;
  readonly name: string;
}

/** All that an operator meets in a cluster: the chart's rights, pods that run, and in each of them a server. */
export interface Surroundings {
  readonly plane: ControlPlane;
  /** The administrator's view. */
  readonly cluster: KubeCluster;
  /** Makes a namespace with a claim that is bound. */
  createNamespace(name: string): Promise<void>;
  /** Creates or changes objects as users do: `kubectl apply`. */
  apply(...objects: readonly object[]): Promise<void>;
  /** Waits until the ModelServer is as it should be. @throws after `seconds`, with what it is */
  until(at: Place, isSo: (resource: ModelServer) => boolean, seconds?: number): Promise<ModelServer>;
  /** What the operator has written so far with the rights of this ServiceAccount, but for its Lease. */
  writesOf(serviceAccount?: string): AuditEvent[];
  stop(): Promise<void>;
}

/** To be called once in a process, which is in a network of its own from then on. @param name short, for what is read in logs */
export async function startSurroundings(name: string): Promise<Surroundings> {
  await enterOwnNetwork([networks.pods]);
  const plane = await startControlPlane({ name, audit: true, components: ['controller-manager', 'scheduler'] });
  try {
    return await furnish(plane);
  } catch (error) {
    await plane.stop();
    throw error;
  }
}

async function furnish(plane: ControlPlane): Promise<Surroundings> {
  // Whichever pod the operator asks, it asks this one: all their addresses are here.
  const server = new Daemon(plane.directory, 'modelserver', [
    join(root, 'bin/modelserver'),
    '--model_name=digits',
    `--model_path=${join(root, 'examples/digits/models/digits')}`,
    '--port=9000',
  ]);
  const log = createLog({ level: 'error' });
  const { kubeconfig } = plane;
  const cluster = await createKubeCluster({ kubeconfig, log, callsPerSecond: 1_000, burst: 1_000, userAgent: 'test' });
  const apply = async (...items: readonly object[]) => {
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    // As a GitOps tool does: what the text says, holds, whoever said otherwise.
    await plane.kubectl(['apply', '--server-side', '--force-conflicts', '--filename=-'], { input });
  };
  const serves = async () => server.lastWords(100).includes('"state":"AVAILABLE"');
  await Promise.all([startSimulatedNode(plane), installRights(plane, apply), waitFor(serves, [server])]);
  return {
    plane,
    cluster,
    apply,
    async createNamespace(namespace) {
      for (const [kind, object] of namespaceWithClaim(namespace))
        await cluster.apply(kind, object, { manager: 'test' });
      type Claim = KubeObject & { readonly status?: { readonly phase?: string } };
      await eventually(
        () => cluster.get<Claim>(persistentVolumeClaims, { namespace, name: claimName }),
        (claim) => claim?.status?.phase === 'Bound',
      );
    },
    until: (at, isSo, seconds = 30) =>
      eventually(
        () => cluster.get<ModelServer>(modelServers, at),
        (resource) => resource !== undefined && isSo(resource),
        seconds,
      ) as Promise<ModelServer>,
    writesOf(serviceAccount = operatorName) {
      const user = `system:serviceaccount:${operatorNamespace}:${serviceAccount}`;
      return plane.writes().filter((write) => write.user.username === user && write.objectRef?.resource !== 'leases');
    },
    async stop() {
      cluster.close();
      await plane.stop();
    },
  };
}

/** Another ServiceAccount, with the rights of the operator's. */
export async function addServiceAccount({ apply }: Surroundings, name: string): Promise<void> {
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const subjects = [{ kind: 'ServiceAccount', name, namespace: operatorNamespace }];
  const ref = (kind: string, role: string) => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name: role });
  await apply(
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: operatorNamespace } },
    {
      ...{ apiVersion, kind: 'ClusterRoleBinding', metadata: { name }, subjects },
      roleRef: ref('ClusterRole', operatorName),
    },
    {
      ...{ apiVersion, kind: 'RoleBinding', metadata: { name, namespace: operatorNamespace }, subjects },
      roleRef: ref('Role', `${operatorName}-leader-election`),
    },
  );
}

/** The chart allows the operator its Lease where it runs; this allows it in another namespace. */
export async function allowLease({ cluster }: Surroundings, namespace: string): Promise<void> {
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const metadata = { name: 'leases', namespace };
  const of = (kind: string, plural: string) => ({ apiVersion, kind, plural, namespaced: true });
  const verbs = ['get', 'create', 'update'];
  const role = { rules: [{ apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs }] };
  const binding = {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'leases' },
    subjects: [{ kind: 'ServiceAccount', name: operatorName, namespace: operatorNamespace }],
  };
  for (const [kind, rest] of [
    [of('Role', 'roles'), role],
    [of('RoleBinding', 'rolebindings'), binding],
  ] as const) {
    const object = { apiVersion, kind: kind.kind, metadata, ...rest };
    await cluster.apply(kind, object, { manager: 'test' });
  }
}

/** What the chart installs, but for the Deployment: the operator runs under the test's eyes. */
async function installRights(plane: ControlPlane, apply: Surroundings['apply']): Promise<void> {
  const helm = (await findHelms())[0];
  if (!helm) throw new Error('There is no helm in the folder that KUBE_ASSETS names.');
  const kinds = [
    'CustomResourceDefinition',
    'ServiceAccount',
    'ClusterRole',
    'ClusterRoleBinding',
    'Role',
    'RoleBinding',
  ];
  const rendered = (await helm.render({})).filter(({ kind }) => kinds.includes(kind));
  await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: operatorNamespace } }, ...rendered);
  await crdsEstablished(plane.kubectl);
}

const kindOf = (kind: string, plural: string, namespaced: boolean): Kind => ({
  ...{ apiVersion: 'v1', kind, plural, namespaced },
});
const namespaces = kindOf('Namespace', 'namespaces', false);
const persistentVolumes = kindOf('PersistentVolume', 'persistentvolumes', false);

function namespaceWithClaim(namespace: string): [Kind, KubeObject][] {
  const size = { storage: '1Gi' };
  const shared = { accessModes: ['ReadOnlyMany'], storageClassName: '' };
  const volume = { capacity: size, hostPath: { path: '/models' }, claimRef: { namespace, name: claimName } };
  const claim = { volumeName: namespace, resources: { requests: size } };
  const object = (kind: Kind, metadata: ObjectMeta, spec?: object): [Kind, KubeObject] => [
    kind,
    { apiVersion: kind.apiVersion, kind: kind.kind, metadata, ...(spec ? { spec } : {}) },
  ];
  return [
    object(namespaces, { name: namespace }),
    object(persistentVolumes, { name: namespace }, { ...shared, ...volume }),
    object(persistentVolumeClaims, { name: claimName, namespace }, { ...shared, ...claim }),
  ];
}
