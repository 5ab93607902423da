import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import * as kinds from '../../src/operator/cluster/kinds.ts';
import type { KubeObject } from '../../src/operator/cluster/kube-object.ts';
import { canonicalJson } from '../../src/shared/content-hash.ts';
import { earlierRendering } from '../support/earlier-rendering.ts';
import { at, eventually, isReady, namespace, TestOperator } from '../support/operator.ts';

interface Deployment extends KubeObject {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly enableServiceLinks: boolean;
        readonly containers: readonly { readonly image: string }[];
      };
    };
  };
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A ModelServer that serves on pods which the operator before this one has made. */
async function upgrade(t: TestContext, spec: object = {}, serverImage = 'localhost/modelserver:1') {
  const operator = new TestOperator();
  t.after(() => operator.stop());
  await operator.start();
  await operator.stopOperator();
  await operator.startOperator({ render: earlierRendering });
  await operator.create('x', spec);
  const { status } = await operator.until('x', isReady);
  await sleep(300);
  const pods = await podsOf(operator);
  await operator.stopOperator(1_000);
  operator.writes.length = 0;
  const next = () => operator.startOperator({ serverImage });
  return { operator, status, pods, next };
}

const podsOf = async ({ cluster }: TestOperator) =>
  (await cluster.list(kinds.pods, { namespace })).items.map(({ metadata }) => metadata.uid);
const deploymentOf = async ({ cluster }: TestOperator) => (await cluster.get<Deployment>(kinds.deployments, at('x')))!;
const linksOf = async (operator: TestOperator) => (await deploymentOf(operator)).spec.template.spec.enableServiceLinks;

test('an operator that renders pods otherwise leaves those alone that are there, and writes nothing', async (t) => {
  const { operator, pods, status, next } = await upgrade(t);
  await next();
  await sleep(2_500);
  assert.deepEqual(operator.writes, []);
  assert.deepEqual(await podsOf(operator), pods);
  assert.ok(isReady(await operator.resource('x')));

  // What never reaches the pods' template does not bring the new rendering either.
  await operator.edit('x', {
    replicas: 2,
    models: [{ name: 'digits', required: true, nireq: 2, versionPolicy: { all: {} } }],
  });
  const scaled = await operator.until('x', (resource) => isReady(resource) && resource.status.replicas === 2);
  assert.equal(scaled.status.revision, status.revision);
  assert.equal((await podsOf(operator)).filter((uid) => pods.includes(uid)).length, 1);

  await operator.edit('x', { server: { logLevel: 'DEBUG' } });
  const rolled = await operator.until(
    'x',
    (resource) => isReady(resource) && resource.status.revision !== status.revision,
  );
  assert.equal(await linksOf(operator), false);
  assert.equal(rolled.status.replicas, 2);
});

test('what is changed by hand comes back as it was, whether an operator was there or not', async (t) => {
  const { operator, next } = await upgrade(t);
  const before = await deploymentOf(operator);
  const edit = { spec: { template: { spec: { enableServiceLinks: null, automountServiceAccountToken: true } } } };
  const isBack = (deployment: Deployment) => canonicalJson(deployment.spec) === canonicalJson(before.spec);
  await operator.cluster.merge(kinds.deployments, at('x'), edit);
  await next();
  await eventually(() => deploymentOf(operator), isBack);
  await operator.cluster.merge(kinds.deployments, at('x'), edit);
  await eventually(() => deploymentOf(operator), isBack, 1_000);
});

test('where nobody knows what was, the new rendering is taken', async (t) => {
  const { operator, next } = await upgrade(t);
  await next();
  await operator.cluster.merge(kinds.deployments, at('x'), {
    metadata: { annotations: { 'modelserver.dev/template': null } },
  });
  await eventually(
    () => linksOf(operator),
    (links) => links === false,
  );
  await operator.until('x', isReady);
});

test("pods follow the operator's image, and are rendered anew with it", async (t) => {
  const { operator, next } = await upgrade(t, {}, 'localhost/modelserver:2');
  await next();
  const { spec } = await eventually(
    () => deploymentOf(operator),
    ({ spec }) => !spec.template.spec.enableServiceLinks,
  );
  assert.equal(spec.template.spec.containers[0]!.image, 'localhost/modelserver:2');
});

test('pods with an image of their own do not', async (t) => {
  const { operator, pods, next } = await upgrade(t, { image: 'mine:1' }, 'localhost/modelserver:2');
  await next();
  await sleep(2_500);
  assert.deepEqual(operator.writes, []);
  assert.deepEqual(await podsOf(operator), pods);
});

test('not all at once follow it, and no more than those where it does not work', { timeout: 60_000 }, async (t) => {
  let works = true;
  const operator = new TestOperator((models, host) => {
    models.set({ host, port: 9000 }, 'digits', [{ version: 1, state: works ? 'AVAILABLE' : 'LOADING' }]);
  });
  t.after(() => operator.stop());
  await operator.start();
  const names = Array.from({ length: 8 }, (_, i) => `x${i}`);
  for (const name of names) await operator.create(name);
  for (const name of names) await operator.until(name, isReady);
  await operator.create('broken', { models: [{ name: 'none', required: true, versionPolicy: { all: {} } }] });
  await eventually(
    () => operator.get(kinds.deployments, 'broken'),
    (deployment) => deployment !== undefined,
  );
  await operator.stopOperator(1_000);

  works = false;
  await operator.startOperator({ serverImage: 'localhost/modelserver:2' });
  const moved = async () =>
    operator.cluster
      .peekAll<Deployment>(kinds.deployments)
      .filter(({ spec }) => spec.template.spec.containers[0]!.image.endsWith(':2'))
      .map(({ metadata }) => metadata.name);
  await eventually(moved, (all) => all.length === 6);
  await sleep(5_000);
  const first = await moved();
  assert.equal(first.length, 6, 'five that had served, and one that had not');
  assert.ok(first.includes('broken'));
  for (const name of names.filter((name) => !first.includes(name))) assert.ok(isReady(await operator.resource(name)));

  works = true;
  for (const pod of operator.cluster.peekAll<KubeObject & { status: { podIP: string } }>(kinds.pods)) {
    operator.models.set({ host: pod.status.podIP, port: 9000 }, 'digits', [{ version: 1, state: 'AVAILABLE' }]);
  }
  await eventually(moved, (all) => all.length === 9);
  for (const name of names) await operator.until(name, isReady);
});
