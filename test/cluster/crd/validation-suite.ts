import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { readCustomResource } from '../../../scripts/crd-schema.ts';
import { applyDefaults } from '../../crds/apply-defaults.ts';
import { invalidExamples, shownExamples, validExamples } from '../../crds/examples.ts';
import { type CrdApi, causesOf, minimal, modelServer } from './crd-api.ts';

const crdPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/modelservers.modelserver.dev';

const spec = readCustomResource().schema.properties!.spec!;

/** What is accepted, what is refused and how, and what is filled in. */
export function validationSuite(crd: () => CrdApi): void {
  test('the CRD is established, with a structural schema and every name its own', async () => {
    const { body } = await crd().call('GET', crdPath);
    const conditions = body.status.conditions.map((condition: Condition) => `${condition.type} ${condition.status}`);
    assert.deepEqual(conditions.toSorted(), ['Established True', 'NamesAccepted True']);
  });

  for (const { file, object } of validExamples()) {
    test(`accepted: ${file}`, async () => {
      const { status, body, warnings } = await crd().dryRun(object);
      assert.equal(status, 201, body.message);
      assert.deepEqual(warnings, []);
      assert.deepEqual(body.spec, applyDefaults(spec, object.spec));
    });
  }

  for (const { file, object } of shownExamples()) {
    test(`accepted, as it is shown: ${file}`, async () => {
      // Wherever it belongs.
      const { status, body } = await crd().dryRun(modelServer(object.metadata.name, object.spec));
      assert.equal(status, 201, body.message);
    });
  }

  for (const { file, object, field, says } of invalidExamples()) {
    test(`refused: ${file}`, async () => {
      const answer = await crd().dryRun(object);
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
    const { body } = await crd().dryRun(object);
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
      service: { type: 'ClusterIP', grpcPort: 8080, restPort: 8081, headless: false },
      rollout: { paused: false, progressDeadline: '10m', maxSurge: 1, maxUnavailable: 0, revisionHistoryLimit: 5 },
      template: {},
      disruptionBudget: { enabled: true, maxUnavailable: 1 },
      networkPolicy: { enabled: false },
      observability: { metrics: { enabled: true, podMonitor: { enabled: false, interval: '30s' } } },
    });
    assert.deepEqual(body.status, { observedGeneration: -1 });
  });

  for (const [what, spec, part, expected] of filledIn) {
    test(`filled in: ${what}`, async () => {
      const { status, body } = await crd().dryRun(modelServer('filled-in', spec));
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
    const { status, body } = await crd().dryRun(
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

  for (const [field, spec] of unknown) {
    test(`an unknown field is refused where validation is strict: ${field}`, async () => {
      const { status, body } = await crd().dryRun(modelServer('unknown', spec));
      assert.equal(status, 400);
      assert.ok(body.message.includes(`unknown field "${field}"`), body.message);
    });
  }

  test('kubectl refuses unknown fields by default', async () => {
    const file = join(import.meta.dirname, 'unknown-field.yaml');
    await assert.rejects(
      crd().kubectl('create', '--dry-run=server', '--filename', file),
      /unknown field "spec\.modles"/,
    );
  });

  test('what goes to Kubernetes as it is may hold anything', async () => {
    const novel = { nobodyKnows: [{ this: 1 }] };
    const template = {
      ...{ affinity: novel, securityContext: novel, podSecurityContext: novel, tolerations: [novel] },
      ...{ extraVolumes: [{ name: 'a', ...novel }], sidecars: [{ name: 'b', ...novel }] },
    };
    const { status, body } = await crd().dryRun(modelServer('novel', { ...minimal(), template }));
    assert.equal(status, 201, body.message);
    assert.deepEqual(body.spec.template, template);
  });

  test('kubectl explains every field', async () => {
    const all = await crd().kubectl('explain', 'modelserver.spec', '--recursive');
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
    const policy = await crd().kubectl('explain', 'msv.spec.models.versionPolicy');
    assert.match(policy, /exactly one of latest, specific and all/);
  });
}

// biome-ignore lint/suspicious/noExplicitAny: a spec as the API server answers it
type Spec = any;

interface Condition {
  readonly type: string;
  readonly status: string;
}

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

const unknown: [field: string, spec: object][] = [
  ['spec.replica', { ...minimal(), replica: 2 }],
  ['spec.models[0].versionPolicies', { ...minimal(), models: [{ name: 'a', versionPolicies: {} }] }],
  ['spec.models[0].versionPolicy.newest', { ...minimal(), models: [{ name: 'a', versionPolicy: { newest: {} } }] }],
  ['spec.server.port', { ...minimal(), server: { port: 9000 } }],
  ['spec.env[0].valeu', { ...minimal(), env: [{ name: 'A', valeu: 'b' }] }],
  ['spec.template.resources.limit', { ...minimal(), template: { resources: { limit: {} } } }],
  ['spec.observability.metrics.serviceMonitor', { ...minimal(), observability: { metrics: { serviceMonitor: {} } } }],
];
