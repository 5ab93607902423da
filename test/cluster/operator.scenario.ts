import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { credentials, Client as GrpcClient, Metadata } from '@grpc/grpc-js';
import { Client } from '../../examples/clients/typescript/client.ts';
import { readDigit } from '../../examples/clients/typescript/digit-image.ts';
import { images, root } from '../../scripts/images/image.ts';
import type { ModelServer } from '../../src/operator/api/model-server.ts';
import { chart, Helm } from '../support/helm.ts';
import { conditionOf, eventually } from '../support/operator.ts';
import type { ReceivedSpan } from '../support/otlp-spans.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { Daemon } from './daemon.ts';
import { kubernetesBinaries } from './kubernetes-binaries.ts';
import { digits, predictSeven, SteadyLoad } from './steady-load.ts';

// The whole way, as a user goes it, on a real node with the images that `make images` builds.

const namespace = 'models';
const replicas = 2;
let cluster: Cluster;
let folder: string;
let address: string;
let client: Client;
let collector: { readonly endpoint: string; spans(): ReceivedSpan[] };

before(
  async () => {
    folder = mkdtempSync(join(tmpdir(), 'modelserver-volume-'));
    mkdirSync(join(folder, 'digits'));
    copyVersion(1);
    cluster = await startCluster({ name: 'operator', images: [images.server.archive, images.operator.archive] });
    await cluster.kubectl(['create', 'namespace', namespace]);
    await cluster.kubectl(['label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted']);
    await cluster.pv('models', folder, { namespace });
    collector = await startCollector();
  },
  { timeout: 300_000 },
);

after(async () => {
  client?.close();
  await cluster?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

test('helm install: the operator is ready', { timeout: 180_000 }, async (t) => {
  await timed(t, 'helm install --wait', () =>
    helm(
      ...['install', 'modelserver-operator', chart, '--namespace=modelserver-system', '--create-namespace', '--wait'],
      ...['--timeout=120s', `--set=otel.endpoint=${collector.endpoint}`, '--set=replicas=2'],
    ),
  );
});

test('kubectl apply: pods get ready, and the status says that all is served', { timeout: 180_000 }, async (t) => {
  const example = readFileSync(join(root, 'examples/modelserver.yaml'), 'utf8');
  await timed(t, 'kubectl apply until Ready', async () => {
    await cluster.kubectl(['apply', `--namespace=${namespace}`, '--filename=-'], { input: example });
    await cluster.kubectl([
      'wait',
      '--for=condition=Ready',
      'modelserver/digits',
      `--namespace=${namespace}`,
      '--timeout=120s',
    ]);
  });
  const { status } = await resource();
  assert.deepEqual(status.summary, { models: '1/1' });
  assert.equal(status.models![0]!.versions![0]!.pods, `${replicas}/${replicas}`);
  assert.equal(status.models![0]!.servingVersion, 1);
  t.diagnostic(await cluster.kubectl(['get', 'modelservers', `--namespace=${namespace}`]));
});

test("a Predict through the Service's cluster address is right", { timeout: 60_000 }, async () => {
  const path = '--output=jsonpath={.spec.clusterIP}';
  const host = await cluster.kubectl(['get', 'service/digits', `--namespace=${namespace}`, path]);
  address = `127.0.0.1:${await cluster.forward(host, 8080)}`;
  client = new Client(address);
  const answer = await eventually(
    () => predictSeven(client).catch((error: Error) => error),
    (result) => !(result instanceof Error),
  );
  assert.deepEqual(answer, { digit: 7, version: '1' });
});

test('so is one over REST', { timeout: 60_000 }, async () => {
  const { status } = await resource();
  const [, port] = /^digits\.models\.svc\.cluster\.local:(\d+)$/.exec(status.endpoints!.rest!)!;
  const path = '--output=jsonpath={.spec.clusterIP}';
  const host = await cluster.kubectl(['get', 'service/digits', `--namespace=${namespace}`, path]);
  const url = `http://127.0.0.1:${await cluster.forward(host, Number(port))}/v2/models/digits/infer`;
  const data = [...(await readDigit(join(digits, 'images/7.png')))];
  const inputs = [{ name: 'image', datatype: 'FP32', shape: [1, 8, 8, 1], data }];
  const response = await fetch(url, { method: 'POST', body: JSON.stringify({ inputs, outputs: [{ name: 'digit' }] }) });
  assert.equal(response.status, 200);
  const { outputs } = (await response.json()) as { outputs: [{ data: number[] }] };
  assert.deepEqual(outputs[0].data, [7]);
});

test('version 2, copied onto the volume, is served by every replica', { timeout: 60_000 }, async (t) => {
  await timed(t, 'version 2 copied until the status says so', async () => {
    copyVersion(2);
    await until(({ status }) => status.models?.[0]?.servingVersion === 2 && status.summary?.models === '1/1');
  });
  const { status } = await resource();
  assert.equal(status.models![0]!.versions!.find(({ version }) => version === 2)!.pods, `${replicas}/${replicas}`);
  assert.equal((await predictSeven(client)).version, '2');
});

test('a broken version 3 leaves Available True, and the status says why', { timeout: 60_000 }, async (t) => {
  const load = new SteadyLoad(address, 50);
  await timed(t, 'broken version 3 copied until the status says so', async () => {
    mkdirSync(join(folder, 'digits/.3'));
    writeFileSync(join(folder, 'digits/.3/digits.xml'), '<net>');
    renameSync(join(folder, 'digits/.3'), join(folder, 'digits/3'));
    await until((resource) => conditionOf(resource, 'Stalled')?.reason === 'ModelLoadFailed');
  });
  const stalled = await until(({ status }) => status.models?.[0]?.versions?.[0]?.pods === `0/${replicas}`);
  assert.equal(conditionOf(stalled, 'Available')?.status, 'True');
  assert.equal(conditionOf(stalled, 'Ready')?.status, 'False');
  assert.match(
    conditionOf(stalled, 'Ready')!.message,
    /^model digits: version 3 does not load on [12]\/2 pods; version 2 serves on: ./,
  );
  t.diagnostic(conditionOf(stalled, 'Ready')!.message);
  unfailing(t, await load.stop());
});

test('the versions that Git names are rolled out, forward and back, with no failed request', {
  timeout: 120_000,
}, async (t) => {
  const load = new SteadyLoad(address, 50);
  for (const version of [2, 1, 2]) {
    await timed(t, `specific: {versions: [${version}]} until Ready`, async () => {
      await edit({ models: [{ name: 'digits', versionPolicy: { specific: { versions: [version] } } }] });
      await until((resource) => isReady(resource) && resource.status.models?.[0]?.servingVersion === version);
    });
    assert.equal((await predictSeven(client)).version, String(version));
  }
  unfailing(t, await load.stop());
});

test('once it is ready, a label that moves has moved on every pod', { timeout: 120_000 }, async (t) => {
  const wish = { name: 'digits', versionPolicy: { specific: { versions: [1, 2] } } };
  const isThere = ['wait', '--for=condition=Ready', 'modelserver/digits', '--timeout=30s', `--namespace=${namespace}`];
  const addresses = ['--selector=modelserver.dev/name=digits', '--output=jsonpath={.items[*].status.podIP}'];
  const hosts = (await cluster.kubectl(['get', 'pods', `--namespace=${namespace}`, ...addresses])).split(' ');
  assert.equal(hosts.length, replicas);
  const pods = await Promise.all(
    hosts.map(async (host) => new Client(`127.0.0.1:${await cluster.forward(host, 9000)}`)),
  );
  t.after(() => {
    for (const pod of pods) pod.close();
  });
  // Both versions serve all the time: nothing but the config tells that one has moved.
  for (const stable of [1, 2, 1, 2, 1]) {
    await timed(t, `versionLabels: {stable: ${stable}} until Ready`, async () => {
      await edit({ models: [{ ...wish, versionLabels: { stable } }] });
      await cluster.kubectl(isThere);
    });
    const answers = await Promise.all(pods.map((pod) => predictSeven(pod, { version_label: 'stable' })));
    assert.deepEqual(answers, Array(replicas).fill({ digit: 7, version: String(stable) }));
  }
  await edit({ models: [{ name: 'digits', versionPolicy: { specific: { versions: [2] } } }] });
  await until(isReady);
});

test('a change of the pods replaces them one by one, with no failed request', { timeout: 180_000 }, async (t) => {
  const load = new SteadyLoad(address, 50);
  const { revision } = (await resource()).status;
  await timed(t, 'server.logLevel edited until Ready', async () => {
    await edit({ server: { logLevel: 'DEBUG' } });
    await until((resource) => isReady(resource) && resource.status.revision !== revision, 120_000);
  });
  await timed(t, 'kubectl scale to 3 until Ready', async () => {
    await cluster.kubectl(['scale', 'modelserver/digits', '--replicas=3', `--namespace=${namespace}`]);
    await until((resource) => isReady(resource) && resource.status.readyReplicas === 3, 60_000);
  });
  unfailing(t, await load.stop());
});

test('spans of a request, in its trace, and of a reconcile arrive at a collector', { timeout: 180_000 }, async (t) => {
  await timed(t, 'observability.otel edited until Ready', async () => {
    await edit({ observability: { otel: { endpoint: collector.endpoint } }, replicas: 1 });
    await until((resource) => isReady(resource) && resource.status.replicas === 1, 120_000);
  });
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  // For a moment, a request may still reach a pod of before, which sends no traces.
  const request = await eventually(
    async () => {
      await getModelStatus(traceId);
      await new Promise((resolve) => setTimeout(resolve, 1000));
      return collector.spans().find((span) => span.traceId === traceId && span.kind === 'SERVER');
    },
    (span) => span !== undefined,
    30_000,
  );
  assert.match(request!.name, /GetModelStatus/);
  const reconcile = await eventually(
    async () => {
      const spans = collector.spans();
      const roots = spans.filter(({ name }) => name === 'reconcile ModelServer');
      return roots.find(({ spanId }) => {
        const children = spans.filter(({ parentSpanId }) => parentSpanId === spanId).map(({ name }) => name);
        return children.includes('GetModelStatus') && children.some((name) => name.startsWith('apply'));
      });
    },
    (span) => span !== undefined,
    30_000,
  );
  assert.equal(reconcile!.attributes['k8s.namespace.name'], namespace);
  assert.equal(reconcile!.attributes['modelserver.name'], 'digits');
});

test('helm uninstall leaves the models serving', { timeout: 120_000 }, async (t) => {
  const load = new SteadyLoad(address, 50);
  await timed(t, 'helm uninstall', () =>
    helm('uninstall', 'modelserver-operator', '--namespace=modelserver-system', '--wait'),
  );
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  unfailing(t, await load.stop());
  assert.equal((await resource()).kind, 'ModelServer');
});

function copyVersion(version: number): void {
  const to = join(folder, 'digits');
  cpSync(join(digits, `models/digits/${version}`), join(to, `.${version}`), { recursive: true });
  renameSync(join(to, `.${version}`), join(to, String(version)));
}

async function helm(...parameters: readonly string[]): Promise<void> {
  const { ok, errors } = await new Helm('helm4', join(kubernetesBinaries(), 'helm4')).run(parameters, {
    env: { KUBECONFIG: cluster.kubeconfig, HOME: cluster.directory },
  });
  assert.ok(ok, errors);
}

async function resource(): Promise<ModelServer> {
  const parameters = ['get', 'modelserver/digits', `--namespace=${namespace}`, '--output=json'];
  return JSON.parse(await cluster.kubectl(parameters));
}

function until(isSo: (resource: ModelServer) => boolean, ms = 30_000): Promise<ModelServer> {
  return eventually(resource, isSo, ms);
}

function isReady(resource: ModelServer): boolean {
  const { metadata, status } = resource;
  return status.observedGeneration === metadata.generation && conditionOf(resource, 'Ready')?.status === 'True';
}

/** What a commit to Git does in the end. */
async function edit(spec: object): Promise<void> {
  const patch = `--patch=${JSON.stringify({ spec })}`;
  await cluster.kubectl(['patch', 'modelserver/digits', `--namespace=${namespace}`, '--type=merge', patch]);
}

function unfailing(
  t: TestContext,
  { answered, failures, versions, longestMs }: Awaited<ReturnType<SteadyLoad['stop']>>,
): void {
  t.diagnostic(`${answered} requests answered, by version ${JSON.stringify(versions)}, the longest in ${longestMs} ms`);
  assert.deepEqual(failures, []);
  assert.ok(answered > 50, `only ${answered} requests`);
}

async function timed(t: TestContext, what: string, work: () => Promise<void>): Promise<void> {
  const start = performance.now();
  await work();
  t.diagnostic(`${what}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
}

/** In the caller's trace. */
function getModelStatus(traceId: string): Promise<Buffer> {
  const caller = new GrpcClient(address, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('traceparent', `00-${traceId}-00f067aa0ba902b7-01`);
  const name = Buffer.from('digits');
  // model_spec (1) with name (1).
  const request = Buffer.concat([Buffer.from([0x0a, name.length + 2, 0x0a, name.length]), name]);
  const same = (bytes: Buffer) => bytes;
  return new Promise((resolve, reject) => {
    const path = '/tensorflow.serving.ModelService/GetModelStatus';
    caller.makeUnaryRequest(path, same, same, request, metadata, (error, answer) => {
      caller.close();
      if (error) reject(error);
      else resolve(answer!);
    });
  });
}

async function startCollector(): Promise<typeof collector> {
  const program = [process.execPath, join(import.meta.dirname, 'collector.ts')];
  const daemon = new Daemon(cluster.sandbox.directory, 'collector', program, { through: cluster.sandbox.network });
  const lines = () => readFileSync(daemon.log, 'utf8').split('\n').slice(0, -1);
  const [port] = await eventually(
    async () => lines(),
    (all) => all.length > 0,
  );
  return {
    endpoint: `http://${cluster.sandbox.address}:${port}`,
    spans: () =>
      lines()
        .slice(1)
        .map((line) => JSON.parse(line) as ReceivedSpan),
  };
}
