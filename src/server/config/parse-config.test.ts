import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { defaultMetrics, optionalMetrics } from '../model/metric-name.ts';
import type { VersionPolicy } from '../model/version-policy.ts';
import { configSchema, modelSchema } from './config-schema.ts';
import { parseConfig } from './parse-config.ts';
import { onlyStateful } from './stateful.ts';

const fitsSchema = new Ajv({ allowUnionTypes: true }).compile(configSchema);

/** What no schema can say: the parser refuses it all the same. */
const beyondSchema = ['a label of a version that the policy does not name', 'a stateful model of any shape'];

/** Parses, and holds the published schema against what the parser says. */
function parse(value: unknown, what = '') {
  const text = JSON.stringify(value);
  const parsed = parseConfig(text, '/etc/models');
  assert.equal(fitsSchema(JSON.parse(text)), !parsed.problems || beyondSchema.includes(what), text);
  return parsed;
}

const entry = (over: object = {}) => ({ config: { name: 'm', base_path: '/m', ...over } });
const one = (over: object, what?: string) => parse({ model_config_list: [entry(over)] }, what);
const at = 'model_config_list[0].config';

const plain = {
  name: 'm',
  basePath: '/m',
  required: true,
  policy: { kind: 'latest', count: 1 },
  labels: new Map(),
  notes: [],
  options: { targetDevice: 'CPU', pluginConfig: {}, inferRequests: 0 },
};

const accepted: [what: string, over: object, model: object][] = [
  ['a name and a base path suffice', {}, plain],
  ['a base path starts at the folder of the file', { base_path: 'a/b' }, { ...plain, basePath: '/etc/models/a/b' }],
  ['a base path may begin at a dot', { base_path: './b' }, { ...plain, basePath: '/etc/models/b' }],
  ['dots within a name are no way up', { base_path: '/m/..a/b..' }, { ...plain, basePath: '/m/..a/b..' }],
  ['a base path in an object store', { base_path: 's3://b/m' }, { ...plain, basePath: 's3://b/m' }],
  ['a device', { target_device: 'GPU.1' }, { ...plain, options: { ...plain.options, targetDevice: 'GPU.1' } }],
  ['infer requests', { nireq: 4 }, { ...plain, options: { ...plain.options, inferRequests: 4 } }],
  ['as many as may be', { nireq: 100_000 }, { ...plain, options: { ...plain.options, inferRequests: 100_000 } }],
  ['a model that need not be there', { required: false }, { ...plain, required: false }],
  [
    'labels',
    { version_labels: { stable: 2, canary: 3 } },
    {
      ...plain,
      labels: new Map([
        ['stable', 2],
        ['canary', 3],
      ]),
    },
  ],
  [
    'a batch size',
    { batch_size: 4 },
    { ...plain, options: { ...plain.options, reshape: { kind: 'batch', size: { min: 4, max: 4 } } } },
  ],
  [
    'a shape, which wins over a batch size',
    { batch_size: 4, shape: '(2)' },
    {
      ...plain,
      notes: [`${at}.batch_size: ignored, since ${at}.shape is given`],
      options: { ...plain.options, reshape: { kind: 'shape', shape: [{ min: 2, max: 2 }] } },
    },
  ],
  [
    'a layout',
    { layout: 'NHWC:NCHW' },
    { ...plain, options: { ...plain.options, layouts: { kind: 'only', layout: { seen: 'NHWC', own: 'NCHW' } } } },
  ],
  [
    'preprocessing',
    { mean: '[1,2,3]', scale: 2, color_format: 'BGR:RGB', precision: 'uint8:fp32' },
    {
      ...plain,
      options: {
        ...plain.options,
        preprocessing: {
          precision: { seen: 'U8', own: 'FP32' },
          colors: { seen: 'BGR', own: 'RGB' },
          mean: [1, 2, 3],
          scale: 2,
        },
      },
    },
  ],
  ['no labels', { version_labels: {} }, plain],
  [
    'a label of a version that the policy names',
    { version_labels: { stable: 2 }, model_version_policy: { specific: { versions: [2, 3] } } },
    { ...plain, labels: new Map([['stable', 2]]), policy: { kind: 'specific', versions: [2, 3] } },
  ],
  ['a model that must be there', { required: true }, plain],
  ['fields where they ask for nothing', { batch_size: 0, allow_cache: false, stateful: false }, plain],
  ['a cache that is for all models', { allow_cache: true }, plain],
  [
    'any batch size, as it was once written',
    { batch_size: 'auto' },
    {
      ...plain,
      notes: [`${at}.batch_size: "auto" is taken as -1, any size`],
      options: { ...plain.options, reshape: { kind: 'batch', size: { min: 0, max: Number.POSITIVE_INFINITY } } },
    },
  ],
  [
    'any shape, as it was once written',
    { shape: { a: 'auto', b: '(1, 2:3)' } },
    {
      ...plain,
      notes: [`${at}.shape.a: "auto" is taken as dimensions of any size`],
      options: {
        ...plain.options,
        reshape: {
          kind: 'shapes',
          shapes: [
            { input: 'a', shape: 'dynamic' },
            {
              input: 'b',
              shape: [
                { min: 1, max: 1 },
                { min: 2, max: 3 },
              ],
            },
          ],
        },
      },
    },
  ],
  [
    'properties become text',
    { plugin_config: { A: 2, B: 0.5, C: 'x', D: true, E: false } },
    { ...plain, options: { ...plain.options, pluginConfig: { A: '2', B: '0.5', C: 'x', D: 'YES', E: 'NO' } } },
  ],
];

for (const [what, over, model] of accepted) {
  test(`accepted: ${what}`, () => assert.deepEqual(one(over), { models: [model] }));
}

const policies: [json: object, policy: VersionPolicy][] = [
  [{ all: {} }, { kind: 'all' }],
  [{ latest: { num_versions: 3 } }, { kind: 'latest', count: 3 }],
  [{ specific: { versions: [3, 1] } }, { kind: 'specific', versions: [3, 1] }],
];

for (const [json, policy] of policies) {
  test(`accepted: the policy ${JSON.stringify(json)}`, () => {
    assert.deepEqual(one({ model_version_policy: json }), { models: [{ ...plain, policy }] });
  });
}

const wrongPolicies: unknown[] = [
  null,
  'all',
  [],
  {},
  { all: {}, latest: { num_versions: 1 } },
  { all: true },
  { all: { a: 1 } },
  { latest: {} },
  { latest: { num_versions: 0 } },
  { latest: { num_versions: 1.5 } },
  { latest: { num_versions: '1' } },
  { latest: { num_versions: 1, a: 1 } },
  { specific: { versions: [] } },
  { specific: { versions: 1 } },
  { specific: { versions: [1, 0] } },
  { specific: { versions: [1], a: 1 } },
  { newest: {} },
];

for (const policy of wrongPolicies) {
  const json = JSON.stringify(policy);
  test(`refused: the policy ${json}`, () => {
    assert.deepEqual(one({ model_version_policy: policy }), {
      problems: [
        `${at}.model_version_policy: expected one of {"latest": {"num_versions": N}}, {"specific": {"versions": [N, …]}}, {"all": {}}, got ${json}`,
      ],
    });
  });
}

const refused: [what: string, over: object, ...problems: string[]][] = [
  ['no name', { name: undefined }, `${at}.name: expected a name, got nothing`],
  ['an empty name', { name: '' }, `${at}.name: expected a name, got ""`],
  ['a number for a name', { name: 7 }, `${at}.name: expected a name, got 7`],
  [
    'no base path',
    { base_path: undefined },
    `${at}.base_path: expected a folder that holds a folder for each version, got nothing`,
  ],
  ['a way up', { base_path: 'a/../b' }, `${at}.base_path: ".." is not allowed in a path: a/../b`],
  ['a way up at the end', { base_path: '/a/..' }, `${at}.base_path: ".." is not allowed in a path: /a/..`],
  [
    'a base path that is no folder',
    { base_path: 'https://b/m' },
    `${at}.base_path: expected a folder, or a path that begins with s3://, gs:// or az://, got https://b/m`,
  ],
  ['too few infer requests', { nireq: -1 }, `${at}.nireq: expected an integer from 0 to 100000, got -1`],
  ['too many infer requests', { nireq: 100_001 }, `${at}.nireq: expected an integer from 0 to 100000, got 100001`],
  ['half an infer request', { nireq: 1.5 }, `${at}.nireq: expected an integer from 0 to 100000, got 1.5`],
  ['text for a number', { nireq: '4' }, `${at}.nireq: expected an integer from 0 to 100000, got "4"`],
  ['a text for true or false', { required: 'false' }, `${at}.required: expected true or false, got "false"`],
  [
    'labels as a list',
    { version_labels: ['stable'] },
    `${at}.version_labels: expected an object of versions by their labels, got ["stable"]`,
  ],
  [
    'null for labels',
    { version_labels: null },
    `${at}.version_labels: expected an object of versions by their labels, got null`,
  ],
  [
    'each label that is wrong',
    { version_labels: { '': 1, a: 0, b: '2', c: 1.5, d: 1 } },
    `${at}.version_labels: expected labels that are not empty, got ""`,
    `${at}.version_labels.a: expected a version, which is an integer ≥ 1, got 0`,
    `${at}.version_labels.b: expected a version, which is an integer ≥ 1, got "2"`,
    `${at}.version_labels.c: expected a version, which is an integer ≥ 1, got 1.5`,
  ],
  [
    'a label of a version that the policy does not name',
    { version_labels: { stable: 1 }, model_version_policy: { specific: { versions: [2, 3] } } },
    `${at}.version_labels.stable: expected one of the versions that the policy names (2, 3), got 1`,
  ],
  [
    'a batch size and a shape that are none',
    { batch_size: 'many', shape: { a: '1,3' } },
    `${at}.batch_size: expected an integer ≥ 1, -1 for any size, a range such as "1:8", or "auto", got "many"`,
    `${at}.shape.a: expected a shape such as "(1,3,200:500,-1)", or "auto", got "1,3"`,
  ],
  ['an empty device', { target_device: '' }, `${at}.target_device: expected the name of a device, got ""`],
  [
    'properties as a list',
    { plugin_config: ['A'] },
    `${at}.plugin_config: expected an object of strings, numbers and booleans, got ["A"]`,
  ],
  [
    'each property that is no text, number or boolean',
    { plugin_config: { A: null, B: 1, C: {} } },
    `${at}.plugin_config.A: expected a string, number or boolean, got null`,
    `${at}.plugin_config.C: expected a string, number or boolean, got {}`,
  ],
  ['a field that nobody knows', { nirek: 4 }, `${at}.nirek: there is no such field`],
  ...onlyStateful.map((field): [string, object, string] => [
    `${field} of a model that is not stateful`,
    { [field]: field === 'max_sequence_number' ? 5 : true },
    `${at}.${field}: Stateful model config parameter used for non stateful model`,
  ]),
  [
    'more sequences than can be counted',
    { stateful: true, max_sequence_number: 2 ** 32 },
    `${at}.max_sequence_number: expected an integer from 0 to 4294967295, got 4294967296`,
  ],
  [
    'a stateful model of any shape',
    { stateful: true, shape: 'auto' },
    `${at}.stateful: Dynamic shape and dynamic batch size are not supported for stateful models: "auto"`,
  ],
  [
    'custom loaders',
    { custom_loader_options: { loader_name: 'l' } },
    `${at}.custom_loader_options: custom loaders are not supported`,
  ],
  [
    'MediaPipe graphs',
    { graph_path: 'graph.pbtxt', subconfig: 'subconfig.json' },
    `${at}.graph_path: MediaPipe graphs are not supported`,
    `${at}.subconfig: MediaPipe graphs are not supported`,
  ],
  ['a text for the cache', { allow_cache: 'yes' }, `${at}.allow_cache: expected true or false, got "yes"`],
  [
    'layouts that are none',
    { layout: 'NHXC' },
    `${at}.layout: expected a layout such as "NHWC", or "NHWC:NCHW" for clients that send another than the model takes, or an object of layouts by input and output, got "NHXC"`,
  ],
  [
    'three layouts',
    { layout: { a: 'N:N:N' } },
    `${at}.layout.a: expected a layout such as "NHWC", or "NHWC:NCHW" for clients that send another than the model takes, got "N:N:N"`,
  ],
  ['a scale of 0', { scale: 0 }, `${at}.scale: expected numbers other than 0, got 0`],
  [
    'a conversion of one colour',
    { color_format: 'RGB' },
    `${at}.color_format: expected TARGET:SOURCE such as "BGR:RGB", each one of RGB, BGR, GRAY, NV12, I420, got "RGB"`,
  ],
  [
    'a long value, which is told by its beginning',
    { nireq: 'x'.repeat(100) },
    `${at}.nireq: expected an integer from 0 to 100000, got "${'x'.repeat(59)}…`,
  ],
];

for (const [what, over, ...problems] of refused) {
  test(`refused: ${what}`, () => assert.deepEqual(one(over, what), { problems }));
}

const entryProblem = (index: number, got: string) =>
  `model_config_list[${index}]: expected an object with the one key "config", got ${got}`;

const metricNames = [...defaultMetrics, ...optionalMetrics].join(', ');

const wrongFiles: [what: string, config: unknown, ...problems: string[]][] = [
  ['a list', [], 'config: expected an object, got []'],
  ['null', null, 'config: expected an object, got null'],
  ['no list of models', {}, 'model_config_list: expected a list, got nothing'],
  ['an object of models', { model_config_list: {} }, 'model_config_list: expected a list, got {}'],
  [
    'entries of another form',
    { model_config_list: ['m', { name: 'm' }, { ...entry(), a: 1 }, { config: [] }] },
    entryProblem(0, '"m"'),
    entryProblem(1, '{"name":"m"}'),
    entryProblem(2, '{"config":{"name":"m","base_path":"/m"},"a":1}'),
    entryProblem(3, '{"config":[]}'),
  ],
  ['a section that nobody knows', { model_config_list: [], models: [] }, 'models: there is no such section'],
  ...(
    [
      ['custom_loader_config_list', 'custom loaders are not supported'],
      ['mediapipe_config_list', 'MediaPipe graphs are not supported'],
    ] as const
  ).map(([section, why]): [string, unknown, string] => [
    `${section} with an entry`,
    { model_config_list: [], [section]: [{}] },
    `${section}: ${why}`,
  ]),
  [
    'a schema that is none',
    { $schema: 1, model_config_list: [] },
    '$schema: expected the place of a JSON Schema, got 1',
  ],
  [
    'metrics by names that nobody knows',
    {
      model_config_list: [],
      monitoring: { metrics: { enable: false, metrics_list: ['ovms_streams', 'ovms_stream', 5] } },
    },
    `monitoring.metrics.metrics_list: Invalid name in metrics_list - "ovms_stream"; there are ${metricNames}`,
    `monitoring.metrics.metrics_list: Invalid name in metrics_list - 5; there are ${metricNames}`,
  ],
  [
    'metrics that nobody knows',
    { model_config_list: [], monitoring: { metrics: { enable: 1, metrics_list: 'all', interval: 5 } } },
    'monitoring.metrics.interval: there is no such field',
    'monitoring.metrics.enable: expected true or false, got 1',
    'monitoring.metrics.metrics_list: expected a list, got "all"',
  ],
  [
    'something else to monitor',
    { model_config_list: [], monitoring: { metrics: { enable: false }, logs: {} } },
    'monitoring: expected an object with the one key "metrics", got {"metrics":{"enable":false},"logs":{}}',
  ],
  [
    'everything at once',
    { model_config_list: [entry({ nireq: -1, mean: 'grey' }), entry({ name: '', base_path: 'gs:///b' })], models: 1 },
    'models: there is no such section',
    `${at}.mean: expected a number, or one for each channel such as "[123.675,116.28,103.53]", got "grey"`,
    `${at}.nireq: expected an integer from 0 to 100000, got -1`,
    'model_config_list[1].config.name: expected a name, got ""',
    'model_config_list[1].config.base_path: expected gs://bucket/path, got gs:///b',
  ],
];

for (const [what, config, ...problems] of wrongFiles) {
  test(`a file is refused for ${what}`, () => assert.deepEqual(parse(config), { problems }));
}

test('of several models with one name the first counts', () => {
  const parsed = parse({ model_config_list: [entry(), entry({ name: 'n' }), entry({ base_path: '/n' })] });
  assert.ok(!parsed.problems);
  assert.deepEqual(parsed.models, [
    { ...plain, notes: ['model_config_list[2]: ignored, since another model has that name'] },
    { ...plain, name: 'n' },
  ]);
});

test('the schema explains every field, and its examples and defaults are taken', () => {
  const fields = Object.entries(modelSchema.properties!);
  for (const [field, { description, examples = [], default: usual, pattern }] of fields) {
    assert.ok(description, field);
    if (field === 'name' || field === 'base_path') continue;
    for (const value of [...(examples as unknown[]), usual]) {
      if (value === undefined) continue;
      const needed = (onlyStateful as readonly string[]).includes(field) ? { stateful: true } : {};
      assert.ok(!one({ ...needed, [field]: value }).problems, `${field}: ${JSON.stringify(value)}`);
    }
    assert.ok(usual !== undefined || pattern !== undefined || (examples as unknown[]).length > 0, field);
  }
});

test('editors may be told where the schema is', () => {
  assert.deepEqual(parse({ $schema: 'docs/config.schema.json', model_config_list: [] }), { models: [] });
});

test('sections that ask for nothing may stand in the file', () => {
  const config = {
    model_config_list: [],
    pipeline_config_list: [],
    custom_node_library_config_list: [],
    custom_loader_config_list: [],
    mediapipe_config_list: [],
    monitoring: { metrics: { enable: false, metrics_list: [] } },
  };
  assert.deepEqual(parse(config), { models: [] });
});

const monitored: [list: unknown[] | undefined, names: readonly string[]][] = [
  [undefined, defaultMetrics],
  [[], defaultMetrics],
  [['ovms_streams'], ['ovms_streams']],
  [
    ['ovms_infer_req_active', 'ovms_current_graphs', 'ovms_requests_fail', 'ovms_requests_fail'],
    ['ovms_infer_req_active', 'ovms_requests_fail'],
  ],
];

for (const [list, names] of monitored) {
  test(`metrics are turned on, with the list ${JSON.stringify(list)}`, () => {
    const metrics = { enable: true, ...(list && { metrics_list: list }) };
    const parsed = parse({ model_config_list: [], monitoring: { metrics } });
    assert.deepEqual(parsed, { models: [], metrics: new Set(names) });
  });
}

const broken: [what: string, text: string, place: RegExp][] = [
  ['a stray word in the third line', '{\n  "model_config_list": [\n    oops\n  ]\n}', /\n {4}oops/],
  ['a comma too many', '{\n "a": 1,\n}', /line 3 column 1/],
  ['what follows the end', '{}\n{}', /line 2 column 1/],
  ['a file cut short', '{"model_config_list": [', /Unexpected end of JSON input|line 1 column 24/],
  ['an empty file', '', /Unexpected end of JSON input/],
];

for (const [what, text, place] of broken) {
  test(`where the file is no JSON is told: ${what}`, () => {
    const { problems = [] } = parseConfig(text, '/etc/models');
    assert.equal(problems.length, 1);
    assert.match(problems[0]!, /^config: The file is not valid json - /);
    assert.match(problems[0]!, place);
  });
}
