import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelServer } from '../../../test/support/model-server.ts';
import { podTemplate } from './pod-template.ts';

interface Container {
  readonly name: string;
  readonly image: string;
  readonly securityContext: object;
  readonly ports: readonly { name: string; containerPort: number }[];
  readonly readinessProbe: { readonly grpc: object };
  readonly [field: string]: unknown;
}

interface Template {
  readonly metadata: { readonly labels: Record<string, string>; readonly annotations: Record<string, string> };
  readonly spec: { readonly containers: readonly Container[]; readonly [field: string]: unknown };
}

const image = 'registry.example.com/modelserver:1';
const templateOf = (spec: object = {}) => podTemplate(modelServer(spec), image).template as unknown as Template;
/** With the image that the reconciler takes. */
const revisionOf = (spec: object = {}, over: object = {}) => {
  const owner = modelServer(spec, over);
  return podTemplate(owner, owner.spec.image ?? image).revision;
};

test('pods are restricted in the sense of the Pod Security Standards unless the user says otherwise', () => {
  const { spec } = templateOf();
  assert.deepEqual(spec.securityContext, { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
  assert.deepEqual(spec.containers[0]!.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  for (const field of ['hostNetwork', 'hostPID', 'hostIPC', 'initContainers']) assert.equal(spec[field], undefined);
  assert.equal(spec.automountServiceAccountToken, false);
  const changed = templateOf({
    template: { podSecurityContext: { runAsNonRoot: false, fsGroup: 7 }, securityContext: { runAsUser: 0 } },
  });
  assert.deepEqual(changed.spec.securityContext, {
    runAsNonRoot: false,
    seccompProfile: { type: 'RuntimeDefault' },
    fsGroup: 7,
  });
  assert.deepEqual(changed.spec.containers[0]!.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
    runAsUser: 0,
  });
});

const staying: [what: string, spec: object][] = [
  ['replicas', { replicas: 7 }],
  ['scaling', { autoscaling: { maxReplicas: 9 } }],
  ['the Service', { service: { type: 'LoadBalancer', grpcPort: 1, headless: true, annotations: { a: 'b' } } }],
  ['the rollout', { rollout: { paused: true, maxSurge: '50%', progressDeadline: '1m', revisionHistoryLimit: 0 } }],
  ['the budget', { disruptionBudget: { enabled: false } }],
  ['the network policy', { networkPolicy: { enabled: true } }],
  ['the monitor', { observability: { metrics: { podMonitor: { enabled: true } } } }],
  ["a model's policy", { models: [{ name: 'digits', versionPolicy: { specific: { versions: [3] } } }] }],
  [
    "a model's options",
    {
      models: [
        {
          name: 'digits',
          versionLabels: { a: 1 },
          required: false,
          targetDevice: 'GPU',
          nireq: 2,
          batchSize: 4,
          path: 'p',
        },
      ],
    },
  ],
  ['one more model of the repository', { models: [{ name: 'digits' }, { name: 'other' }] }],
  ['other models', { models: [{ name: 'other', shape: '(1,2)', pluginConfig: { A: 1 } }] }],
  ['the image that would be anyway', { image }],
];

for (const [what, spec] of staying) {
  test(`pods stay as they are: ${what}`, () => assert.equal(revisionOf(spec), revisionOf()));
}

test('pods stay as they are: models with volumes in another order', () => {
  const a = { name: 'a', image: { reference: 'r/a:1' } };
  const b = { name: 'b', persistentVolumeClaim: { claimName: 'b' } };
  assert.equal(revisionOf({ models: [a, b] }), revisionOf({ models: [b, a] }));
});

test('pods stay as they are: a new generation, another uid', () => {
  assert.equal(revisionOf({}, { metadata: { generation: 9, uid: 'other', labels: { a: 'b' } } }), revisionOf());
});

const rolling: [what: string, spec: object][] = [
  ['the image', { image: 'other' }],
  ['how it is pulled', { imagePullPolicy: 'Always' }],
  ['the pull secrets', { imagePullSecrets: [{ name: 's' }] }],
  ['the repository', { repository: { persistentVolumeClaim: { claimName: 'other' } } }],
  ['the mount path', { repository: { persistentVolumeClaim: { claimName: 'models' }, mountPath: '/m' } }],
  ['how it is watched', { repository: { persistentVolumeClaim: { claimName: 'models' }, watch: { mode: 'Poll' } } }],
  ['a model with a volume of its own', { models: [{ name: 'digits', image: { reference: 'r/m:1' } }] }],
  ['ports', { server: { grpcPort: 9999 } }],
  ['a port for probes', { server: { healthPort: 9005 } }],
  ['TLS', { server: { tls: { secretName: 's' } } }],
  ['certificates of clients', { server: { tls: { secretName: 's', clientCASecretName: 'c' } } }],
  ['the log level', { server: { logLevel: 'DEBUG' } }],
  ['more arguments', { server: { extraArgs: ['--cache_dir=/tmp'] } }],
  ['the environment', { env: [{ name: 'A', value: 'b' }] }],
  ['more environment', { envFrom: [{ configMapRef: { name: 'c' } }] }],
  ['resources', { template: { resources: { limits: { memory: '1Gi' } } } }],
  ['labels', { template: { labels: { a: 'b' } } }],
  ['annotations', { template: { annotations: { a: 'b' } } }],
  ['sidecars', { template: { sidecars: [{ name: 's', image: 'i' }] } }],
  ['the grace period', { template: { terminationGracePeriodSeconds: 99 } }],
  ['traces', { observability: { otel: { endpoint: 'http://c:4317' } } }],
  ['metrics', { observability: { metrics: { enabled: false } } }],
];

for (const [what, spec] of rolling) {
  test(`pods roll: ${what}`, () => assert.notEqual(revisionOf(spec), revisionOf()));
}

test('each of these is a revision of its own, which the pods carry', () => {
  const revisions = rolling.map(([, spec]) => revisionOf(spec));
  assert.equal(new Set(revisions).size, rolling.length);
  assert.equal(templateOf().metadata.labels['modelserver.dev/revision'], revisionOf());
});

test("the operator's labels win over the user's, and its selector fits", () => {
  const { labels } = templateOf({ template: { labels: { 'app.kubernetes.io/name': 'mine', a: 'b' } } }).metadata;
  assert.deepEqual(
    [labels['app.kubernetes.io/name'], labels['modelserver.dev/name'], labels.a],
    ['modelserver', 'x', 'b'],
  );
});

test('the process has its time: before it is told, to drain, and to end', () => {
  assert.equal(templateOf().spec.terminationGracePeriodSeconds, 5 + 20 + 10);
  assert.equal(templateOf({ server: { drainTimeout: '1m' } }).spec.terminationGracePeriodSeconds, 5 + 60 + 10);
  assert.equal(templateOf({ template: { terminationGracePeriodSeconds: 50 } }).spec.terminationGracePeriodSeconds, 50);
});

test("the server's container is the first, has its ports, and its probes ask gRPC", () => {
  const { containers } = templateOf({
    server: { grpcPort: 9001, httpPort: 8001 },
    template: { sidecars: [{ name: 's' }] },
  }).spec;
  assert.deepEqual(
    containers.map(({ name }) => name),
    ['modelserver', 's'],
  );
  const [server] = containers;
  assert.deepEqual(
    server!.ports.map(({ name, containerPort }) => `${name} ${containerPort}`),
    ['grpc 9001', 'http 8001'],
  );
  const liveness = { port: 9001, service: 'tensorflow.serving.ModelService' };
  assert.deepEqual(server!.readinessProbe.grpc, { port: 9001, service: '' });
  assert.deepEqual((server!.livenessProbe as Container['readinessProbe']).grpc, liveness);
  assert.deepEqual((server!.startupProbe as Container['readinessProbe']).grpc, liveness);
});

for (const [what, server, port] of [
  ['TLS', { tls: { secretName: 's' } }, 9001],
  ['a port of their own', { healthPort: 9005 }, 9005],
] as const) {
  test(`with ${what}, probes ask where neither certificate nor key is asked for`, () => {
    const [container] = templateOf({ server }).spec.containers;
    assert.deepEqual(container!.ports.at(-1), { name: 'health', containerPort: port, protocol: 'TCP' });
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
      assert.equal((container![probe] as { grpc: { port: number } }).grpc.port, port, probe);
    }
  });
}

test('pods are spread unless the user says how', () => {
  const spread = (spec: object = {}) => templateOf(spec).spec.topologySpreadConstraints as { topologyKey: string }[];
  assert.deepEqual(
    spread().map(({ topologyKey }) => topologyKey),
    ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'],
  );
  assert.deepEqual(spread({ template: { topologySpreadConstraints: [] } }), []);
});
