import assert from 'node:assert/strict';
import { test } from 'node:test';
import { captureLog } from '../../../test/support/captured-log.ts';
import { FakeClock, settle } from '../../../test/support/fake-clock.ts';
import { FakeCluster } from '../../../test/support/fake-cluster.ts';
import { FakeModels } from '../../../test/support/fake-models.ts';
import { newModelServer } from '../../../test/support/model-server.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import { deployments, modelServers } from '../cluster/kinds.ts';
import { ModelServerController } from './model-server-controller.ts';

test('half a minute after an outage, however long it was, all is tried again', { timeout: 60_000 }, async (t) => {
  const clock = new FakeClock();
  const cluster = new FakeCluster({ clock });
  const controller = new ModelServerController({
    cluster,
    models: new FakeModels({ clock }),
    announce: () => {},
    clock,
    wallTime: () => clock.now(),
    log: captureLog().log,
    tracer: undefined,
    namespaces: [],
    workers: 2,
    serverImage: 'localhost/modelserver:1',
    operatorNamespace: 'modelserver-system',
    clusterDomain: 'cluster.local',
    allowHostPath: false,
    patchPods: true,
  });
  t.after(async () => {
    await controller.stopActing(0);
    await controller.stop();
  });
  controller.start();
  await settle();
  await controller.watches.synced();
  controller.act();
  const recover = cluster.fail(({ verb }) =>
    verb === 'apply' ? new ClusterError('unavailable', 'no answer') : undefined,
  );
  await cluster.create(modelServers, newModelServer('x'));
  for (let second = 0; second < 1200; second++) await clock.advance(1000);
  assert.equal(cluster.peekAll(deployments).length, 0);
  recover();
  for (let second = 0; second < 31; second++) await clock.advance(1000);
  assert.equal(cluster.peekAll(deployments).length, 1);
});
