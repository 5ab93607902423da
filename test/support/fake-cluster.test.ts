import { clusterSuite } from '../suites/cluster-suite.ts';
import { FakeCluster } from './fake-cluster.ts';

const widgets = { apiVersion: 'suite.example/v1', kind: 'Widget', plural: 'widgets', namespaced: true };

clusterSuite({
  name: 'fake',
  async open() {
    const cluster = new FakeCluster({ kinds: [widgets] });
    return {
      cluster,
      namespace: 'suite-1',
      otherNamespace: 'suite-2',
      widgets,
      async oldVersion() {
        const { resourceVersion } = await cluster.list(widgets, {});
        cluster.compact();
        return resourceVersion;
      },
      close: async () => {},
    };
  },
});
