import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { Cluster } from '../../src/operator/cluster/cluster.ts';
import { configMaps, events as eventKind, leases, podDisruptionBudgets } from '../../src/operator/cluster/kinds.ts';
import { createKubeCluster } from '../../src/operator/cluster/kube/create-kube-cluster.ts';
import type { KubeCluster } from '../../src/operator/cluster/kube/kube-cluster.ts';
import type { Kind, KubeObject } from '../../src/operator/cluster/kube-object.ts';
import type { EventObject } from '../../src/operator/runtime/event-object.ts';
import { Events } from '../../src/operator/runtime/events.ts';
import { Leader } from '../../src/operator/runtime/leader.ts';
import type { Lease } from '../../src/operator/runtime/lease.ts';
import { Reflector, type ReflectorTimings } from '../../src/operator/runtime/reflector.ts';
import { Store } from '../../src/operator/runtime/store.ts';
import { systemClock as clock } from '../../src/shared/clock.ts';
import { captureLog } from '../support/captured-log.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';

let plane: ControlPlane;
let cluster: KubeCluster;
const { log } = captureLog();

before(async () => {
  plane = await startControlPlane({ name: 'runtime' });
  cluster = await createKubeCluster({ log, kubeconfig: plane.kubeconfig });
});
after(async () => {
  cluster?.close();
  await plane?.stop();
});

const configMap = (name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
});

async function until(what: string, holds: () => boolean | Promise<boolean>, ms = 20_000): Promise<void> {
  const end = clock.now() + ms;
  while (!(await holds())) {
    assert.ok(clock.now() < end, `${what} within ${ms} ms`);
    await setTimeout(20);
  }
}

function reflect(
  kind: Kind,
  options: { cluster?: Pick<Cluster, 'list' | 'watch'>; timings?: Partial<ReflectorTimings> },
) {
  const store = new Store<KubeObject>();
  const changes: string[] = [];
  const reflector = new Reflector<KubeObject>({
    cluster,
    clock,
    log,
    kind,
    namespace: 'default',
    store,
    onChange: ({ type, object }) => changes.push(`${type} ${object.metadata.name}`),
    ...options,
  });
  reflector.start();
  return { reflector, store, changes };
}

test('the lease passes on when it is given back and when its holder dies', { timeout: 60_000 }, async () => {
  const told: string[] = [];
  const candidate = (identity: string, line: Pick<Cluster, 'get' | 'create' | 'replace'> = cluster) =>
    new Leader({
      cluster: line,
      clock,
      log,
      namespace: 'default',
      name: 'operator',
      identity,
      onElected: () => told.push(`${identity} leads`),
      onLost: () => told.push(`${identity} has lost`),
      durationMs: 3000,
      renewDeadlineMs: 2000,
      retryMs: 300,
    });
  const lease = async () => (await cluster.get<Lease>(leases, { namespace: 'default', name: 'operator' }))?.spec;
  let cut = false;
  const breakable = new Proxy(cluster, {
    get(target, name: 'get' | 'create' | 'replace') {
      return (...args: Parameters<Cluster[typeof name]>) =>
        cut ? new Promise(() => {}) : (target[name] as (...args: unknown[]) => unknown)(...args);
    },
  });
  const [one, two, three] = [candidate('one'), candidate('two', breakable), candidate('three')];
  one.start();
  await until('one leads', () => one.isLeader);
  two.start();
  await setTimeout(4000);
  assert.deepEqual(told, ['one leads']);
  assert.match((await lease())?.renewTime ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);

  await one.stop();
  assert.equal((await lease())?.holderIdentity ?? '', '');
  assert.equal((await lease())?.leaseDurationSeconds, 1);
  await until('two leads', () => two.isLeader, 1000);
  assert.equal((await lease())?.leaseTransitions, 1);

  three.start();
  await setTimeout(1000);
  cut = true;
  await until('three leads', () => three.isLeader, 5000);
  assert.deepEqual(told, ['one leads', 'two leads', 'two has lost', 'three leads']);
  assert.equal((await lease())?.leaseTransitions, 2);
  await Promise.all([two.stop(), three.stop()]);
});

test('events arrive, and are counted up', { timeout: 60_000 }, async () => {
  const regarding = await cluster.create(configMaps, configMap('told-of'));
  const events = new Events({
    cluster,
    clock,
    log,
    reporter: { controller: 'modelserver.dev/operator', instance: 'x' },
  });
  events.start();
  const note = 'ü'.repeat(2000);
  const tell = () => events.tell({ regarding, type: 'Warning', reason: 'ModelLoadFailed', action: 'Reconcile', note });
  for (let n = 0; n < 5; n++) tell();
  const found = async () =>
    (await cluster.list<EventObject>(eventKind, { namespace: 'default' })).items.filter(
      ({ reason }) => reason === 'ModelLoadFailed',
    );
  await until('there is one', async () => (await found()).length === 1);
  await events.stop();
  const [event, ...others] = await found();
  assert.deepEqual(others, []);
  assert.equal(event?.series?.count, 5);
  assert.equal(event?.regarding.uid, regarding.metadata.uid);
  assert.match(
    await plane.kubectl(['events', '--for=configmap/told-of']),
    /Warning +ModelLoadFailed +ConfigMap\/told-of/,
  );
  assert.equal(events.lost, 0);
});

test('a store follows through outages, silence and versions that are too old', { timeout: 120_000 }, async () => {
  let tooOld = false;
  const aging: Pick<Cluster, 'list' | 'watch'> = {
    list: (kind, options) => cluster.list(kind, options),
    watch: (kind, options, onEvent) => {
      const resourceVersion = tooOld ? '1' : options.resourceVersion;
      tooOld = false;
      return cluster.watch(kind, { ...options, resourceVersion }, onEvent);
    },
  };
  const { reflector, store, changes } = reflect(configMaps, {
    cluster: aging,
    timings: { silence: 3000, retry: { first: 200, most: 1000 } },
  });
  await reflector.synced;
  const made = await cluster.create(configMaps, configMap('a'));
  await until('a is there', () => store.get('default/a') !== undefined);
  assert.ok(!('managedFields' in store.get('default/a')!.metadata));
  await cluster.merge(configMaps, made.metadata, { data: { x: '1' } });
  await until('a is changed', () => changes.includes('modified a'));

  await plane.apiServer.stop();
  await setTimeout(3000);
  await plane.apiServer.start();
  await cluster.create(configMaps, configMap('after-outage'));
  await until('the outage is over', () => store.get('default/after-outage') !== undefined);

  plane.apiServer.pause();
  await setTimeout(4000);
  plane.apiServer.resume();
  await cluster.create(configMaps, configMap('after-silence'));
  await until('the silence is over', () => store.get('default/after-silence') !== undefined);

  changes.length = 0;
  tooOld = true;
  await until('its watch begins anew', () => !tooOld);
  await cluster.delete(configMaps, { ...made.metadata, uid: made.metadata.uid! });
  await until('a is gone', () => store.get('default/a') === undefined);
  assert.deepEqual(changes, ['deleted a']);
  await reflector.stop();
});

test('a kind is followed as its definition comes and goes', { timeout: 60_000 }, async () => {
  const kind: Kind = { apiVersion: 'example.com/v1', kind: 'Thing', plural: 'things', namespaced: true };
  const definition = JSON.stringify({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { kind: 'Thing', plural: 'things' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  });
  const timings = { absent: 500, retry: { first: 200, most: 1000 } };
  const { reflector, store } = reflect(kind, { timings });
  await reflector.synced;
  assert.equal(reflector.served, false);
  await plane.kubectl(['create', '--filename=-'], { input: definition });
  await until('it is served', () => reflector.served === true);
  await cluster.create(kind, {
    apiVersion: 'example.com/v1',
    kind: 'Thing',
    metadata: { name: 'x', namespace: 'default' },
  });
  await until('x is there', () => store.get('default/x') !== undefined);
  await plane.kubectl(['delete', 'crd', 'things.example.com']);
  await until('x is gone', () => store.size === 0);
  await until('it is not served', () => reflector.served === false);
  await reflector.stop();
});

test('a kind that nothing happens to is watched on and on from one list', { timeout: 60_000 }, async () => {
  const calls = { list: 0, watch: 0 };
  const counted: Pick<Cluster, 'list' | 'watch'> = {
    list: (kind, options) => {
      calls.list++;
      return cluster.list(kind, options);
    },
    watch: (kind, options, onEvent) => {
      calls.watch++;
      return cluster.watch(kind, options, onEvent);
    },
  };
  const { reflector, store } = reflect(podDisruptionBudgets, { cluster: counted, timings: { silence: 1500 } });
  await reflector.synced;
  await until('its watch is renewed', () => calls.watch === 5);
  const { apiVersion, kind } = podDisruptionBudgets;
  await cluster.create(podDisruptionBudgets, { apiVersion, kind, metadata: { name: 'x', namespace: 'default' } });
  await until('x is there', () => store.get('default/x') !== undefined, 2000);
  assert.equal(calls.list, 1);
  await reflector.stop();
});
