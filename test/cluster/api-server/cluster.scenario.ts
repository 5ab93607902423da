import { randomUUID } from 'node:crypto';
import { after, before } from 'node:test';
import type { Cluster } from '../../../src/operator/cluster/cluster.ts';
import { createKubeCluster } from '../../../src/operator/cluster/kube/create-kube-cluster.ts';
import type { KubeCluster } from '../../../src/operator/cluster/kube/kube-cluster.ts';
import type { Kind, KubeObject } from '../../../src/operator/cluster/kube-object.ts';
import { sleep, systemClock } from '../../../src/shared/clock.ts';
import { createLog } from '../../../src/shared/log.ts';
import { clusterSuite } from '../../suites/cluster-suite.ts';
import { type ControlPlane, startControlPlane } from '../control-plane.ts';

const namespaces: Kind = { apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false };
const definitions: Kind = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
};
const widgets: Kind = { apiVersion: 'suite.example/v1', kind: 'Widget', plural: 'widgets', namespaced: true };

let plane: ControlPlane;
let cluster: KubeCluster;

before(async () => {
  plane = await startControlPlane({ name: 'suite', components: ['controller-manager'] });
  const { kubeconfig } = plane;
  cluster = await createKubeCluster({ kubeconfig, log: createLog({ level: 'warn' }), callsPerSecond: 500, burst: 500 });
  await cluster.apply(definitions, widgetDefinition(), { manager: 'suite' });
  while (!(await cluster.serves(widgets))) await sleep(systemClock, 100);
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

function widgetDefinition(): KubeObject & { spec: object } {
  const free = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const mapBy = (key: string) => ({
    type: 'array',
    items: { ...free, properties: { [key]: { type: 'string' } }, required: [key] },
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': [key],
  });
  const properties = {
    spec: { ...free, properties: { models: mapBy('name') } },
    status: { ...free, properties: { conditions: mapBy('type') } },
  };
  return {
    apiVersion: definitions.apiVersion,
    kind: definitions.kind,
    metadata: { name: 'widgets.suite.example' },
    spec: {
      group: 'suite.example',
      scope: 'Namespaced',
      names: { kind: 'Widget', plural: 'widgets', singular: 'widget', listKind: 'WidgetList' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: { openAPIV3Schema: { type: 'object', properties } },
        },
      ],
    },
  };
}
