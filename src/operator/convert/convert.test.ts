import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { readCustomResource } from '../../../scripts/crd-schema.ts';
import { schemaProblems } from '../../../test/crds/schema-problems.ts';
import { ConvertError, convert } from './convert.ts';

type Fields = Readonly<Record<string, unknown>>;

const fixtures = join(import.meta.dirname, '../../../test/fixtures/convert');
const specSchema = readCustomResource().schema.properties!.spec!;

/** A resource that converts without a note, but for the one field that each case adds. */
const quiet = {
  models_settings: { model_name: 'm', model_path: '/models/m', plugin_config: '{}' },
  models_repository: { models_volume_claim: 'volume' },
  server_settings: { file_system_poll_wait_seconds: 1 },
};
const quietSpec = { repository: { persistentVolumeClaim: { claimName: 'volume' } }, models: [{ name: 'm' }] };

/** The new spec, and the fields that notes are about. */
function run(spec: Fields, metadata: Fields = { name: 'ovms' }) {
  const text = stringify({ apiVersion: 'intel.com/v1alpha1', kind: 'ModelServer', metadata, spec });
  const { yaml, notes } = convert(text);
  const converted = parse(yaml);
  assert.deepEqual(schemaProblems(specSchema, converted.spec, 'spec'), []);
  for (const { advice } of notes) assert.match(advice, /^[A-Z].*\.$/);
  const fields = (todo: boolean) => notes.filter((note) => note.todo === todo).map(({ field }) => field);
  return { converted, spec: converted.spec, todo: fields(true), told: fields(false), notes };
}

const merge = (one: Fields, other: Fields): Fields => {
  const merged: Record<string, unknown> = { ...one };
  for (const [name, value] of Object.entries(other)) {
    const before = merged[name];
    const both = [before, value].every((side) => typeof side === 'object' && side !== null && !Array.isArray(side));
    merged[name] = both ? merge(before as Fields, value as Fields) : value;
  }
  return merged;
};
const model = (more: object) => ({ models: [{ name: 'm', ...more }] });
const settings = (more: object) => ({ models_settings: more });
const claim = (more: object) => ({ repository: { persistentVolumeClaim: { claimName: 'volume' }, ...more } });

/** What is added to the quiet resource; how the new spec differs; what notes are about. */
const cases: [added: Fields, changes: object, todo?: string[], told?: string[]][] = [
  [{}, {}],
  [{ image_name: 'openvino/model_server' }, {}, [], ['image_name']],

  [settings({ model_name: 'größe 1' }), model({ name: 'gr--e-1', path: 'm' }), ['models_settings.model_name']],
  [settings({ model_name: 42 }), model({ name: '42', path: 'm' })],
  [settings({ model_path: '/models/a//b/./c/' }), model({ path: 'a/b/c' })],
  [settings({ model_path: '/models' }), model({ path: '.' })],
  [settings({ model_path: '/models/../etc' }), {}, ['models_settings.model_path']],
  [settings({ model_path: '/opt/ml/resnet' }), model({ path: 'resnet' }), ['models_settings.model_path']],
  [settings({ model_path: 'resnet' }), model({ path: 'resnet' }), ['models_settings.model_path']],
  [settings({ model_path: 's3://bucket/x/m' }), {}, ['models_settings.model_path']],
  [settings({ model_path: 'az://bucket/n?sig=x/y' }), model({ path: 'n' }), ['models_settings.model_path']],

  [
    settings({ plugin_config: '{"A": true, "B": false, "C": 3, "D": 1.5, "E": "x"}' }),
    model({ pluginConfig: { A: 'YES', B: 'NO', C: 3, D: '1.5', E: 'x' } }),
  ],
  [settings({ plugin_config: { NUM_STREAMS: 2 } }), model({ pluginConfig: { NUM_STREAMS: 2 } })],
  [
    settings({ plugin_config: '{"A": [1], "B": 1}' }),
    model({ pluginConfig: { B: 1 } }),
    ['models_settings.plugin_config.A'],
  ],
  [settings({ plugin_config: '{A: 1}' }), {}, ['models_settings.plugin_config']],
  [settings({ plugin_config: '[]' }), {}, ['models_settings.plugin_config']],

  [settings({ model_version_policy: '{"latest": {"num_versions":1 }}' }), {}],
  [
    settings({ model_version_policy: { latest: { num_versions: 2 } } }),
    model({ versionPolicy: { latest: { numVersions: 2 } } }),
  ],
  [
    settings({ model_version_policy: '{"latest": {"num_versions": 20}}' }),
    model({ versionPolicy: { latest: { numVersions: 16 } } }),
    ['models_settings.model_version_policy'],
  ],
  [
    settings({ model_version_policy: '{"specific": {"versions": [1, "3", 3]}}' }),
    model({ versionPolicy: { specific: { versions: [1, 3] } } }),
  ],
  [
    settings({ model_version_policy: '{"specific": {"versions": [0, 2]}}' }),
    model({ versionPolicy: { specific: { versions: [2] } } }),
    ['models_settings.model_version_policy'],
  ],
  [settings({ model_version_policy: '{"specific": {}}' }), {}, ['models_settings.model_version_policy']],
  [settings({ model_version_policy: '{"all": {}}' }), model({ versionPolicy: { all: {} } })],
  [settings({ model_version_policy: '{"newest": {}}' }), {}, ['models_settings.model_version_policy']],
  [settings({ model_version_policy: 'latest' }), {}, ['models_settings.model_version_policy']],

  [settings({ batch_size: 8 }), model({ batchSize: 8 })],
  [settings({ batch_size: '-1' }), model({ batchSize: -1 })],
  [settings({ batch_size: '1-8' }), model({ batchSize: '1:8' })],
  [settings({ batch_size: '' }), {}],
  [settings({ batch_size: 'auto' }), {}, ['models_settings.batch_size']],
  [settings({ batch_size: '8:1' }), {}, ['models_settings.batch_size']],
  [settings({ shape: '(1, 3, 224, 100-200)' }), model({ shape: '(1,3,224,100:200)' })],
  [settings({ shape: '[-1,3]' }), model({ shape: '(-1,3)' })],
  [settings({ shape: '5' }), model({ shape: '(5)' })],
  [settings({ shape: 'auto' }), {}, ['models_settings.shape']],
  [settings({ shape: '(1,0)' }), {}, ['models_settings.shape']],
  [settings({ shape: '{"a": "(1,3)"}' }), model({ shapes: { a: '(1,3)' } })],
  [settings({ shape: '{"a": "auto"}' }), {}, ['models_settings.shape.a']],
  [settings({ shape: '{"a"' }), {}, ['models_settings.shape']],
  [settings({ shape: '(1,3)', batch_size: '4' }), model({ shape: '(1,3)' }), [], ['models_settings.batch_size']],
  [settings({ target_device: 'GPU', nireq: '8' }), model({ targetDevice: 'GPU', nireq: 8 })],
  [settings({ target_device: 'CPU', nireq: 0 }), {}],
  [settings({ nireq: 'many' }), {}, ['models_settings.nireq']],
  [settings({ layout: ' NHWC:NCHW ' }), model({ layout: 'NHWC:NCHW' })],
  [settings({ layout: 'N...' }), model({ layout: 'N...' })],
  [settings({ layout: 'auto' }), {}, ['models_settings.layout']],
  [settings({ layout: '{"a": "NHWC", "b": "NCHW"}' }), model({ layouts: { a: 'NHWC', b: 'NCHW' } })],
  [settings({ layout: '{"a": "nhwc"}' }), {}, ['models_settings.layout.a']],
  [settings({ layout: '{"a"' }), {}, ['models_settings.layout']],
  [settings({ is_stateful: 'no', idle_sequence_cleanup: true, max_sequence_number: 0 }), {}],
  [settings({ is_stateful: true, max_sequence_number: 5 }), model({ stateful: { maxSequences: 5 } })],

  [
    { models_repository: { models_host_path: '/srv//models/' } },
    { repository: { hostPath: { path: '/srv/models', type: 'Directory' } } },
    ['models_repository.models_host_path'],
    ['models_repository.models_volume_claim'],
  ],
  [
    { models_repository: { models_host_path: 'models', models_volume_claim: '' } },
    { repository: { persistentVolumeClaim: { claimName: 'ovms-models' } } },
    ['models_repository.models_host_path', 'models_settings.model_path'],
  ],
  [
    { models_repository: { models_volume_claim: 'Big Volume' } },
    { repository: { persistentVolumeClaim: { claimName: 'ovms-models' } } },
    ['models_repository.models_volume_claim', 'models_settings.model_path'],
  ],
  [
    { models_repository: { runAsUser: '1000', runAsGroup: 1000 } },
    { template: { podSecurityContext: { runAsUser: 1000, runAsGroup: 1000 } } },
  ],
  [
    { models_repository: { runAsUser: 0 } },
    { template: { podSecurityContext: { runAsUser: 0 } } },
    ['models_repository.runAsUser'],
  ],
  [{ models_repository: { runAsUser: 'root' } }, {}, ['models_repository.runAsUser']],
  [
    { models_repository: { aws_region: 'eu', storage_type: 'S3', http_proxy: 'http://p' } },
    {},
    ['models_repository.aws_region'],
    ['models_repository.http_proxy'],
  ],

  [
    { server_settings: { file_system_poll_wait_seconds: 0 } },
    {},
    [],
    ['server_settings.file_system_poll_wait_seconds'],
  ],
  [{ server_settings: { file_system_poll_wait_seconds: 90 } }, claim({ watch: { pollInterval: '90s' } })],
  [
    { server_settings: { file_system_poll_wait_seconds: 86400 } },
    claim({ watch: { pollInterval: '3600s' } }),
    [],
    ['server_settings.file_system_poll_wait_seconds'],
  ],
  [
    { server_settings: { log_level: 'warning', grpc_workers: 1, rest_workers: 0 } },
    { server: { logLevel: 'WARNING' } },
  ],
  [{ server_settings: { log_level: 'CHATTY' } }, {}, ['server_settings.log_level']],
  [
    { server_settings: { grpc_workers: 4, sequence_cleaner_poll_wait_minutes: 5 } },
    {},
    [],
    ['server_settings.grpc_workers'],
  ],

  [{ service_parameters: { grpc_port: 8080, service_type: 'ClusterIP' } }, {}],
  [
    { service_parameters: { grpc_port: '80', service_type: 'LoadBalancer', rest_port: 81 } },
    { service: { type: 'LoadBalancer', grpcPort: 80, restPort: 81 } },
  ],
  [{ service_parameters: { rest_port: 8081 } }, {}],
  [{ service_parameters: { rest_port: 'some' } }, {}, ['service_parameters.rest_port']],
  [
    { service_parameters: { grpc_port: 70000, service_type: 'ExternalName' } },
    {},
    ['service_parameters.service_type', 'service_parameters.grpc_port'],
  ],

  [{ deployment_parameters: { replicas: 1 } }, {}],
  [{ deployment_parameters: { replicas: 0, node_affinity: {} } }, { replicas: 0 }],
  [{ deployment_parameters: { replicas: 5000 } }, {}, ['deployment_parameters.replicas']],
  [{ deployment_parameters: { node_affinity: 'gpu' } }, {}, ['deployment_parameters.node_affinity']],
  [
    { deployment_parameters: { openshift_service_mesh: true } },
    { template: { annotations: { 'sidecar.istio.io/inject': 'true' } } },
  ],
  [
    { deployment_parameters: { resources: { limits: { xpu_device: 'gpu.intel.com/i915' } } } },
    { template: { resources: { limits: { 'gpu.intel.com/i915': 1 } } } },
  ],
  [
    {
      deployment_parameters: {
        resources: { requests: { cpu: 2, xpu_device: 'gpu.intel.com/i915', xpu_device_quantity: 2 } },
      },
    },
    { template: { resources: { limits: { 'gpu.intel.com/i915': 2 }, requests: { cpu: '2' } } } },
  ],
  [
    { deployment_parameters: { resources: { limits: { cpu: '1.5', memory: 'plenty' } } } },
    { template: { resources: { limits: { cpu: '1.5' } } } },
    ['deployment_parameters.resources.limits.memory'],
  ],
  [settings({ target_device: 'x'.repeat(65) }), {}, ['models_settings.target_device']],
  [{ deployment_parameters: { resources: { limits: { xpu_device_quantity: '1' } } } }, {}],
  [
    { deployment_parameters: { extra_envs_secret: 's', extra_envs_configmap: '' } },
    { envFrom: [{ secretRef: { name: 's' } }] },
  ],
  [{ deployment_parameters: { update_strategy: { type: 'RollingUpdate' } } }, {}],
  [
    { deployment_parameters: { update_strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: 0 } } } },
    { rollout: { maxSurge: '25%' } },
  ],
  [
    { deployment_parameters: { update_strategy: { rollingUpdate: { maxSurge: 0 } } } },
    { rollout: { maxSurge: 0, maxUnavailable: '25%' } },
  ],
  [
    { deployment_parameters: { update_strategy: { rollingUpdate: { maxSurge: 'one' } } } },
    {},
    ['deployment_parameters.update_strategy.rollingUpdate.maxSurge'],
  ],
  [{ deployment_parameters: { update_strategy: { type: 'Recreate' } } }, {}, ['deployment_parameters.update_strategy']],

  [{ monitoring: { metrics_enable: 'on' } }, { observability: { metrics: { enabled: true } } }],
  [
    { monitoring: { metrics_enable: false, metrics_list: 'a,b' } },
    { observability: { metrics: { enabled: false } } },
    [],
    ['monitoring.metrics_list'],
  ],

  [{ nobody: { knows: 1 }, empty: {}, nothing: null, blank: '' }, {}, ['nobody']],
  [{ models_settings: { novel: 1 }, monitoring: 'on' }, {}, ['models_settings.novel', 'monitoring']],
];

test('converts field by field, and tells what it could not', () => {
  for (const [added, changes, todo = [], told = []] of cases) {
    const name = JSON.stringify(added);
    const result = run(merge(quiet, added));
    assert.deepEqual(result.spec, { ...quietSpec, ...changes }, name);
    assert.deepEqual(result.todo.toSorted(), todo.toSorted(), name);
    assert.deepEqual(result.told.toSorted(), told.toSorted(), name);
  }
});

test('knows what the old resource had by default', () => {
  const { spec, todo, told } = run({}, { name: 'x' });
  assert.deepEqual(spec, {
    repository: { persistentVolumeClaim: { claimName: 'x-models' } },
    models: [{ name: 'resnet', pluginConfig: { PERFORMANCE_HINT: 'LATENCY' } }],
  });
  assert.deepEqual(todo, ['models_settings.model_path']);
  assert.deepEqual(told, [
    'metadata.name',
    'server_settings.file_system_poll_wait_seconds',
    'models_settings.model_name',
    'models_settings.plugin_config',
  ]);
});

test('a config.json stays one', () => {
  const mode = { single_model_mode: false, model_name: 'ignored', shape: 'auto' };
  const configMap = (name: string, key?: string) => ({ config: { configMapRef: { name, ...(key ? { key } : {}) } } });
  const noVolume = 'models_repository';
  const asked: [settings: object, repository: object, spec: object, todo: string[]][] = [
    [
      { config_configmap_name: 'c' },
      { models_volume_claim: 'v' },
      { repository: { persistentVolumeClaim: { claimName: 'v' } }, ...configMap('c') },
      [],
    ],
    [{ config_configmap_name: 'c' }, {}, configMap('c'), [noVolume]],
    [{ config_configmap_name: 'c', config_path: '/config/config.json' }, {}, configMap('c'), [noVolume]],
    [{ config_configmap_name: 'c', config_path: '/config/models.json' }, {}, configMap('c', 'models.json'), [noVolume]],
    [
      { config_configmap_name: 'c', config_path: '/models/config.json' },
      {},
      configMap('ovms-models'),
      [noVolume, 'models_settings.config_path'],
    ],
    [{ config_path: '/models/config.json' }, {}, configMap('ovms-models'), [noVolume, 'models_settings.config_path']],
    [{}, {}, configMap('ovms-models'), [noVolume, 'models_settings.config_path']],
  ];
  for (const [more, repository, expected, todo] of asked) {
    const { spec, ...notes } = run({ models_settings: { ...mode, ...more }, models_repository: repository });
    assert.deepEqual([spec, notes.todo], [expected, todo], JSON.stringify(more));
    assert.deepEqual(notes.told, [
      'server_settings.file_system_poll_wait_seconds',
      'models_settings.single_model_mode',
    ]);
  }
});

test('keeps name, namespace, labels and annotations, but for what is the old operator’s', () => {
  const annotations = { a: 'b', 'kubectl.kubernetes.io/last-applied-configuration': '{"x": "s3cr3t"}' };
  const metadata = { name: 'digits', namespace: 'ns', labels: { l: 'm' }, annotations, uid: 'u', finalizers: ['f'] };
  const { converted, told } = run(quiet, metadata);
  assert.deepEqual(converted.metadata, {
    name: 'digits',
    namespace: 'ns',
    labels: { l: 'm' },
    annotations: { a: 'b' },
  });
  assert.deepEqual(told, ['metadata.name']);
  const names: [name: string, todo: string[]][] = [
    ['a'.repeat(52), []],
    ['a'.repeat(53), ['metadata.name']],
    ['9lives', ['metadata.name']],
    ['a.b', ['metadata.name']],
  ];
  for (const [name, todo] of names) assert.deepEqual(run(quiet, { name }).todo, todo, name);
});

test('everything at once, as in the golden file, and no secret anywhere', () => {
  const { yaml, notes } = convert(readFileSync(join(fixtures, 'everything.yaml'), 'utf8'));
  assert.equal(yaml, readFileSync(join(fixtures, 'everything.converted.yaml'), 'utf8'));
  assert.doesNotMatch(yaml + JSON.stringify(notes), /s3cr3t/);
  const [configMap, converted] = parseAllDocuments(yaml).map((document) => document.toJS());
  assert.equal(configMap.kind, 'ConfigMap');
  assert.deepEqual(schemaProblems(specSchema, converted.spec, 'spec'), []);
});

test('takes a List as kubectl prints it, and several documents', () => {
  const resource = (name: string) => ({
    apiVersion: 'intel.com/v1alpha1',
    kind: 'ModelServer',
    metadata: { name },
    spec: quiet,
  });
  const other = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'other' } };
  const list = { apiVersion: 'v1', kind: 'List', items: [resource('ovms-a'), other, resource('ovms-b')] };
  const text = `# First\n---\n${stringify(list)}---\n---\n# Kept\nkind: Service # so is this\n`;
  const { yaml, notes } = convert(text);
  assert.deepEqual(
    parseAllDocuments(yaml).map((document) => document.toJS()?.metadata?.name ?? document.toJS()?.kind),
    ['ovms-a', 'other', 'ovms-b', 'Service'],
  );
  assert.match(yaml, /# Kept\nkind: Service # so is this\n$/);
  assert.deepEqual(notes, []);
});

test('says why a text cannot be converted, and not what is in it', () => {
  const cases: [text: string, message: string][] = [
    ['', 'there is no ModelServer of intel.com/v1alpha1 in it'],
    ['kind: ModelServer\napiVersion: modelserver.dev/v1alpha1', 'there is no ModelServer of intel.com/v1alpha1 in it'],
    ['a: b\nkey: {s3cr3t: [', 'it is no YAML: line 2, BAD_INDENT'],
    ['a: 1\na: s3cr3t', 'it is no YAML: line 2, DUPLICATE_KEY'],
    ['apiVersion: intel.com/v1alpha1\nkind: ModelServer', 'a ModelServer without metadata, or whose spec is no object'],
    [
      'a: &a [1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c]',
      'it has more aliases than are good for anybody',
    ],
  ];
  for (const [text, message] of cases) {
    assert.throws(
      () => convert(text),
      (error) => {
        assert.ok(error instanceof ConvertError);
        assert.equal(error.message, message);
        return true;
      },
    );
  }
});

test('values stay in their line', () => {
  const { notes } = run(
    merge(quiet, settings({ layout: 'a\nb\u2028c\u001b[31md', model_name: `m${'x'.repeat(500)}` })),
  );
  for (const { value } of notes) assert.match(value, /^[^\p{Cc}\u2028]{1,120}$/u);
});
