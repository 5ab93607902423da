import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import * as kinds from '../../../src/operator/cluster/kinds.ts';
import type { Kind, KubeObject } from '../../../src/operator/cluster/kube-object.ts';
import { conditionOf, isReady } from '../../support/operator.ts';
import type { AuditEvent } from '../audit-log.ts';
import { digits } from './digits.ts';
import { eventually } from './eventually.ts';
import { OperatorProcess } from './operator-process.ts';
import { type Surroundings, startSurroundings } from './surroundings.ts';

const namespace = 'lifecycle';
/** Where nobody does anything after the beginning. */
const calm = { namespace: 'calm', name: 'x' };
const at = (name: string) => ({ namespace, name });

let world: Surroundings;
let operator: OperatorProcess;
let calmSince: number;

before(
  async () => {
    world = await startSurroundings('lifecycle');
    await world.createNamespace(namespace);
    operator = await OperatorProcess.start(world.plane, { name: 'one' });
    await eventually(() => operator.probe('readyz'), Boolean);
    await world.createNamespace(calm.namespace);
    await world.cluster.create(kinds.modelServers, digits(calm, { replicas: 2 }));
    await world.until(calm, isReady);
    // What a rollout still changes goes by.
    await setTimeout(2_000);
    calmSince = Date.now();
  },
  { timeout: 120_000 },
);
after(() => world?.stop());

const kubectl = (...parameters: string[]) => world.plane.kubectl([...parameters, `--namespace=${namespace}`]);
const get = (kind: Kind, name: string) => world.cluster.get<KubeObject & { spec?: never }>(kind, at(name));
const kindsOf = (writes: readonly AuditEvent[]) =>
  writes.map(({ verb, objectRef }) => `${verb} ${objectRef?.resource}/${objectRef?.subresource ?? ''}`);

const children: [kind: Kind, name: string][] = [
  [kinds.serviceAccounts, 'x'],
  [kinds.configMaps, 'x-config'],
  [kinds.services, 'x'],
  [kinds.services, 'x-headless'],
  [kinds.podDisruptionBudgets, 'x'],
  [kinds.networkPolicies, 'x'],
  [kinds.deployments, 'x'],
];
const wish = { replicas: 2, service: { headless: true }, networkPolicy: { enabled: true } };

test('children appear with the resource', { timeout: 60_000 }, async () => {
  await world.apply(digits(at('x'), wish));
  const { metadata, status } = await world.until(at('x'), isReady);
  assert.deepEqual(status.summary, { models: '1/1' });
  assert.equal(status.models![0]!.servingVersion, 2);
  for (const [kind, name] of children) {
    const child = await get(kind, name);
    assert.equal(child?.metadata.ownerReferences?.[0]?.uid, metadata.uid, `${kind.kind} ${name}`);
  }
});

test('a second apply of the same makes no write', { timeout: 60_000 }, async () => {
  // What a rollout still changes has gone by.
  await setTimeout(2_000);
  const [before, all] = [world.writesOf().length, world.plane.writes().length];
  const { resourceVersion } = (await get(kinds.modelServers, 'x'))!.metadata;
  await world.apply(digits(at('x'), wish));
  await setTimeout(3_000);
  assert.equal((await get(kinds.modelServers, 'x'))!.metadata.resourceVersion, resourceVersion);
  assert.deepEqual(kindsOf(world.writesOf().slice(before)), []);
  assert.ok(world.plane.writes().length > all, 'writes are counted');
});

test('children follow an edit and `kubectl scale`', { timeout: 90_000 }, async () => {
  const { status } = await world.until(at('x'), isReady);
  await world.apply(digits(at('x'), { ...wish, server: { logLevel: 'DEBUG' }, networkPolicy: { enabled: false } }));
  const rolled = await world.until(at('x'), (now) => isReady(now) && now.status.revision !== status.revision);
  assert.equal(await get(kinds.networkPolicies, 'x'), undefined);
  await kubectl('scale', 'modelserver/x', '--replicas=3');
  const scaled = await world.until(at('x'), (now) => isReady(now) && now.status.replicas === 3);
  assert.equal(scaled.status.revision, rolled.status.revision);
  assert.match(await kubectl('get', 'deployment/x', '--output=jsonpath={.spec.replicas}'), /^3$/);
  // Who applies the resource again and says nothing else, says 2.
  await world.apply(digits(at('x'), wish));
  await world.until(at('x'), (now) => isReady(now) && now.status.replicas === 2);
});

test('what is edited or deleted by hand comes back within a second', { timeout: 90_000 }, async (t) => {
  await world.until(at('x'), isReady);
  const edits: [kind: Kind, name: string, patch: object][] = [
    [kinds.services, 'x', { spec: { selector: { app: 'other' } } }],
    [kinds.configMaps, 'x-config', { data: { 'config.json': '{}' } }],
    [kinds.deployments, 'x', { spec: { replicas: 0 } }],
    [kinds.deployments, 'x', { spec: { template: { spec: { automountServiceAccountToken: true } } } }],
    [kinds.podDisruptionBudgets, 'x', { spec: { maxUnavailable: '90%' } }],
    [kinds.serviceAccounts, 'x', { metadata: { labels: { 'app.kubernetes.io/managed-by': 'me' } } }],
    [kinds.networkPolicies, 'x', { metadata: { ownerReferences: null } }],
  ];
  for (const [kind, name, patch] of edits) {
    const old = JSON.stringify(constant(await get(kind, name)));
    await world.cluster.merge(kind, at(name), patch);
    await eventually(
      () => get(kind, name),
      (child) => JSON.stringify(constant(child)) === old,
    );
    const took = await repairMs(kind, name);
    t.diagnostic(`${kind.kind} ${name} was back after ${took.toFixed()} ms`);
    assert.ok(took < 1_000, `${kind.kind} ${name}: ${took} ms`);
  }
  for (const [kind, name] of children) {
    const { uid } = (await get(kind, name))!.metadata;
    await world.cluster.delete(kind, { ...at(name), uid: uid! });
    await eventually(
      () => get(kind, name),
      (child) => child !== undefined && child.metadata.uid !== uid,
    );
    const took = await repairMs(kind, name);
    t.diagnostic(`${kind.kind} ${name} was there again after ${took.toFixed()} ms`);
    assert.ok(took < 1_000, `${kind.kind} ${name}: ${took} ms`);
  }
  await world.until(at('x'), isReady);
});

test('an object of the same name that is not ours is left alone and reported', { timeout: 60_000 }, async () => {
  const spec = { selector: { app: 'other' }, ports: [{ port: 80 }] };
  await world.apply({ apiVersion: 'v1', kind: 'Service', metadata: at('y'), spec });
  const before = await get(kinds.services, 'y');
  await world.apply(digits(at('y')));
  const stalled = await world.until(at('y'), (now) => conditionOf(now, 'Stalled')?.reason === 'NameConflict');
  assert.match(conditionOf(stalled, 'Ready')!.message, /there is a Service y that is not ours/);
  assert.ok(await get(kinds.deployments, 'y'), 'what can be done is done');
  await setTimeout(1_000);
  assert.deepEqual(await get(kinds.services, 'y'), before);
  assert.match(await kubectl('get', 'events', '--field-selector=reason=NameConflict', '--output=name'), /event\//);
  await kubectl('delete', 'service/y');
  await world.until(at('y'), isReady);
});

test('the replicas that an autoscaler sets are followed', { timeout: 60_000 }, async () => {
  // Without metrics it still keeps to its bounds.
  await world.apply(digits(at('scaled'), { autoscaling: { minReplicas: 3, maxReplicas: 4 } }));
  const { spec, status } = await world.until(at('scaled'), (now) => isReady(now) && now.spec.replicas === 3);
  assert.deepEqual([spec.replicas, status.replicas, status.summary?.models], [3, 3, '1/1']);
  const scales = world.plane.writes().filter(({ objectRef }) => objectRef?.name === 'scaled' && isScale(objectRef));
  assert.match(scales[0]?.user.username ?? '', /horizontal-pod-autoscaler/);
  // Who applies the resource again says nothing of replicas, and so changes nothing.
  await world.apply(digits(at('scaled'), { autoscaling: { minReplicas: 3, maxReplicas: 4 } }));
  assert.equal((await world.until(at('scaled'), isReady)).spec.replicas, 3);
});

test('`kubectl rollout restart` of the Deployment is let happen, and stays', { timeout: 60_000 }, async () => {
  const podsOf = async () =>
    (await kubectl('get', 'pods', '--selector=modelserver.dev/name=y', '--output=name')).trim();
  const before = await podsOf();
  await kubectl('rollout', 'restart', 'deployment/y');
  await kubectl('rollout', 'status', 'deployment/y', '--timeout=30s');
  await world.until(at('y'), isReady);
  const annotations = '--output=jsonpath={.spec.template.metadata.annotations}';
  await eventually(podsOf, (pods) => pods !== before && !pods.includes('\n'));
  assert.match(await kubectl('get', 'deployment/y', annotations), /kubectl.kubernetes.io\/restartedAt/);
});

test('children go with the resource, and nothing is made anew', { timeout: 60_000 }, async () => {
  await world.until(at('x'), isReady);
  await kubectl('delete', 'modelserver/x');
  for (const [kind, name] of children) {
    await eventually(
      () => get(kind, name),
      (child) => child === undefined,
    );
  }
  const before = world.writesOf().length;
  await setTimeout(1_000);
  assert.deepEqual(kindsOf(world.writesOf().slice(before)), []);
  // Deleted and created at once: what is left of the first is not taken for the second's.
  await world.apply(digits(at('again'), wish));
  const first = await world.until(at('again'), isReady);
  await kubectl('delete', 'modelserver/again', '--wait=false');
  await world.apply(digits(at('again'), wish));
  const second = await world.until(at('again'), isReady);
  assert.notEqual(second.metadata.uid, first.metadata.uid);
  const owner = async () => (await get(kinds.deployments, 'again'))?.metadata.ownerReferences?.[0]?.uid;
  await eventually(owner, (uid) => uid === second.metadata.uid);
});

test('a steady state makes no writes for 60 seconds', { timeout: 120_000 }, async () => {
  await setTimeout(calmSince + 60_000 - Date.now());
  const writes = world.writesOf().filter(({ objectRef }) => objectRef?.namespace === calm.namespace);
  assert.ok(writes.length > 0);
  const late = writes.filter((write) => Date.parse(write.requestReceivedTimestamp) > calmSince);
  assert.deepEqual(kindsOf(late), [], await world.plane.kubectl(['get', 'events', `--namespace=${calm.namespace}`]));
  assert.ok(operator.running && (await operator.probe('healthz')));
});

function isScale({ subresource, resource }: NonNullable<AuditEvent['objectRef']>): boolean {
  return resource === 'modelservers' && subresource === 'scale';
}

/** What of an object does not change by itself, nor with each write. */
function constant(object: (KubeObject & { readonly status?: unknown }) | undefined): unknown {
  if (!object) return undefined;
  const { status: _, metadata, ...rest } = object;
  const { name, labels, ownerReferences } = metadata;
  return { name, labels, ownerReferences, ...rest };
}

/** Milliseconds from the last write by hand until the operator's answer to it, by the API server's clock. */
async function repairMs(kind: Kind, name: string): Promise<number> {
  const time = ({ requestReceivedTimestamp }: AuditEvent) => Date.parse(requestReceivedTimestamp);
  // The record is written a moment after the deed.
  const took = await eventually(
    async () => {
      const writes = world.plane
        .writes()
        .filter(({ objectRef }) => objectRef?.resource === kind.plural && objectRef.name === name);
      const byHand = writes.findLast(({ user }) => user.username === 'admin');
      const repair =
        byHand &&
        writes.find((write) => write.user.username.endsWith('modelserver-operator') && time(write) >= time(byHand));
      return repair && time(repair) - time(byHand);
    },
    (ms) => ms !== undefined,
  );
  return took!;
}
