import { randomUUID } from 'node:crypto';
import { after, before } from 'node:test';
import type { Cluster } from '../../../src/operator/cluster/cluster.ts';
import { createKubeCluster } from '../../../src/operator/cluster/kube/create-kube-cluster.ts';
import type { KubeCluster } from '../../../src/operator/cluster/kube/kube-cluster.ts';
import type { Kind, KubeObject } from '../../../src/operator/cluster/kube-object.ts';
import { createLog } from '../../../src/shared/log.ts';
import { clusterSuite } from '../../suites/cluster-suite.ts';
import { type ControlPlane, startControlPlane } from '../control-plane.ts';
import { defineWidgets, widgets } from './widgets.ts';

const namespaces: Kind = { apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false };
let plane: ControlPlane;
let cluster: KubeCluster;

before(async () => {
  plane = await startControlPlane({ name: 'suite', components: ['controller-manager'] });
  const { kubeconfig } = plane;
  cluster = await createKubeCluster({ kubeconfig, log: createLog({ level: 'warn' }), callsPerSecond: 500, burst: 500 });
  await defineWidgets(cluster);
});

after(async () => {
  cluster.close();
  await plane.stop();
});

clusterSuite({
  name: 'of a real API server',
  async open() {
    const [namespace, otherNamespace] = [await createNamespace(cluster), await createNamespace(cluster)];
    return {
      cluster,
      namespace: namespace.metadata.name,
      otherNamespace: otherNamespace.metadata.name,
      widgets,
      oldVersion: async () => '1',
      async close() {
        for (const { metadata } of [namespace, otherNamespace]) {
          await cluster.delete(namespaces, { name: metadata.name, uid: metadata.uid! });
        }
      },
    };
  },
});

function createNamespace(cluster: Cluster): Promise<KubeObject> {
  const { apiVersion, kind } = namespaces;
  return cluster.create(namespaces, { apiVersion, kind, metadata: { name: `suite-${randomUUID().slice(0, 8)}` } });
}
