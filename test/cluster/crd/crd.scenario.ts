import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { crdFile } from '../../../scripts/crd-schema.ts';
import { invalidExamples, validExamples, type Written } from '../../crds/examples.ts';
import { type Answer, ApiClient } from './api-client.ts';

/**
 * What the API server itself makes of the CRD and of the examples in test/crds. Needs a kubeconfig that may do everything, and
 * kubectl.
 */
const kubeconfig = process.env.KUBECONFIG!;
const kubectlBinary = process.env.KUBECTL ?? 'kubectl';

const crdPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/modelservers.modelserver.dev';
const namespace = 'crd-scenario';
const at = `/apis/modelserver.dev/v1alpha1/namespaces/${namespace}/modelservers`;
const cache = mkdtempSync(join(tmpdir(), 'modelserver-crd-'));

let api: ApiClient;

before(async () => {
  api = new ApiClient(kubeconfig);
  await kubectl('apply', '--server-side', '--filename', crdFile);
  await kubectl('wait', '--for=condition=Established', '--timeout=30s', 'crd/modelservers.modelserver.dev');
  const { status } = await api.call('POST', '/api/v1/namespaces', { body: { metadata: { name: namespace } } });
  assert.ok(status === 201 || status === 409, `the namespace: ${status}`);
  await until(async () => (await api.call('GET', at)).status === 200);
});

after(async () => {
  await api.call('DELETE', at);
  api.close();
  rmSync(cache, { recursive: true, force: true });
});

test('the CRD is established, with a structural schema and every name its own', async () => {
  const { body } = await api.call('GET', crdPath);
  const conditions = body.status.conditions.map((condition: Condition) => `${condition.type} ${condition.status}`);
  assert.deepEqual(conditions.toSorted(), ['Established True', 'NamesAccepted True']);
});

for (const { file, object } of validExamples()) {
  test(`accepted: ${file}`, async () => {
    const { status, body, warnings } = await dryRun(object);
    assert.equal(status, 201, body.message);
    assert.deepEqual(warnings, []);
    assertHolds(body.spec, object.spec);
  });
}

for (const { file, object, field, says } of invalidExamples()) {
  test(`refused: ${file}`, async () => {
    const answer = await dryRun(object);
    assert.equal(answer.status, 422, 'accepted');
    const causes = causesOf(answer);
    assert.ok(
      causes.some((cause) => cause.field === field && cause.message.includes(says)),
      `expected ${field}: ${says}\ngot ${JSON.stringify(causes, null, 2)}`,
    );
    // One fault, one complaint: other rules do not stumble over it.
    assert.deepEqual(
      causes.filter((cause) => cause.field !== field),
      [],
    );
  });
}

test('what is left out is filled in', async () => {
  const { object } = validExamples().find(({ file }) => file === 'minimal')!;
  const { body } = await dryRun(object);
  assert.deepEqual(body.spec, {
    replicas: 1,
    repository: {
      persistentVolumeClaim: { claimName: 'models' },
      mountPath: '/models',
      watch: { mode: 'Auto', pollInterval: '1s', settle: '1s' },
    },
    models: [
      {
        name: 'digits',
        versionPolicy: { latest: { numVersions: 1 } },
        required: true,
        targetDevice: 'CPU',
        nireq: 0,
      },
    ],
    server: {
      grpcPort: 9000,
      httpPort: 8000,
      logLevel: 'INFO',
      maxConnectionAge: '10m',
      drainTimeout: '20s',
      queueSize: 1024,
    },
    service: { type: 'ClusterIP', grpcPort: 8080, headless: false },
    rollout: { paused: false, progressDeadline: '10m', maxSurge: 1, maxUnavailable: 0, revisionHistoryLimit: 5 },
    template: {},
    disruptionBudget: { enabled: true, maxUnavailable: 1 },
    networkPolicy: { enabled: false },
    observability: { metrics: { enabled: true, podMonitor: { enabled: false, interval: '30s' } } },
  });
  assert.deepEqual(body.status, { observedGeneration: -1 });
});

const filledIn: [what: string, spec: object, part: (spec: Spec) => unknown, expected: unknown][] = [
  [
    'the key of a config.json',
    { config: { configMapRef: { name: 'c' } } },
    (spec) => spec.config,
    { configMapRef: { name: 'c', key: 'config.json' } },
  ],
  [
    'the least pods of an autoscaler',
    { ...minimal(), autoscaling: { maxReplicas: 3 } },
    (spec) => spec.autoscaling,
    { minReplicas: 1, maxReplicas: 3 },
  ],
  [
    'the protocol of traces',
    { ...minimal(), observability: { otel: { endpoint: 'http://c:4317' } } },
    (spec) => spec.observability.otel,
    { endpoint: 'http://c:4317', protocol: 'grpc' },
  ],
  [
    'how many latest versions',
    { ...minimal(), models: [{ name: 'a', versionPolicy: { latest: {} } }] },
    (spec) => spec.models[0].versionPolicy,
    { latest: { numVersions: 1 } },
  ],
  [
    'not a second policy beside the one that is given',
    { ...minimal(), models: [{ name: 'a', versionPolicy: { all: {} } }] },
    (spec) => spec.models[0].versionPolicy,
    { all: {} },
  ],
];

for (const [what, spec, part, expected] of filledIn) {
  test(`filled in: ${what}`, async () => {
    const { status, body } = await dryRun(modelServer('filled-in', spec));
    assert.equal(status, 201, body.message);
    assert.deepEqual(part(body.spec), expected);
  });
}

test('the largest resource that is allowed is accepted: its rules stay within their budget', async () => {
  const times = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));
  const byName = <T>(count: number, make: (i: number) => T) =>
    Object.fromEntries(times(count, (i) => [`${i}`.padStart(63, 'n'), make(i)]));
  const models = times(64, (i) => ({
    name: `${i}`.padStart(63, 'm'),
    path: Array(256).fill('p').join('/'),
    versionPolicy: { specific: { versions: times(16, (v) => v + 1) } },
    versionLabels: byName(8, () => 16),
    shapes: byName(16, () => `(${Array(8).fill('1234567:12345678').slice(0, 7).join(',')})`),
    pluginConfig: byName(32, () => 'v'.repeat(200)),
  }));
  const extraVolumes = times(32, (i) => ({ name: `volume-${i}`, emptyDir: {} }));
  const { status, body } = await dryRun(
    modelServer('largest', {
      ...minimal(),
      models,
      server: { extraArgs: times(64, (i) => `--cache_dir=${'x'.repeat(2000)}${i}`) },
      service: { annotations: byName(32, () => 'a'.repeat(4096)) },
      template: {
        labels: byName(32, () => 'l'.repeat(63)),
        extraVolumes,
        extraVolumeMounts: extraVolumes.map(({ name }) => ({ name, mountPath: `/mnt/${name}` })),
      },
    }),
  );
  assert.equal(status, 201, body.message);
});

const unknown: [field: string, spec: object][] = [
  ['spec.replica', { ...minimal(), replica: 2 }],
  ['spec.models[0].versionPolicies', { ...minimal(), models: [{ name: 'a', versionPolicies: {} }] }],
  ['spec.models[0].versionPolicy.newest', { ...minimal(), models: [{ name: 'a', versionPolicy: { newest: {} } }] }],
  ['spec.server.port', { ...minimal(), server: { port: 9000 } }],
  ['spec.env[0].valeu', { ...minimal(), env: [{ name: 'A', valeu: 'b' }] }],
  ['spec.template.resources.limit', { ...minimal(), template: { resources: { limit: {} } } }],
  ['spec.observability.metrics.serviceMonitor', { ...minimal(), observability: { metrics: { serviceMonitor: {} } } }],
];

for (const [field, spec] of unknown) {
  test(`an unknown field is refused where validation is strict: ${field}`, async () => {
    const { status, body } = await dryRun(modelServer('unknown', spec));
    assert.equal(status, 400);
    assert.ok(body.message.includes(`unknown field "${field}"`), body.message);
  });
}

test('kubectl refuses unknown fields by default', async () => {
  const file = join(import.meta.dirname, 'unknown-field.yaml');
  await assert.rejects(kubectl('create', '--dry-run=server', '--filename', file), /unknown field "spec\.modles"/);
});

test('what goes to Kubernetes as it is may hold anything', async () => {
  const novel = { nobodyKnows: [{ this: 1 }] };
  const template = {
    ...{ affinity: novel, securityContext: novel, podSecurityContext: novel, tolerations: [novel] },
    ...{ extraVolumes: [{ name: 'a', ...novel }], sidecars: [{ name: 'b', ...novel }] },
  };
  const { status, body } = await dryRun(modelServer('novel', { ...minimal(), template }));
  assert.equal(status, 201, body.message);
  assert.deepEqual(body.spec.template, template);
});

test('kubectl explains every field', async () => {
  const all = await kubectl('explain', 'modelserver.spec', '--recursive');
  for (const field of [
    'replicas',
    'versionPolicy',
    'numVersions',
    'progressDeadline',
    'headersSecretRef',
    'sidecars',
  ]) {
    assert.match(all, new RegExp(`\\b${field}\\b`));
  }
  const policy = await kubectl('explain', 'msv.spec.models.versionPolicy');
  assert.match(policy, /exactly one of latest, specific and all/);
});

test('a fresh resource has observedGeneration -1, whatever status it was sent with', async () => {
  const status = { observedGeneration: 1, phase: 'Ready' };
  const { body } = await create('fresh', minimal(), { status });
  assert.equal(body.metadata.generation, 1);
  assert.deepEqual(body.status, { observedGeneration: -1 });
});

test('a status is written without a new generation, and without touching the spec', async () => {
  const { body: fresh } = await create('status', minimal());
  const sent = { ...fresh, spec: { ...fresh.spec, replicas: 7 }, status: fullStatus };
  const { status, body } = await api.call('PUT', `${at}/status/status`, { body: sent });
  assert.equal(status, 200, body.message);
  assert.equal(body.metadata.generation, 1);
  assert.equal(body.spec.replicas, 1);
  assert.deepEqual(body.status, fullStatus);
  const { body: edited } = await patch('status', { spec: { replicas: 2 }, status: { phase: 'Edited' } });
  assert.equal(edited.metadata.generation, 2);
  assert.equal(edited.status.phase, 'Ready');
});

const brokenStatus: [what: string, status: object, field: string][] = [
  ['a state that there is none of', { models: [{ name: 'a', ready: true, state: 'Fine' }] }, 'status.models[0].state'],
  [
    'a message too long',
    { models: [{ name: 'a', ready: false, state: 'Failed', message: 'x'.repeat(513) }] },
    'status.models[0].message',
  ],
  ['a condition without reason', { conditions: [{ type: 'Ready', status: 'True' }] }, 'status.conditions[0].reason'],
];

for (const [what, broken, field] of brokenStatus) {
  test(`a status is refused: ${what}`, async () => {
    const name = `broken-${field.split('.').at(-1)}`;
    await create(name, minimal());
    const answer = await patch(`${name}/status`, { status: broken });
    assert.equal(answer.status, 422);
    assert.ok(
      causesOf(answer).some((cause) => cause.field === field),
      answer.body.message,
    );
  });
}

test('it is scaled through its scale subresource, within bounds', async () => {
  await create('scaled', minimal());
  await patch('scaled/status', { status: fullStatus });
  await kubectl('scale', '--namespace', namespace, 'msv/scaled', '--replicas=4');
  const { body } = await api.call('GET', `${at}/scaled/scale`);
  assert.deepEqual(body.spec, { replicas: 4 });
  assert.deepEqual(body.status, { replicas: 2, selector: 'modelserver.dev/name=scaled' });
  const { body: scaled } = await api.call('GET', `${at}/scaled`);
  assert.equal(scaled.spec.replicas, 4);
  assert.equal(scaled.metadata.generation, 2);
  for (const replicas of [-1, 1001]) {
    const { status } = await patch('scaled/scale', { spec: { replicas } });
    assert.equal(status, 422, `${replicas} replicas`);
  }
});

test('kubectl get shows what matters', async () => {
  await create('shown', minimal());
  const list = `${at}?fieldSelector=metadata.name%3Dshown`;
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const { body: fresh } = await api.call('GET', list, { accept });
  assert.deepEqual(
    fresh.columnDefinitions.map(({ name, priority }: Column) => `${name} ${priority}`),
    [
      ...['Name 0', 'Ready 0', 'Available 0', 'Models 0', 'Revision 0', 'Reason 0'],
      ...['Replicas 1', 'Message 1', 'Age 0'],
    ],
  );
  assert.deepEqual(fresh.rows[0].cells.slice(0, -1), ['shown', null, null, null, null, null, null, null]);
  await patch('shown/status', { status: fullStatus });
  const { body } = await api.call('GET', list, { accept });
  assert.deepEqual(body.rows[0].cells.slice(0, -1), [
    ...['shown', 'False', 'True', '0/1', '6c9f', 'ModelLoadFailed'],
    ...[2, 'digits version 3 does not load; version 2 serves on.'],
  ]);
});

test('kubectl finds it by its short name and its category', async () => {
  await create('named', minimal());
  const get = (resource: string) => kubectl('get', '--namespace', namespace, resource, '--output=name');
  assert.match(await get('msv/named'), /^modelserver\.modelserver\.dev\/named$/m);
  assert.match(await get('serving'), /^modelserver\.modelserver\.dev\/named$/m);
});

/** Two applies after each other, as Git commits make them, by server-side apply and by kubectl's merge alike. */
const edits: [what: string, first: object, second: object, part: (spec: Spec) => unknown, expected: unknown][] = [
  [
    'from the default policy to specific versions',
    minimal(),
    { ...minimal(), models: [{ name: 'digits', versionPolicy: { specific: { versions: [2] } } }] },
    (spec) => spec.models[0].versionPolicy,
    { specific: { versions: [2] } },
  ],
  [
    'from specific versions to others',
    { ...minimal(), models: [{ name: 'digits', versionPolicy: { specific: { versions: [1, 2] } } }] },
    { ...minimal(), models: [{ name: 'digits', versionPolicy: { specific: { versions: [2, 3] } } }] },
    (spec) => spec.models[0].versionPolicy,
    { specific: { versions: [2, 3] } },
  ],
  [
    'from specific versions back to the default policy',
    { ...minimal(), models: [{ name: 'digits', versionPolicy: { specific: { versions: [2] } } }] },
    minimal(),
    (spec) => spec.models[0].versionPolicy,
    { latest: { numVersions: 1 } },
  ],
  [
    'from a claim to a folder of the node',
    minimal(),
    { ...minimal(), repository: { hostPath: { path: '/srv/models' } } },
    (spec) => [spec.repository.persistentVolumeClaim, spec.repository.hostPath],
    [undefined, { path: '/srv/models' }],
  ],
  [
    'from models to a config.json',
    minimal(),
    { repository: minimal().repository, config: { configMapRef: { name: 'c' } } },
    (spec) => spec.models,
    undefined,
  ],
  [
    'one model more, one less',
    { ...minimal(), models: [{ name: 'a' }, { name: 'b' }] },
    { ...minimal(), models: [{ name: 'b' }, { name: 'c' }] },
    (spec) => spec.models.map(({ name }: { name: string }) => name),
    ['b', 'c'],
  ],
  ['replicas that are left out go back to 1', { ...minimal(), replicas: 3 }, minimal(), (spec) => spec.replicas, 1],
];

for (const [i, [what, first, second, part, expected]] of edits.entries()) {
  test(`edited: ${what}`, async () => {
    for (const spec of [first, second]) {
      const { status, body } = await api.call('PATCH', `${at}/edited-${i}?fieldManager=git`, {
        body: modelServer(`edited-${i}`, spec),
        type: 'application/apply-patch+yaml',
      });
      assert.ok(status === 200 || status === 201, body.message);
    }
    const { body } = await api.call('GET', `${at}/edited-${i}`);
    assert.deepEqual(part(body.spec), expected);
  });
}

test('an edit that breaks a rule is refused, and nothing changes', async () => {
  await create('kept', { ...minimal(), autoscaling: { minReplicas: 2, maxReplicas: 4 } });
  const answer = await patch('kept', { spec: { autoscaling: { maxReplicas: 1 } } });
  assert.equal(answer.status, 422);
  assert.deepEqual(
    causesOf(answer).map(({ field }) => field),
    ['spec.autoscaling.maxReplicas'],
  );
  const { body } = await api.call('GET', `${at}/kept`);
  assert.equal(body.spec.autoscaling.maxReplicas, 4);
  assert.equal(body.metadata.generation, 1);
});

// biome-ignore lint/suspicious/noExplicitAny: a spec as the API server answers it
type Spec = any;

interface Condition {
  readonly type: string;
  readonly status: string;
}

interface Column {
  readonly name: string;
  readonly priority: number;
}

interface Cause {
  readonly field: string;
  readonly message: string;
}

function minimal() {
  return { repository: { persistentVolumeClaim: { claimName: 'models' } }, models: [{ name: 'digits' }] };
}

function modelServer(name: string, spec: object): Written {
  return { apiVersion: 'modelserver.dev/v1alpha1', kind: 'ModelServer', metadata: { name }, spec: { ...spec } };
}

function dryRun(body: Written): Promise<Answer> {
  return api.call('POST', `${at}?dryRun=All&fieldValidation=Strict`, { body });
}

async function create(name: string, spec: object, beside: object = {}): Promise<Answer> {
  const answer = await api.call('POST', at, { body: { ...modelServer(name, spec), ...beside } });
  assert.equal(answer.status, 201, answer.body.message);
  return answer;
}

function patch(name: string, body: object): Promise<Answer> {
  return api.call('PATCH', `${at}/${name}`, { body, type: 'application/merge-patch+json' });
}

/**
 * What the API server complains of: not that it left rules out for that, and the scale subresource's own complaints under the
 * field that they are about.
 */
function causesOf({ body }: Answer): Cause[] {
  return body.details.causes
    .filter(({ field }: Cause) => field !== '<nil>')
    .map(({ field, message }: Cause) => ({ field: field.replace(/^\./, ''), message }));
}

/** That all of `part` is in `whole`; lists as long as each other. */
function assertHolds(whole: unknown, part: unknown, path = 'spec'): void {
  if (typeof part !== 'object' || part === null) {
    assert.deepEqual(whole, part, path);
    return;
  }
  if (Array.isArray(part)) assert.equal((whole as unknown[]).length, part.length, path);
  for (const [key, value] of Object.entries(part)) {
    assertHolds((whole as Record<string, unknown>)[key], value, `${path}.${key}`);
  }
}

async function kubectl(...words: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(kubectlBinary, [
    ...['--kubeconfig', kubeconfig, '--cache-dir', cache],
    ...words,
  ]);
  return stdout;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 100; i++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('not there after 10 s');
}

const time = '2026-01-02T03:04:05Z';

/** Every field that there is. */
const fullStatus = {
  observedGeneration: 1,
  phase: 'Ready',
  replicas: 2,
  readyReplicas: 2,
  availableReplicas: 2,
  updatedReplicas: 2,
  selector: 'modelserver.dev/name=scaled',
  revision: '6c9f',
  configRevision: '01ab',
  endpoints: {
    grpc: 'digits.default.svc.cluster.local:8080',
    headless: 'digits-headless.default.svc.cluster.local:8080',
  },
  summary: { models: '0/1' },
  models: [
    {
      name: 'digits',
      ready: false,
      state: 'Degraded',
      servingVersion: 2,
      desiredVersions: [3],
      message: 'Version 3 does not load.',
      versions: [
        { version: 2, state: 'AVAILABLE', pods: '2/2', since: time },
        {
          ...{ version: 3, state: 'END', pods: '0/2', errorCode: 'INVALID_ARGUMENT' },
          ...{ message: 'The file is broken.', since: time },
        },
      ],
    },
  ],
  rollout: { startedAt: time, deadline: time },
  lastSuccessful: { generation: 1, revision: '6c9f', time },
  failedGeneration: 1,
  conditions: [
    {
      ...{ type: 'Ready', status: 'False', observedGeneration: 1, lastTransitionTime: time },
      ...{ reason: 'ModelLoadFailed', message: 'digits version 3 does not load; version 2 serves on.' },
    },
    {
      ...{ type: 'Available', status: 'True', observedGeneration: 1, lastTransitionTime: time },
      ...{ reason: 'ModelsServing', message: '' },
    },
  ],
};
