import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { FakeCluster } from '../../../test/support/fake-cluster.ts';
import { modelServer } from '../../../test/support/model-server.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import * as kinds from '../cluster/kinds.ts';
import type { Kind, KubeObject } from '../cluster/kube-object.ts';
import { children } from '../desired/children.ts';
import { podTemplate } from '../desired/pod-template.ts';
import { applyChildren } from './apply-children.ts';
import { ChildMemory } from './child-memory.ts';
import { Written } from './written.ts';

const at = { namespace: 'ns', name: 'x' };

/** One ModelServer's children, applied as often as asked for, with caches that lag behind nothing. */
function setUp(spec: object = {}) {
  const owner = modelServer(spec);
  const wanted = children(
    owner,
    { pods: podTemplate(owner, 'server:1'), config: '{}' },
    { operatorNamespace: 'o', podMonitors: false },
  );
  const real = new FakeCluster();
  const clock = new FakeClock();
  const memory = new ChildMemory(clock);
  const calls: string[] = [];
  /** Stands between the operator and the cluster. */
  let between: (kind: string, object: KubeObject) => KubeObject = (_, object) => object;
  const cluster: Cluster = Object.assign(Object.create(real), {
    async get(...args: Parameters<Cluster['get']>) {
      calls.push(`get ${args[0].kind}`);
      return real.get(...args);
    },
    async apply(...[kind, object, options]: Parameters<Cluster['apply']>) {
      calls.push(`apply ${kind.kind}`);
      return real.apply(kind, between(kind.kind, object), options);
    },
    async merge(...args: Parameters<Cluster['merge']>) {
      calls.push(`merge ${args[0].kind}`);
      return real.merge(...args);
    },
    async delete(...args: Parameters<Cluster['delete']>) {
      calls.push(`delete ${args[0].kind}`);
      return real.delete(...args);
    },
  });
  const caches = { child: (kind: KubeObject, where: typeof at) => real.peek(kind as never, where) };
  const dependencies = { cluster, caches: caches as never, written: new Written(), memory };
  return {
    real,
    clock,
    memory,
    /** @returns the calls that it took, and what came of it */
    async apply(mayTouch: (kind: Kind) => boolean = () => true) {
      calls.length = 0;
      const applied = await applyChildren(owner, wanted, mayTouch, dependencies, new AbortController().signal);
      return { ...applied, calls: [...calls] };
    },
    set between(change: typeof between) {
      between = change;
    },
  };
}

test('what is applied is not applied again', async () => {
  const { apply } = setUp();
  assert.equal((await apply()).calls.filter((call) => call.startsWith('apply')).length, 4);
  assert.deepEqual((await apply()).calls, []);
});

test('what admission changes is applied once, and again when somebody changes it', async () => {
  const world = setUp();
  world.between = (kind, object) =>
    kind === 'Service' ? ({ ...object, spec: { ports: [{ port: 1 }] } } as unknown as KubeObject) : object;
  await world.apply();
  assert.deepEqual((await world.apply()).calls, []);
  await world.real.merge(kinds.services, at, { spec: { ports: [{ port: 2 }] } });
  assert.deepEqual((await world.apply()).calls, ['apply Service']);
  assert.deepEqual((await world.apply()).calls, []);
});

test('what is refused is tried again later and later, but once a minute at least', async () => {
  const world = setUp();
  let refuses = true;
  world.between = (kind, object) => {
    if (refuses && kind === 'Deployment') throw new ClusterError('forbidden', 'exceeded quota');
    return object;
  };
  const tries: number[] = [];
  for (let second = 0; second < 200; second++) {
    const { calls, obstacle } = await world.apply();
    assert.equal(obstacle?.reason, 'Rejected');
    if (calls.includes('apply Deployment')) tries.push(second);
    else assert.deepEqual(calls, []);
    await world.clock.advance(1000);
  }
  assert.deepEqual(tries, [0, 1, 3, 7, 15, 31, 63, 123, 183]);
  refuses = false;
  await world.clock.advance(60_000);
  const { obstacle } = await world.apply();
  assert.equal(obstacle, undefined);
});

test('what somebody else makes after it was looked for is not taken over', async () => {
  const world = setUp();
  const foreign = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...at, labels: { 'app.kubernetes.io/managed-by': 'Helm' } },
    spec: { selector: { app: 'other' }, ports: [{ port: 80 }] },
  };
  world.between = (kind, object) => {
    if (kind === 'Service' && !world.real.peek(kinds.services, at)) world.real.put(kinds.services, foreign);
    return object;
  };
  await assert.rejects(world.apply(), { code: 'conflict' });
  const { spec, metadata } = world.real.peek<typeof foreign & KubeObject>(kinds.services, at)!;
  assert.deepEqual(spec, foreign.spec);
  assert.equal(metadata.ownerReferences, undefined);
  const { obstacle } = await world.apply();
  assert.equal(obstacle?.reason, 'NameConflict');
  assert.deepEqual(world.real.peek<typeof foreign>(kinds.services, at)!.spec, foreign.spec);
});

test('while nothing may be written, nothing is read either', async () => {
  const { calls, isBehind } = await setUp().apply(() => false);
  assert.equal(isBehind, true);
  assert.deepEqual(calls, []);
});

test('what is being deleted already is not deleted again', async () => {
  const world = setUp({ service: { headless: true } });
  await world.apply();
  const other = setUp();
  const headless = world.real.peek(kinds.services, { ...at, name: 'x-headless' })!;
  const deletionTimestamp = '2026-01-01T00:00:00Z';
  other.real.put(kinds.services, { ...headless, metadata: { ...headless.metadata, deletionTimestamp } });
  const { calls } = await other.apply();
  assert.deepEqual(
    calls.filter((call) => call.startsWith('delete')),
    [],
  );
});

test('where a change by hand and ours do not go together, the child is made anew from what is wanted', async () => {
  const world = setUp();
  await world.apply();
  await world.real.merge(kinds.services, at, { spec: { ports: [{ name: 'grpc', port: 9090 }], externalName: 'a' } });
  world.between = (kind, object) => {
    const { spec } = world.real.peek<KubeObject & { spec: { ports: { port: number }[] } }>(kinds.services, at)!;
    if (kind === 'Service' && spec.ports[0]!.port === 9090)
      throw new ClusterError('invalid', 'Duplicate value: "grpc"');
    return object;
  };
  const { obstacle } = await world.apply();
  assert.equal(obstacle, undefined);
  const { spec } = world.real.peek<KubeObject & { spec: object }>(kinds.services, at)!;
  assert.deepEqual(spec, {
    type: 'ClusterIP',
    selector: { 'modelserver.dev/name': 'x' },
    ports: [
      { name: 'grpc', port: 8080, targetPort: 'grpc', protocol: 'TCP', appProtocol: 'kubernetes.io/h2c' },
      { name: 'rest', port: 8081, targetPort: 'http', protocol: 'TCP', appProtocol: 'http' },
    ],
  });
});

test('what is invalid by itself is refused by what the API server says of it', async () => {
  const world = setUp();
  await world.apply();
  world.between = (kind, object) => {
    if (kind === 'Service') throw new ClusterError('invalid', 'spec.type: no');
    return object;
  };
  await world.real.merge(kinds.services, at, { spec: { type: 'NodePort' } });
  world.real.fail(({ verb }) => (verb === 'merge' ? new ClusterError('invalid', 'something else') : undefined));
  assert.match((await world.apply()).obstacle!.message, /refuses Service x: spec\.type: no/);
});

test('nothing is remembered of owners that are gone', async () => {
  const world = setUp();
  world.between = (_, object) => ({ ...object, metadata: { ...object.metadata, labels: {} } });
  await world.apply();
  assert.equal(world.memory.size, 1);
  world.memory.forgetOwner('ns/x');
  assert.equal(world.memory.size, 0);
});
