import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { captureLog } from '../../../test/support/captured-log.ts';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { FakeCluster } from '../../../test/support/fake-cluster.ts';
import { modelServer } from '../../../test/support/model-server.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import { modelServers, pods } from '../cluster/kinds.ts';
import type { Kind, KubeObject } from '../cluster/kube-object.ts';
import { Watches } from './watches.ts';

/** What may be read of which namespace; all that is not said may be. */
type Refused = (kind: Kind | undefined, namespace: string | undefined) => boolean;

async function setUp(t: TestContext, namespaces: readonly string[], refused: Refused) {
  const clock = new FakeClock();
  const cluster = new FakeCluster({ clock });
  let refuses = refused;
  cluster.fail(({ verb, kind, namespace }) =>
    (verb === 'list' || verb === 'watch') && refuses(kind, namespace)
      ? new ClusterError('forbidden', `${kind!.plural} is forbidden in ${namespace}`)
      : undefined,
  );
  for (const namespace of ['a', 'b']) await create(cluster, namespace, 'x');
  const changed: string[] = [];
  const captured = captureLog();
  const watches = new Watches({
    ...{ cluster, clock, namespaces, log: captured.log },
    onChange: (key) => changed.push(key),
    onHeard: () => {},
  });
  watches.start();
  t.after(() => watches.stop());
  let isSynced = false;
  watches.synced().then(
    () => {
      isSynced = true;
    },
    () => {},
  );
  await clock.advance(0);
  return {
    ...{ clock, cluster, watches, changed },
    messages: () => captured.messages().filter((message) => /^(warn|info)/.test(message)),
    isSynced: () => isSynced,
    allow: () => {
      refuses = () => false;
    },
  };
}

async function create(cluster: FakeCluster, namespace: string, name: string): Promise<void> {
  const { apiVersion, kind, spec } = modelServer();
  await cluster.create(modelServers, { apiVersion, kind, metadata: { namespace, name }, spec } as KubeObject);
}

const known = (watches: Watches) => [...watches.knownResources()].map(({ metadata }) => metadata.namespace);

test('a namespace that may not be read does not keep the others from being served', async (t) => {
  // Its ModelServers it may see, but not what becomes of them.
  const world = await setUp(t, ['a', 'b'], (kind, namespace) => kind === pods && namespace === 'b');
  const { watches, cluster, clock, changed } = world;
  assert.deepEqual([world.isSynced(), watches.unready()], [true, undefined]);
  assert.deepEqual(known(watches), ['a']);
  assert.deepEqual(
    [...watches.namespaces()],
    [
      ['a', true],
      ['b', false],
    ],
  );
  assert.deepEqual(changed, ['a/x']);
  await create(cluster, 'b', 'y');
  await create(cluster, 'a', 'y');
  await clock.advance(120_000);
  assert.deepEqual(changed, ['a/x', 'a/y'], 'what is half known is not acted on');
  assert.deepEqual(world.messages(), ['warn: Rights are missing: nothing here is looked after until they come']);

  world.allow();
  await clock.advance(45_000);
  assert.deepEqual(changed.slice(2).toSorted(), ['b/x', 'b/y']);
  assert.deepEqual(
    [...watches.namespaces()].map(([, isServed]) => isServed),
    [true, true],
  );
  assert.equal(world.messages().at(-1), 'info: The rights have come: what is here is looked after now');
  await create(cluster, 'b', 'z');
  await clock.advance(0);
  assert.equal(changed.at(-1), 'b/z');
});

test('where nothing may be read, it waits until something may, and says why', async (t) => {
  const world = await setUp(t, ['a', 'b'], () => true);
  assert.equal(world.isSynced(), false);
  assert.equal(world.watches.unready(), 'the operator lacks rights: modelservers is forbidden in a');
  world.allow();
  await world.clock.advance(45_000);
  assert.deepEqual([world.isSynced(), world.watches.unready()], [true, undefined]);
  assert.deepEqual(world.changed.toSorted(), ['a/x', 'b/x']);
});

test('nor does it act on all namespaces together before it may read everything', async (t) => {
  const world = await setUp(t, [], (kind) => kind === pods);
  assert.deepEqual([world.isSynced(), world.changed], [false, []]);
  assert.equal(world.watches.unready(), 'the operator lacks rights: pods is forbidden in undefined');
  assert.deepEqual([...world.watches.namespaces()], []);
  world.allow();
  await world.clock.advance(45_000);
  assert.equal(world.isSynced(), true);
  assert.deepEqual(world.changed.toSorted(), ['a/x', 'b/x']);
});

test('one that does not answer is waited for', async (t) => {
  const world = await setUp(t, ['a', 'b'], () => false);
  const other = new FakeCluster({ clock: world.clock });
  other.fail(({ namespace }) => (namespace === 'b' ? new ClusterError('unavailable', 'no answer') : undefined));
  const watches = new Watches({
    ...{ cluster: other, clock: world.clock, namespaces: ['a', 'b'], log: captureLog().log },
    onChange: () => {},
    onHeard: () => {},
  });
  watches.start();
  await world.clock.advance(60_000);
  assert.equal(watches.unready(), 'not everything is known yet');
  const synced = assert.rejects(watches.synced());
  await watches.stop();
  await synced;
});

test('a namespace whose rights are taken away again is told of', async (t) => {
  let isTaken = false;
  const world = await setUp(t, ['a', 'b'], (_, namespace) => isTaken && namespace === 'b');
  assert.deepEqual(Object.fromEntries(world.watches.namespaces()), { a: true, b: true });
  isTaken = true;
  world.cluster.endWatches();
  await world.clock.advance(10_000);
  assert.deepEqual(Object.fromEntries(world.watches.namespaces()), { a: true, b: false });
});
