import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { chart, findHelms } from '../../support/helm.ts';
import { startControlPlane } from '../control-plane.ts';
import { Daemon } from '../daemon.ts';
import { freePorts } from '../free-ports.ts';
import { waitFor } from '../is-ready.ts';
import { kubernetesBinaries } from '../kubernetes-binaries.ts';
import { childKinds } from './children.ts';
import { Releases } from './release.ts';

const account = 'system:serviceaccount:operators:modelserver-operator';
const program = join(import.meta.dirname, '../../../bin/modelserver-operator');

/** With all children that there can be. */
const resource = {
  apiVersion: 'modelserver.dev/v1alpha1',
  kind: 'ModelServer',
  metadata: { name: 'digits', namespace: 'blue' },
  spec: {
    repository: { persistentVolumeClaim: { claimName: 'models' } },
    models: [{ name: 'digits' }],
    autoscaling: { maxReplicas: 3, minReplicas: 2 },
    replicas: 2,
    service: { headless: true },
    networkPolicy: { enabled: true },
  },
};
const claim = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'models', namespace: 'blue' },
  spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } },
};

const [helm] = await findHelms(kubernetesBinaries());
assert.ok(helm, 'there must be a Helm');

for (const [where, values] of [
  ['the whole cluster', {}],
  ['its namespaces', { watchNamespaces: ['blue', 'green'] }],
  ['the whole cluster, without the right to patch pods', { pods: { patch: false } }],
] as const) {
  test(`the operator does its work in ${where} with what the chart grants it`, { timeout: 180_000 }, async () => {
    await using plane = await startControlPlane({ name: 'rights', components: ['controller-manager'] });
    const kubectl = (...parameters: string[]) => plane.kubectl(parameters);
    for (const name of ['blue', 'green']) await kubectl('create', 'namespace', name);
    const releases = new Releases(helm, plane);
    const install = ['install', 'modelserver-operator', chart, '--namespace=operators', '--create-namespace'];
    await releases.succeed([...install, '--values=-'], values);

    const kubeconfig = await plane.kubeconfigFor(account, [
      'system:serviceaccounts',
      'system:serviceaccounts:operators',
    ]);
    const [metrics, probes] = await freePorts(2);
    const operator = new Daemon(
      plane.directory,
      'operator',
      [
        ...[program, ...(await flagsOfDeployment()), `--kubeconfig=${kubeconfig}`],
        ...[`--metrics-address=127.0.0.1:${metrics}`, `--probe-address=127.0.0.1:${probes}`],
      ],
      { environment: { POD_NAMESPACE: 'operators', POD_NAME: 'operator-1', RELATED_IMAGE_SERVER: 'server' } },
    );
    await waitFor(
      async () => (await fetch(`http://127.0.0.1:${probes}/readyz`).catch(() => undefined))?.ok ?? false,
      [operator],
    );

    for (const object of [claim, resource]) {
      await plane.kubectl(['create', '--filename=-'], { input: JSON.stringify(object) });
    }
    const children = () =>
      kubectl('get', childKinds, '--namespace=blue', '--selector=modelserver.dev/name=digits', '--output=name');
    await waitFor(async () => (await children()).trim().split('\n').length === 8, [operator]);
    const ready = ['--output=jsonpath={.status.conditions[?(@.type=="Ready")].reason}'];
    await waitFor(
      async () => (await kubectl('get', 'modelserver/digits', '--namespace=blue', ...ready)) !== '',
      [operator],
    );
    // An edit of a child by hand is taken back; a model that goes takes its children along.
    await kubectl('scale', 'deployment/digits', '--namespace=blue', '--replicas=7');
    await waitFor(
      async () =>
        (await kubectl('get', 'deployment/digits', '--namespace=blue', '--output=jsonpath={.spec.replicas}')) === '2',
      [operator],
    );
    const patch = JSON.stringify({
      spec: { networkPolicy: { enabled: false }, models: [{ name: 'digits', nireq: 4 }] },
    });
    await kubectl('patch', 'modelserver/digits', '--namespace=blue', '--type=merge', `--patch=${patch}`);
    await waitFor(async () => !(await children()).includes('networkpolicy'), [operator]);
    await setTimeout(1_000);

    const counted = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
    assert.match(counted, /^rest_client_requests_total\{code="20[01]"/m);
    assert.doesNotMatch(counted, /^rest_client_requests_total\{code="(401|403|405)".*$/m);
    assert.match(counted, /^leader_election_master_status\{name="modelserver-operator"\} 1$/m);
    assert.match(
      await kubectl('get', 'leases', '--namespace=operators', '--output=name'),
      /lease.*\/modelserver-operator/,
    );
    assert.doesNotMatch(operator.lastWords(10_000), /forbidden/i);
    await operator.kill();

    async function flagsOfDeployment(): Promise<string[]> {
      const path = '--output=jsonpath={.spec.template.spec.containers[0].args}';
      return JSON.parse(await kubectl('get', 'deployment/modelserver-operator', '--namespace=operators', path));
    }
  });
}
