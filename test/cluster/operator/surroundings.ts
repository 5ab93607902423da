import { join } from 'node:path';
import { createKubeCluster } from '../../../src/operator/cluster/kube/create-kube-cluster.ts';
import type { KubeCluster } from '../../../src/operator/cluster/kube/kube-cluster.ts';
import { createLog } from '../../../src/shared/log.ts';
import { findHelms } from '../../support/helm.ts';
import { type ControlPlane, startControlPlane } from '../control-plane.ts';
import { networks } from '../control-plane-commands.ts';
import { Daemon } from '../daemon.ts';
import { enterOwnNetwork } from './own-network.ts';
import { startSimulatedNode } from './simulated-node.ts';

const root = join(import.meta.dirname, '../../..');

/** Where the operator of a test is told to be. */
export const operatorNamespace = 'operators';
/** Its name in the chart's objects. */
export const operatorName = 'release-modelserver-operator';
export const claimName = 'models';

/** All that an operator meets in a cluster: the chart's rights, pods that run, and in each of them a server. */
export interface Surroundings {
  readonly plane: ControlPlane;
  /** The administrator's view. */
  readonly cluster: KubeCluster;
  /** Makes a namespace with a claim that is bound. */
  createNamespace(name: string): Promise<void>;
  /** Creates or changes objects as kubectl does. */
  apply(...objects: readonly object[]): Promise<void>;
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
  new Daemon(plane.directory, 'modelserver', [
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
    await plane.kubectl(['apply', '--server-side', '--filename=-'], { input });
  };
  await Promise.all([startSimulatedNode(plane), installRights(plane, apply)]);
  return {
    plane,
    cluster,
    apply,
    createNamespace: (namespace) => apply(...namespaceWithClaim(namespace)),
    async stop() {
      cluster.close();
      await plane.stop();
    },
  };
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
  await plane.kubectl(['wait', 'customresourcedefinitions', '--all', '--for=condition=Established', '--timeout=20s']);
}

function namespaceWithClaim(namespace: string): object[] {
  const size = { storage: '1Gi' };
  const shared = { accessModes: ['ReadOnlyMany'], storageClassName: '' };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    {
      ...{ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: namespace } },
      spec: { ...shared, capacity: size, hostPath: { path: '/models' }, claimRef: { namespace, name: claimName } },
    },
    {
      ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: claimName, namespace } },
      spec: { ...shared, volumeName: namespace, resources: { requests: size } },
    },
  ];
}
