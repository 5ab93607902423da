import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { root } from '../../../scripts/images/image.ts';
import { chart, findHelms, type HelmRun } from '../../support/helm.ts';
import { conditionOf, isReady } from '../../support/operator.ts';
import { DigitsCluster, namespace, timed } from '../digits-cluster.ts';
import { kubernetesBinaries } from '../kubernetes-binaries.ts';
import { Releases } from './release.ts';

// `helm --wait` of Helm 4 over the real operator on a real node, with a chart such as users have.

const helm4 = (await findHelms(kubernetesBinaries())).find(({ name }) => name === 'helm4');
const options = { timeout: 180_000, skip: helm4 === undefined && 'there is no helm4' };
const waiting = ['--wait', '--timeout=110s'];
let digits: DigitsCluster;
let releases: Releases;
let models: string;

before(
  async () => {
    if (helm4 === undefined) return;
    digits = await DigitsCluster.start('helm-wait');
    digits.folder.copy(1);
    digits.folder.copy(2);
    digits.folder.addBroken(3);
    releases = new Releases(helm4, digits.cluster);
    models = chartOfUser(digits.cluster.directory);
    const where = ['--namespace=modelserver-system', '--create-namespace'];
    await releases.succeed(['install', 'modelserver-operator', chart, ...where, ...waiting]);
  },
  { timeout: 300_000 },
);

after(() => digits?.stop());

test('install ends when the models are served', options, async (t) => {
  await succeeds(await timed(t, 'install', () => helm('install', 'models', models, '--set=version=1', ...waiting)), 1);
});

test('upgrade ends when the new version is served', options, async (t) => {
  await succeeds(await timed(t, 'upgrade', () => helm('upgrade', 'models', models, '--set=version=2', ...waiting)), 2);
});

test("upgrade to a version that does not load fails at once, with the server's own words", options, async (t) => {
  const { ok, errors } = await timed(t, 'upgrade', () =>
    helm('upgrade', 'models', models, '--set=version=3', '--wait', '--timeout=15m'),
  );
  t.diagnostic(errors);
  assert.equal(ok, false);
  assert.match(errors, /ModelServer\/models\/digits not ready\. status: Failed, message: model digits: version 3 does/);
  assert.equal(conditionOf(await digits.resource(), 'Available')?.status, 'True');
});

test('rollback ends when the version of before is all that is wanted', options, async (t) => {
  await succeeds(await timed(t, 'rollback', () => helm('rollback', 'models', '2', ...waiting)), 2);
});

test('--rollback-on-failure goes back by itself', options, async (t) => {
  const { ok, errors } = await timed(t, 'upgrade and back', () =>
    helm('upgrade', 'models', models, '--set=version=3', '--rollback-on-failure', ...waiting),
  );
  assert.equal(ok, false);
  assert.match(errors, /rolled back|rollback/);
  await succeeds({ ok: true, output: '', errors: '' }, 2);
});

test('uninstall --wait ends when the ModelServer is gone', options, async () => {
  const { ok, errors } = await helm('uninstall', 'models', ...waiting);
  assert.ok(ok, errors);
  assert.equal(await digits.kubectl('get', 'modelservers', '--output=name'), '');
});

function helm(...parameters: readonly string[]): Promise<HelmRun> {
  return releases.run([...parameters, `--namespace=${namespace}`]);
}

async function succeeds({ ok, errors }: HelmRun, version: number): Promise<void> {
  assert.ok(ok, errors);
  const resource = await digits.resource();
  assert.ok(isReady(resource), 'the ModelServer is ready');
  assert.equal(resource.status.models![0]!.servingVersion, version);
}

function chartOfUser(parent: string): string {
  const directory = mkdtempSync(join(parent, 'models-'));
  mkdirSync(join(directory, 'templates'));
  writeFileSync(join(directory, 'Chart.yaml'), 'apiVersion: v2\nname: models\nversion: 0.0.1\n');
  writeFileSync(join(directory, 'values.yaml'), 'version: 1\n');
  const example = readFileSync(join(root, 'examples/modelserver.yaml'), 'utf8');
  const policy = /latest:\n +numVersions: 1\n/;
  assert.match(example, policy);
  writeFileSync(
    join(directory, 'templates/models.yaml'),
    example.replace(policy, 'specific: {versions: [{{ .Values.version }}]}\n'),
  );
  return directory;
}
