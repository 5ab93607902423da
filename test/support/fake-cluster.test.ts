import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ClusterError } from '../../src/operator/cluster/cluster-error.ts';
import { configMaps, deployments } from '../../src/operator/cluster/kinds.ts';
import type { KubeObject } from '../../src/operator/cluster/kube-object.ts';
import { systemClock } from '../../src/shared/clock.ts';
import { clusterSuite } from '../suites/cluster-suite.ts';
import { FakeClock, settle } from './fake-clock.ts';
import { FakeCluster } from './fake-cluster.ts';

const widgets = { apiVersion: 'suite.example/v1', kind: 'Widget', plural: 'widgets', namespaced: true };
/** Twenty times as fast as any other. */
const clock = { ...systemClock, after: (ms: number, done: () => void) => systemClock.after(ms / 20, done) };

clusterSuite({
  name: 'fake',
  async open() {
    const cluster = new FakeCluster({ kinds: [widgets], clock });
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

const at = { namespace: 'ns', name: 'one' };
const one: KubeObject & { data?: object } = { apiVersion: 'v1', kind: 'ConfigMap', metadata: at };
const ours = { manager: 'suite' };

suite('fake cluster, as a test wants it', () => {
  test('fails before a call, after it, and only as long as it is told to', async () => {
    const cluster = new FakeCluster();
    const error = new ClusterError('unavailable', 'away');
    const isError = (reason: unknown) => reason === error;
    const mend = cluster.fail(({ verb, kind }) => (verb === 'apply' && kind === configMaps ? error : undefined));
    await assert.rejects(cluster.apply(configMaps, one, ours), isError);
    assert.equal(cluster.peek(configMaps, at), undefined);
    mend();
    const find = cluster.failAfter(({ verb }) => (verb === 'apply' ? error : undefined));
    await assert.rejects(cluster.apply(configMaps, one, ours), isError);
    assert.ok(cluster.peek(configMaps, at));
    find();
    await cluster.apply(configMaps, one, ours);
    assert.deepEqual([cluster.count(), cluster.count('apply', 'get'), cluster.writes, cluster.changes], [3, 3, 3, 1]);
  });

  test('lets a hook look at each write before it is done, and stop it', async () => {
    const cluster = new FakeCluster();
    const seen: string[] = [];
    cluster.beforeWrite(({ verb, name }) => {
      seen.push(`${verb} ${name} ${cluster.peek(configMaps, at) !== undefined}`);
      if (seen.length === 3) throw new Error('dead');
    });
    const created = await cluster.create(configMaps, one);
    await cluster.get(configMaps, at);
    await cluster.merge(configMaps, at, { data: { a: '1' } });
    await assert.rejects(cluster.delete(configMaps, { ...at, uid: created.metadata.uid! }), /dead/);
    assert.deepEqual(seen, ['create one false', 'merge one true', 'delete one true']);
    assert.ok(cluster.peek(configMaps, at));
  });

  test('cuts, ends, hangs and bookmarks watches', async () => {
    const clock = new FakeClock();
    const cluster = new FakeCluster({ clock });
    const events: string[] = [];
    const watch = async () => {
      const { resourceVersion } = await cluster.list(configMaps, {});
      return cluster.watch(configMaps, { resourceVersion, timeoutSeconds: 60 }, (event) => events.push(event.type));
    };
    const state = (watch: Promise<void>) => {
      const over = watch.then(
        () => 'ended',
        () => 'broken',
      );
      return Promise.race([over, settle().then(() => 'open')]);
    };
    const cut = watch();
    await settle();
    cluster.cutWatches();
    assert.equal(await state(cut), 'broken');
    const ended = watch();
    await settle();
    cluster.bookmark();
    cluster.endWatches();
    await settle();
    assert.equal(await state(ended), 'ended');
    const hung = watch();
    await settle();
    cluster.hangWatches();
    const later = watch();
    await settle();
    await cluster.apply(configMaps, one, ours);
    await settle();
    assert.deepEqual(events, ['bookmark', 'added']);
    assert.equal(cluster.openWatches, 2);
    await clock.advance(60_000);
    await settle();
    assert.deepEqual([await state(hung), await state(later)], ['open', 'ended']);
    cluster.cutWatches();
    assert.equal(await state(hung), 'broken');
    assert.equal(cluster.openWatches, 0);
  });

  test('forgets pages and resource versions', async () => {
    const cluster = new FakeCluster();
    for (const name of ['a', 'b']) cluster.put(configMaps, { ...one, metadata: { ...at, name } });
    const page = await cluster.list(configMaps, { limit: 1 });
    cluster.compact();
    const isGone = (error: unknown) => error instanceof ClusterError && error.code === 'gone';
    await assert.rejects(cluster.list(configMaps, { limit: 1, continue: page.continue! }), isGone);
    const { resourceVersion } = page;
    await assert.rejects(
      cluster.watch(configMaps, { resourceVersion, timeoutSeconds: 1 }, () => {}),
      isGone,
    );
  });

  test('lets kinds come and go, and a test write what it likes', async () => {
    const cluster = new FakeCluster();
    cluster.put(deployments, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: at });
    cluster.writeStatus(deployments, at, { readyReplicas: 1 });
    assert.deepEqual((await cluster.get<KubeObject & { status: object }>(deployments, at))?.status, {
      readyReplicas: 1,
    });
    cluster.serve(deployments, false);
    assert.deepEqual([await cluster.serves(deployments), await cluster.get(deployments, at)], [false, undefined]);
    cluster.serve(deployments, true);
    const { metadata } = cluster.peek(deployments, at)!;
    const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'one', uid: metadata.uid! }];
    cluster.put(configMaps, { ...one, metadata: { ...at, ownerReferences } });
    cluster.remove(deployments, at);
    assert.deepEqual(cluster.peekAll(configMaps), []);
    assert.equal(cluster.writes, 0);
  });
});
