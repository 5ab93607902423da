import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { ModelServer } from '../../../src/operator/api/model-server.ts';
import { deployments, modelServers } from '../../../src/operator/cluster/kinds.ts';
import type { KubeObject } from '../../../src/operator/cluster/kube-object.ts';
import { isReady } from '../../support/operator.ts';
import { ApiProxy } from './api-proxy.ts';
import { digits } from './digits.ts';
import { eventually } from './eventually.ts';
import { KeptOperator } from './kept-operator.ts';
import { allowLease, type Surroundings, startSurroundings } from './surroundings.ts';

/** An operator in a namespace of its own, and what stands between it and the API server. */
interface Station {
  readonly namespace: string;
  readonly proxy: ApiProxy;
  readonly operator: KeptOperator;
}

let world: Surroundings;
const stations: Station[] = [];
/** The one whose API server fails. */
let station: Station;
/** The one whose watches hang; that takes so long that the others' tests run meanwhile. */
let hung: Station;
let hungSince: number;
/** Milliseconds until it was noticed. */
let noticed: Promise<number>;

before(
  async () => {
    world = await startSurroundings('outage');
    hung = await startStation('hung', ['--leader-elect=false']);
    station = await startStation('failing', []);
    hung.proxy.hangWatches();
    hungSince = performance.now();
    await scale(hung, 2);
    noticed = eventually(
      () => replicasOf('hung').catch(() => 0),
      (count) => count === 2,
      240,
    ).then(() => performance.now() - hungSince);
    // It is awaited later.
    noticed.catch(() => {});
  },
  { timeout: 180_000 },
);
after(async () => {
  for (const { operator, proxy } of stations) {
    await operator.stop();
    await proxy.close();
  }
  await world?.stop();
});

async function startStation(namespace: string, flags: readonly string[]): Promise<Station> {
  await world.createNamespace(namespace);
  await allowLease(world, namespace);
  const proxy = await ApiProxy.start(world.plane);
  const operator = await KeptOperator.start(world.plane, {
    name: namespace,
    server: proxy.server,
    flags: [`--namespace=${namespace}`, `--watch-namespaces=${namespace}`, ...flags],
  });
  const started = { namespace, proxy, operator };
  stations.push(started);
  await world.cluster.create(modelServers, digits({ namespace, name: 'x' }));
  await world.until({ namespace, name: 'x' }, isReady);
  return started;
}

test('watches that are told that they are too old are begun anew, after one list each', async (t) => {
  const { proxy, operator } = station;
  const watches = proxy.watching;
  assert.ok(watches >= 10, `${watches} watches`);
  const lists = listsOf(proxy);
  proxy.expireWatches();
  t.diagnostic(`an edit was followed after ${await follow(2)}`);
  await eventually(
    () => proxy.watching,
    (count) => count === watches,
  );
  assert.equal(listsOf(proxy) - lists, watches);
  assert.deepEqual(operator.ends, []);
});

test('watches that are told so each time do not make a storm of lists', { timeout: 90_000 }, async (t) => {
  const { proxy, operator } = station;
  const watches = proxy.watching;
  const lists = listsOf(proxy);
  proxy.isExpired = () => true;
  proxy.expireWatches();
  await setTimeout(15_000);
  const each = (listsOf(proxy) - lists) / watches;
  t.diagnostic(`${each.toFixed(1)} lists of each kind in 15 s`);
  assert.ok(each >= 2 && each <= 6);
  proxy.isExpired = () => false;
  t.diagnostic(`an edit was followed after ${await follow(1)}`);
  await eventually(
    () => proxy.watching,
    (count) => count === watches,
    40,
  );
  assert.deepEqual(operator.ends, []);
});

test('a short silence of the API server passes by', { timeout: 60_000 }, async (t) => {
  const { operator, proxy } = station;
  const lists = listsOf(proxy);
  world.plane.apiServer.pause();
  await setTimeout(5_000);
  world.plane.apiServer.resume();
  t.diagnostic(`an edit was followed after ${await follow(2)}`);
  assert.deepEqual(operator.ends, []);
  assert.equal(listsOf(proxy), lists);
});

test('in a long silence the leader ends, and its successor goes on', { timeout: 120_000 }, async (t) => {
  const { operator } = station;
  const paused = performance.now();
  world.plane.apiServer.pause();
  // The renewal that was under way may be the last for 10 s; giving back the lease, and the events, may take 8 s more.
  await eventually(() => operator.ends.length, Boolean, 30);
  t.diagnostic(`the leader ended after ${since(paused)}`);
  assert.deepEqual(operator.ends, [1]);
  assert.ok(performance.now() - paused < 22_000);
  await setTimeout(3_000);
  world.plane.apiServer.resume();
  t.diagnostic(`an edit was followed after ${await follow(1, 60)}`);
  assert.deepEqual(operator.ends, [1]);
});

test('an API server that is gone for a minute is waited for', { timeout: 240_000 }, async (t) => {
  const { operator, proxy } = station;
  const { ends } = operator;
  ends.length = 0;
  await world.plane.apiServer.stop();
  const requests = proxy.requests.length;
  await setTimeout(60_000);
  const during = proxy.requests.length - requests;
  t.diagnostic(`${during} requests in 60 s without an API server; it ended with ${ends}`);
  // Its successor has no lease to lose.
  assert.deepEqual(ends, [1]);
  assert.ok(during < 250);
  assert.equal(await operator.current.probe('healthz'), true);
  assert.equal(await operator.current.probe('readyz'), false);
  const lists = listsOf(proxy);
  await world.plane.apiServer.start();
  t.diagnostic(`an edit was followed after ${await follow(2, 60, false)}`);
  await eventually(() => operator.current.probe('readyz'), Boolean);
  const each = (listsOf(proxy) - lists) / proxy.watching;
  t.diagnostic(`${each.toFixed(1)} lists of each kind once it was back`);
  assert.ok(each < 2.5);
  assert.deepEqual(ends, [1]);
});

test('watches that bring nothing, not even their end, are noticed', { timeout: 300_000 }, async (t) => {
  const { operator } = hung;
  const seconds = (await noticed) / 1000;
  t.diagnostic(`an edit was followed ${seconds.toFixed()} s after the watches began to hang`);
  // Sooner, they did not hang; later than 100 s after the last they brought, the API server was away.
  assert.ok(seconds > 60 && seconds < 220);
  await scale(hung, 3);
  await eventually(
    () => replicasOf('hung'),
    (count) => count === 3,
    5,
  );
  assert.deepEqual(operator.ends, []);
});

/** Whether a kind that is not there has come, is asked every now and then. */
function listsOf(proxy: ApiProxy): number {
  return proxy.count('list') - proxy.count('list', 'podmonitors');
}

/**
 * @param itsPods whether to wait for them too: Kubernetes' own controllers may take their time
 * @returns how long it takes until the Deployment follows an edit of the ModelServer
 */
async function follow(replicas: number, seconds = 40, itsPods = true): Promise<string> {
  const began = performance.now();
  await scale(station, replicas);
  await eventually(
    () => replicasOf(station.namespace),
    (count) => count === replicas,
    seconds,
  );
  const took = since(began);
  if (!itsPods) return took;
  const isThere = (now: ModelServer) => isReady(now) && now.status.replicas === replicas;
  await world.until({ namespace: station.namespace, name: 'x' }, isThere);
  return took;
}

/** The API server may be busy with its own start. */
async function scale({ namespace }: Station, replicas: number): Promise<void> {
  const patch = { spec: { replicas } };
  const merge = () => world.cluster.merge(modelServers, { namespace, name: 'x' }, patch).then(...toBoolean);
  await eventually(merge, Boolean);
}

async function replicasOf(namespace: string): Promise<number | undefined> {
  type Deployment = KubeObject & { readonly spec: { readonly replicas: number } };
  return (await world.cluster.get<Deployment>(deployments, { namespace, name: 'x' }))?.spec.replicas;
}

function since(began: number): string {
  return `${((performance.now() - began) / 1000).toFixed(1)} s`;
}

const toBoolean = [() => true, () => false] as const;
