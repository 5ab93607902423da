import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Client, elements, floats, type PredictResponse } from '../../examples/clients/typescript/client.ts';
import { readDigit } from '../../examples/clients/typescript/digit-image.ts';
import { images } from '../../scripts/images/image.ts';
import { eventually } from '../support/server.ts';
import { type Cluster, startCluster } from './cluster.ts';

const digits = join(import.meta.dirname, '../../examples/digits');
const namespace = 'serving';

let cluster: Cluster;
let folder: string;
let client: Client;

before(
  async () => {
    folder = mkdtempSync(join(tmpdir(), 'modelserver-serve-'));
    mkdirSync(join(folder, 'digits'));
    cpSync(join(digits, 'models/digits/1'), join(folder, 'digits/1'), { recursive: true });
    cluster = await startCluster({ name: 'serve', images: [images.server.archive, images.operator.archive] });
    await apply(...objects);
    await cluster.pv('models', folder, { namespace });
    await cluster.kubectl(['rollout', 'status', 'deployment/digits', `--namespace=${namespace}`, '--timeout=240s']);
    const address = await get('service/digits', '{.spec.clusterIP}');
    client = new Client(`127.0.0.1:${await cluster.forward(address, 8080)}`);
  },
  { timeout: 420_000 },
);

after(async () => {
  client?.close();
  await cluster?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

test('a restricted pod serves models from a volume through a Service', async () => {
  const { digit, version } = await eventually(predict, () => true);
  assert.deepEqual({ digit, version }, { digit: 7, version: '1' });
});

test('a version that is copied onto the volume gets served', async (t) => {
  cpSync(join(digits, 'models/digits/2'), join(folder, 'digits/.2'), { recursive: true });
  const start = performance.now();
  renameSync(join(folder, 'digits/.2'), join(folder, 'digits/2'));
  await eventually(predict, ({ version }) => version === '2');
  t.diagnostic(`version 2 was served after ${since(start)}`);
});

// Without the touch it takes the kubelet a minute and a half: 88 s were seen.
test('a change of the ConfigMap arrives at once if the pod is touched right after', { timeout: 120_000 }, async (t) => {
  const pod = await get('pods', '{.items[0].metadata.name}');
  for (const version of [1, 2, 1]) {
    await apply(configMap(version));
    const start = performance.now();
    const touch = `--overwrite modelserver.dev/config=${version}`.split(' ');
    await cluster.kubectl(['annotate', `pod/${pod}`, `--namespace=${namespace}`, ...touch]);
    await eventually(predict, (answer) => answer.version === String(version));
    t.diagnostic(`version ${version} was served after ${since(start)}`);
  }
});

test('any user id will do, and SIGTERM reaches the server', { timeout: 120_000 }, async (t) => {
  const securityContext = { ...podSecurity, runAsUser: 1_000_650_000, runAsGroup: 0 };
  await apply({
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'stranger', namespace } },
    spec: { ...podSpec, securityContext },
  });
  await cluster.kubectl(['wait', 'pod/stranger', '--for=condition=Ready', `--namespace=${namespace}`, '--timeout=60s']);
  const start = performance.now();
  await cluster.kubectl(['delete', 'pod/stranger', `--namespace=${namespace}`, '--timeout=60s']);
  t.diagnostic(`the pod ended after ${since(start)}`);
  assert.ok(performance.now() - start < 15_000, 'it took as long as if it had been killed');
});

test("the operator's image starts as any user, too", { timeout: 120_000 }, async () => {
  const securityContext = { ...podSecurity, runAsUser: 1_000_650_000, runAsGroup: 0 };
  const container = {
    ...{ name: 'operator', image: images.operator.reference, imagePullPolicy: 'Never', args: ['--version'] },
    securityContext: containerSecurity,
  };
  await apply({
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'operator', namespace } },
    spec: { securityContext, restartPolicy: 'Never', containers: [container] },
  });
  const ended = ['--for=jsonpath={.status.phase}=Succeeded', `--namespace=${namespace}`, '--timeout=60s'];
  await cluster.kubectl(['wait', 'pod/operator', ...ended]);
  assert.match(await cluster.kubectl(['logs', 'pod/operator', `--namespace=${namespace}`]), /\d+\.\d+\.\d+/);
});

async function predict(): Promise<{ digit: number | undefined; version: string }> {
  const inputs = { image: floats(await readDigit(join(digits, 'images/7.png')), 1, 8, 8, 1) };
  const request = { model_spec: { name: 'digits' }, inputs };
  const { outputs, model_spec } = await client.call<PredictResponse>('PredictionService', 'Predict', request);
  return { digit: elements(outputs.digit!)[0], version: model_spec.version.value };
}

async function apply(...items: readonly object[]): Promise<void> {
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  await cluster.kubectl(['apply', '--server-side', '--filename=-'], { input });
}

function get(what: string, path: string): Promise<string> {
  return cluster.kubectl(['get', what, `--namespace=${namespace}`, `--output=jsonpath=${path}`]);
}

function since(start: number): string {
  return `${((performance.now() - start) / 1000).toFixed(2)} s`;
}

function configMap(...versions: readonly number[]): object {
  const policy = versions.length > 0 ? { specific: { versions } } : { latest: { num_versions: 1 } };
  const config = { name: 'digits', base_path: '/models/digits', model_version_policy: policy };
  return {
    ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'digits', namespace } },
    data: { 'config.json': JSON.stringify({ model_config_list: [{ config }] }) },
  };
}

const podSecurity = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } };

const containerSecurity = {
  ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
};

const podSpec = {
  securityContext: podSecurity,
  containers: [
    {
      ...{ name: 'modelserver', image: images.server.reference, imagePullPolicy: 'Never' },
      args: ['--config_path', '/etc/modelserver/config.json', '--port', '9000'],
      ports: [{ name: 'grpc', containerPort: 9000 }],
      readinessProbe: { grpc: { port: 9000 }, periodSeconds: 1 },
      securityContext: containerSecurity,
      volumeMounts: [
        { name: 'models', mountPath: '/models', readOnly: true },
        { name: 'config', mountPath: '/etc/modelserver' },
        { name: 'tmp', mountPath: '/tmp' },
      ],
    },
  ],
  volumes: [
    { name: 'models', persistentVolumeClaim: { claimName: 'models', readOnly: true } },
    { name: 'config', configMap: { name: 'digits' } },
    { name: 'tmp', emptyDir: {} },
  ],
};

const labels = { app: 'digits' };

const objects = [
  {
    ...{ apiVersion: 'v1', kind: 'Namespace' },
    metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  },
  configMap(),
  {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'digits', namespace } },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec } },
  },
  {
    ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'digits', namespace } },
    spec: { selector: labels, ports: [{ name: 'grpc', port: 8080, targetPort: 'grpc' }] },
  },
];
