import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { ModelServer } from '../../../src/operator/api/model-server.ts';
import { deployments, modelServers } from '../../../src/operator/cluster/kinds.ts';
import { createKubeCluster } from '../../../src/operator/cluster/kube/create-kube-cluster.ts';
import type { KubeCall, KubeCluster } from '../../../src/operator/cluster/kube/kube-cluster.ts';
import type { Kind, KubeObject } from '../../../src/operator/cluster/kube-object.ts';
import type { ModelServerController } from '../../../src/operator/controller/model-server-controller.ts';
import { createLog } from '../../../src/shared/log.ts';
import { earlierRendering } from '../../support/earlier-rendering.ts';
import { FakeModels } from '../../support/fake-models.ts';
import { startController } from '../../support/operator.ts';
import { type ControlPlane, startControlPlane } from '../control-plane.ts';
import { crdsEstablished } from '../established.ts';
import { eventually } from './eventually.ts';

// What an upgrade of the operator does to pods that are there: two versions of it that render pods differently, one after the other.

interface Template {
  readonly spec: { readonly enableServiceLinks: boolean; readonly automountServiceAccountToken: boolean };
}
type WithTemplate = KubeObject & { readonly spec: { readonly replicas: number; readonly template: Template } };

const namespace = 'default';
const replicaSets: Kind = { apiVersion: 'apps/v1', kind: 'ReplicaSet', plural: 'replicasets', namespaced: true };
const names = ['one', 'two', 'three'];

let plane: ControlPlane;
let cluster: KubeCluster;
let controller: ModelServerController | undefined;
let writes: string[] = [];
let setsBefore: string[];

before(
  async () => {
    plane = await startControlPlane({ name: 'upgrade', components: ['controller-manager'] });
    await plane.kubectl(['apply', '--server-side', '--filename=crds/modelserver.dev_modelservers.yaml']);
    await crdsEstablished(plane.kubectl);
    const onCall = ({ verb, kind, name, status }: KubeCall) => {
      if (['create', 'update', 'patch', 'delete'].includes(verb)) writes.push(`${verb} ${kind} ${name}: ${status}`);
    };
    const log = createLog({ level: 'error' });
    cluster = await createKubeCluster({ log, kubeconfig: plane.kubeconfig, callsPerSecond: 1000, burst: 1000, onCall });
    await startOperator({ render: earlierRendering });
    const { apiVersion, kind } = modelServers;
    const spec = { repository: { hostPath: { path: '/models' } }, models: [{ name: 'digits' }], replicas: 2 };
    for (const name of names) {
      await cluster.create(modelServers, { apiVersion, kind, metadata: { namespace, name }, spec } as KubeObject);
    }
    await eventually(
      () => sets(),
      (all) => all.length === names.length,
    );
    await quiet();
    setsBefore = await sets();
    await stopOperator();
  },
  { timeout: 120_000 },
);

after(async () => {
  await stopOperator();
  cluster?.close();
  await plane?.stop();
});

async function startOperator(options: Partial<Parameters<typeof startController>[0]> = {}): Promise<void> {
  const log = createLog({ level: 'error' });
  const parts = { cluster, models: new FakeModels(), announce: () => {}, log, allowHostPath: true };
  controller = await startController({ ...parts, ...options });
}

async function stopOperator(): Promise<void> {
  await controller?.stopActing(5_000);
  await controller?.stop();
  controller = undefined;
}

/** Waits until nothing was written for two seconds. @throws after a minute */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) {
    writes = [];
    await setTimeout(2000);
    if (writes.length === 0) return;
  }
  throw new Error(`it goes on writing: ${writes.join(', ')}`);
}

/** The uids of all ReplicaSets, that is: of all templates that pods were ever made from. */
async function sets(): Promise<string[]> {
  const { items } = await cluster.list(replicaSets, { namespace });
  return items.map(({ metadata }) => metadata.uid!).toSorted();
}

const deploymentOf = async (name: string) => (await cluster.get<WithTemplate>(deployments, { namespace, name }))!;
const linksOf = async (name: string) => (await deploymentOf(name)).spec.template.spec.enableServiceLinks;
const edit = (name: string, spec: object) => cluster.merge<ModelServer>(modelServers, { namespace, name }, { spec });

test('the next version leaves all pods alone, and writes nothing', { timeout: 60_000 }, async () => {
  assert.equal(setsBefore.length, names.length);
  writes = [];
  await startOperator();
  await setTimeout(5_000);
  assert.deepEqual(writes, []);
  assert.deepEqual(await sets(), setsBefore);
  for (const name of names) assert.equal(await linksOf(name), true, name);
});

test('what is scaled stays what it is', { timeout: 60_000 }, async () => {
  await edit('two', { replicas: 3 });
  await eventually(
    () => deploymentOf('two'),
    ({ spec }) => spec.replicas === 3,
  );
  await quiet();
  assert.deepEqual(await sets(), setsBefore);
});

test('what is changed by hand comes back, as it was', { timeout: 60_000 }, async (t) => {
  await plane.kubectl([
    ...['patch', 'deployment/two', `--namespace=${namespace}`, '--type=merge'],
    '--patch={"spec":{"template":{"spec":{"automountServiceAccountToken":true,"enableServiceLinks":false}}}}',
  ]);
  const began = performance.now();
  await eventually(
    () => deploymentOf('two'),
    ({ spec: { template } }) => template.spec.enableServiceLinks && !template.spec.automountServiceAccountToken,
  );
  const ms = performance.now() - began;
  t.diagnostic(`back after ${Math.round(ms)} ms`);
  assert.ok(ms < 3_000, `${ms} ms`);
  await quiet();
  // The Deployment goes back to the ReplicaSet that it had; the one of the edit stays as history.
  const all = await sets();
  assert.ok(setsBefore.every((uid) => all.includes(uid)));
});

test('a change of the resource rolls its pods, and they are rendered by the new version', {
  timeout: 60_000,
}, async () => {
  const before = await sets();
  await edit('three', { server: { logLevel: 'DEBUG' } });
  await eventually(
    () => linksOf('three'),
    (links) => links === false,
  );
  const after = await eventually(
    () => sets(),
    (all) => all.length > before.length,
  );
  assert.equal(after.length, before.length + 1);
  assert.equal(await linksOf('one'), true, 'the others go on');
});

test("another image of the operator's rolls those that name none", { timeout: 60_000 }, async () => {
  await edit('two', { image: 'mine:1' });
  await quiet();
  const before = await sets();
  await stopOperator();
  await startOperator({ serverImage: 'localhost/modelserver:2' });
  await eventually(
    () => linksOf('one'),
    (links) => links === false,
  );
  await quiet();
  assert.equal((await sets()).length, before.length + 2, 'one and three');
});
