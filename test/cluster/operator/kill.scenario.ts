import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as kinds from '../../../src/operator/cluster/kinds.ts';
import { isReady } from '../../support/operator.ts';
import { ApiProxy, type ApiRequest } from './api-proxy.ts';
import { digits } from './digits.ts';
import { eventually } from './eventually.ts';
import { KeptOperator } from './kept-operator.ts';
import { allowLease, type Surroundings, startSurroundings } from './surroundings.ts';

/** So many namespaces with an operator each, at a time. */
const atOnce = 4;

let world: Surroundings;
before(
  async () => {
    world = await startSurroundings('kill');
  },
  { timeout: 120_000 },
);
after(() => world?.stop());

test('killed after each of its writes in turn, it comes to the same end', { timeout: 300_000 }, async (t) => {
  const whole = await run(Number.POSITIVE_INFINITY);
  assert.ok(whole.writes.length >= 10, `${whole.writes}`);
  let next = 1;
  let isOver = false;
  const work = async () => {
    while (!isOver) {
      const at = next++;
      const { state, writes, kills } = await run(at, whole.state);
      assert.deepEqual(state, whole.state, `killed after write ${at}: ${writes.slice(0, at).join(', ')}`);
      // It needed fewer.
      if (kills === 0) isOver = true;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  t.diagnostic(`${next - 1} runs; the whole: ${whole.writes.join(', ')}`);
  assert.ok(next > whole.writes.length / 2, `only ${next} runs`);
});

interface Run {
  readonly state: unknown;
  /** Of the operator, until the first kill and after it. */
  readonly writes: readonly string[];
  readonly kills: number;
}

/**
 * Creates a ModelServer and edits it, in a namespace of its own; the operator is killed once the API server has done its
 * `killAt`th write, hears nothing of that, and is started again as a kubelet would.
 * @param expected the end that is to come
 */
async function run(killAt: number, expected?: unknown): Promise<Run> {
  const namespace = `kill-${killAt === Number.POSITIVE_INFINITY ? 'never' : killAt}`;
  await world.createNamespace(namespace);
  await allowLease(world, namespace);
  const proxy = await ApiProxy.start(world.plane);
  const writes: string[] = [];
  let kills = 0;
  const operator = await KeptOperator.start(world.plane, {
    name: namespace,
    server: proxy.server,
    flags: [`--namespace=${namespace}`, `--watch-namespaces=${namespace}`],
  });
  proxy.onAnswer = (request) => {
    if (!isWrite(request)) return true;
    writes.push(`${request.verb} ${request.resource}`);
    if (writes.length !== killAt) return true;
    kills++;
    operator.current.signal('SIGKILL');
    return false;
  };
  try {
    const at = { namespace, name: 'x' };
    const spec = { replicas: 2, autoscaling: { minReplicas: 1, maxReplicas: 4 } };
    await world.cluster.create(kinds.modelServers, digits(at, spec));
    await world.until(at, isReady, 60);
    const edit = { server: { logLevel: 'DEBUG' }, replicas: 1, networkPolicy: { enabled: true }, autoscaling: null };
    await world.cluster.merge(kinds.modelServers, at, { spec: edit });
    await world.until(at, isReady, 60);
    const settled = await eventually(
      () => endState(namespace),
      (state) => expected === undefined || JSON.stringify(state) === JSON.stringify(expected),
      15,
    ).catch(() => endState(namespace));
    // The last answer may have been the one to a write that nothing depends on, as an event.
    if (killAt <= writes.length) await eventually(() => operator.ends.length, Boolean);
    assert.deepEqual(operator.ends, kills > 0 ? ['SIGKILL'] : []);
    return { state: settled, writes, kills };
  } finally {
    await operator.stop();
    await proxy.close();
  }
}

/** All but the renewals of the Lease, which the time decides. */
function isWrite({ verb, resource }: ApiRequest): boolean {
  return !['get', 'list', 'watch'].includes(verb) && !(verb === 'update' && resource === 'leases');
}

const compared = [
  ...[kinds.modelServers, kinds.deployments, kinds.services, kinds.configMaps, kinds.serviceAccounts],
  ...[kinds.podDisruptionBudgets, kinds.horizontalPodAutoscalers, kinds.networkPolicies],
];

/** All there is, less what differs from run to run. */
async function endState(namespace: string): Promise<unknown> {
  const state: unknown[] = [];
  for (const kind of compared) {
    const { items } = await world.cluster.list(kind, { namespace });
    for (const item of items.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))) {
      const text = JSON.stringify(item, (key, value) => (varying.has(key) ? undefined : value));
      state.push(JSON.parse(text.replaceAll(namespace, 'NAMESPACE')));
    }
  }
  return state;
}

const varying = new Set([
  ...['uid', 'resourceVersion', 'creationTimestamp', 'lastTransitionTime', 'lastUpdateTime', 'since', 'time'],
  ...['managedFields', 'clusterIP', 'clusterIPs'],
  // A hash of the child, of which the owner's uid is a part.
  'modelserver.dev/applied',
  // A kill may let a generation more or less pass by.
  ...['generation', 'observedGeneration'],
]);
