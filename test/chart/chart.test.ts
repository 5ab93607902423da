import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { networkPolicy } from '../../src/operator/desired/network-policy.ts';
import { podTemplate } from '../../src/operator/desired/pod-template.ts';
import { readSettings } from '../../src/operator/settings.ts';
import { chart, findHelms, type Rendered } from '../support/helm.ts';
import { modelServer } from '../support/model-server.ts';
import { refusals } from './refusals.ts';
import { renderings } from './renderings.ts';

const helms = await findHelms();
const root = join(import.meta.dirname, '../..');

test('Helm is there', { skip: helms.length === 0 && 'neither KUBE_ASSETS nor PATH has a Helm' }, () => {});

for (const helm of helms) {
  test(`${helm.name} finds nothing to say against the chart`, async () => {
    const { ok, output, errors } = await helm.run(['lint', '--strict', chart]);
    assert.ok(ok, output + errors);
    assert.doesNotMatch(output + errors, /\[(WARNING|ERROR)\]/);
  });

  for (const { name, values, check } of renderings) {
    test(`${helm.name} renders ${name}`, async () => {
      const objects = await helm.render(values);
      checkAlways(objects);
      check(objects);
    });
  }

  for (const { name, values, message } of refusals) {
    test(`${helm.name} refuses ${name}`, async () => {
      const { ok, errors } = await helm.template(values);
      assert.equal(ok, false);
      assert.match(errors, message);
    });
  }

  test(`${helm.name} refuses a cluster that is too old`, async () => {
    const { ok, errors } = await helm.template({}, '--kube-version=1.29.9');
    assert.equal(ok, false);
    assert.match(errors, /requires kubeVersion: >=1\.30\.0-0/);
  });

  test(`${helm.name} renders the CustomResourceDefinitions as they are in crds/`, async () => {
    const rendered = (await helm.render({})).filter(({ kind }) => kind === 'CustomResourceDefinition');
    const truth = readdirSync(join(root, 'crds'))
      .toSorted()
      .map((name) => parse(readFileSync(join(root, 'crds', name), 'utf8')) as Rendered);
    assert.ok(truth.length > 0);
    assert.deepEqual(
      rendered.map(({ metadata: { name }, ...rest }) => ({ ...rest, metadata: { name } })),
      truth,
    );
  });
}

/** What holds whatever the values are. */
function checkAlways(objects: readonly Rendered[]): void {
  assert.ok(objects.length > 0);
  const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`);
  assert.deepEqual(names.toSorted(), [...new Set(names)].toSorted(), 'no object twice');
  const clusterWide = ['ClusterRole', 'ClusterRoleBinding', 'CustomResourceDefinition'];
  for (const { kind, metadata } of objects) {
    assert.equal(metadata.namespace === undefined, clusterWide.includes(kind), `${kind} ${metadata.name}`);
    assert.match(JSON.stringify(metadata.labels), /"app.kubernetes.io\/managed-by":"Helm"/);
  }
  checkRights(objects);
  checkPods(objects);
  checkReach(objects);
}

/** Whatever names the chart is given: a ModelServer's NetworkPolicy lets the operator's pods in. */
function checkReach(objects: readonly Rendered[]): void {
  const deployment = objects.find(({ kind }) => kind === 'Deployment')!;
  const owner = modelServer({ networkPolicy: { enabled: true } });
  const pods = podTemplate(owner, 'server:1');
  const surroundings = { operatorNamespace: 'operators', podMonitors: false };
  const policy = networkPolicy(owner, { pods, config: '' }, surroundings) as unknown as Rendered;
  const wanted = policy.spec.ingress[1].from[0].podSelector.matchLabels as Record<string, string>;
  for (const [key, value] of Object.entries(wanted)) {
    assert.equal(deployment.spec.template.metadata.labels[key], value, key);
  }
}

function checkRights(objects: readonly Rendered[]): void {
  for (const { kind, metadata, rules } of objects) {
    if (kind !== 'Role' && kind !== 'ClusterRole') continue;
    const forUsers = Object.keys(metadata.labels ?? {}).some((key) => key.includes('/aggregate-to-'));
    for (const { apiGroups, resources, verbs } of rules) {
      const words: string[] = [...apiGroups, ...resources, ...(forUsers ? [] : verbs)];
      assert.ok(!words.some((word) => word.includes('*')), `${metadata.name} grants ${words}`);
      assert.ok(!resources.includes('secrets'), `${metadata.name} grants secrets`);
      const escalating = ['escalate', 'bind', 'impersonate'].filter((verb) => verbs.includes(verb));
      assert.deepEqual(escalating, []);
    }
  }
}

function checkPods(objects: readonly Rendered[]): void {
  const services = objects.filter(({ kind }) => kind === 'Service');
  const pods = objects.flatMap((object) => {
    if (object.kind === 'Deployment') return object.spec.template as Rendered;
    return object.kind === 'Pod' ? object : [];
  });
  assert.equal(pods.length, 2, 'the operator, and the test');
  for (const { metadata, spec } of pods) {
    assert.equal(spec.securityContext.runAsNonRoot, true);
    assert.equal(spec.securityContext.seccompProfile.type, 'RuntimeDefault');
    assert.ok(!('hostNetwork' in spec));
    for (const { securityContext, resources, image } of spec.containers) {
      assert.equal(securityContext.allowPrivilegeEscalation, false);
      assert.equal(securityContext.readOnlyRootFilesystem, true);
      assert.deepEqual(securityContext.capabilities.drop, ['ALL']);
      assert.ok(resources.limits.memory);
      assert.match(image, /^[^@]+(:[^@:]+|@sha256:[0-9a-f]{64})$/);
    }
    for (const { args, env } of spec.containers) if (args) checkArguments(args, env);
    const isOperator = spec.containers[0].name === 'operator';
    for (const service of services) assert.equal(selects(service.spec.selector, metadata.labels ?? {}), isOperator);
  }
}

/** The operator itself reads its flags. */
function checkArguments(args: readonly string[], env: readonly { name: string; value?: string }[]): void {
  const environment = Object.fromEntries(env.map(({ name, value }) => [name, value ?? 'from-the-pod']));
  const read = readSettings(args, environment, 'unique');
  assert.ok(read.kind === 'run', JSON.stringify(read));
  assert.equal(read.settings.identity, 'from-the-pod');
  assert.equal(read.settings.namespace, 'from-the-pod');
  assert.equal(read.settings.serverImage, environment.RELATED_IMAGE_SERVER);
}

function selects(selector: Readonly<Record<string, string>>, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}
