import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { chart, findHelms } from '../../support/helm.ts';
import { type Condition, situations } from '../../support/truth-table.ts';
import { type ControlPlane, startControlPlane } from '../control-plane.ts';
import { crdsEstablished } from '../established.ts';
import { kubernetesBinaries } from '../kubernetes-binaries.ts';
import { Releases } from './release.ts';

/** Those who wait for a ModelServer, on a real API server; its status is written here in the operator's place. */
const example = readFileSync(join(chart, 'files/example.yaml'), 'utf8');
const crds = join(import.meta.dirname, '../../../crds');
const helm4 = (await findHelms(kubernetesBinaries())).find(({ name }) => name === 'helm4');

let plane: ControlPlane;
before(async () => {
  plane = await startControlPlane({ name: 'waiting' });
  await kubectl('apply', '--server-side', `--filename=${crds}`);
  await crdsEstablished(plane.kubectl);
});
after(() => plane.stop());

const kubectl = (...parameters: string[]) => plane.kubectl([...parameters, '--namespace=default']);

/** The situations are of an object that has been edited once. */
async function create(): Promise<void> {
  await plane.kubectl(['create', '--namespace=default', '--filename=-'], { input: example });
  await kubectl('patch', 'modelserver/digits', '--type=merge', '--patch={"spec":{"replicas":2}}');
}

async function writeStatus(status: object): Promise<void> {
  const patch = JSON.stringify({ status });
  await kubectl('patch', 'modelserver/digits', '--subresource=status', '--type=merge', `--patch=${patch}`);
}

test('kubectl wait --for=condition=Ready waits until all is as asked for', { timeout: 120_000 }, async (context) => {
  await create();
  assert.equal(await kubectl('get', 'modelserver/digits', '--output=jsonpath={.status.observedGeneration}'), '-1');
  for (const { name, object, kstatus } of situations) {
    // A deletion, and an object that is missing its status, are the API server's to make.
    const { status, metadata } = object;
    if (metadata.deletionTimestamp !== undefined || status?.conditions === undefined) continue;
    await context.test(`${name}: ${kstatus}`, async () => {
      await writeStatus(status);
      const waiting = kubectl('wait', 'modelserver/digits', '--for=condition=Ready', '--timeout=0s');
      if (kstatus === 'Current') assert.match(await waiting, /condition met/);
      else await assert.rejects(waiting, /timed out|condition/);
    });
  }
  await kubectl('delete', 'modelserver/digits');
});

test('helm --wait of Helm 4', {
  timeout: 300_000,
  skip: helm4 === undefined && 'there is no helm4',
}, async (context) => {
  const releases = new Releases(helm4!, plane);
  const models = chartOf(example);
  const wait = ['digits', '--namespace=default', models, '--wait', '--timeout=20s'];

  await context.test('waits for an object that nobody has looked at, and until all is as asked for', async () => {
    const installing = releases.run(['install', ...wait]);
    let ended = false;
    void installing.then(() => {
      ended = true;
    });
    await created();
    await setTimeout(3_000);
    assert.equal(ended, false, 'the schema gives it a status that nobody would take for an end');
    await writeStatus({ observedGeneration: 1, conditions: conditionsOf('rolling') });
    await setTimeout(3_000);
    assert.equal(ended, false, 'Reconciling');
    await writeStatus({ observedGeneration: 1, conditions: conditionsOf('steady') });
    const { ok, errors } = await installing;
    assert.ok(ok, errors);
  });

  await context.test('fails when the new generation is stalled, although the last good version serves', async () => {
    const upgrading = releases.run(['upgrade', ...wait, '--set=replicas=2']);
    await setTimeout(2_000);
    const conditions = conditionsOf('a version does not load, the last good one serves');
    await writeStatus({ observedGeneration: 2, conditions });
    const { ok, errors } = await upgrading;
    assert.equal(ok, false);
    assert.match(errors, /digits/);
  });
});

async function created(): Promise<void> {
  for (let i = 0; i < 50; i++) {
    if ((await kubectl('get', 'modelservers', '--output=name')) !== '') return;
    await setTimeout(200);
  }
  throw new Error('no ModelServer was created');
}

/** As a merge patch takes them: with those of the last situation gone. */
function conditionsOf(name: string): readonly Condition[] {
  const situation = situations.find((one) => one.name === name);
  assert.ok(situation?.object.status?.conditions, name);
  return situation.object.status.conditions;
}

/** A chart of a user, with nothing but a ModelServer in it. */
function chartOf(resource: string): string {
  const directory = mkdtempSync(join(plane.directory, 'models-'));
  mkdirSync(join(directory, 'templates'));
  writeFileSync(join(directory, 'Chart.yaml'), 'apiVersion: v2\nname: models\nversion: 0.0.1\n');
  writeFileSync(join(directory, 'values.yaml'), 'replicas: 1\n');
  writeFileSync(
    join(directory, 'templates/models.yaml'),
    resource.replace('spec:\n', 'spec:\n  replicas: {{ .Values.replicas }}\n'),
  );
  return directory;
}
