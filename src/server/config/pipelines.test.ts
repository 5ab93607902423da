import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PipelineDefinition } from '../model/pipeline.ts';
import { parseConfig } from './parse-config.ts';

const model = (name: string, over: object = {}) => ({ config: { name, base_path: `/${name}`, ...over } });
const parse = (over: object) =>
  parseConfig(JSON.stringify({ model_config_list: [model('m'), model('o', { required: false })], ...over }), '/etc');
const ref = (node_name: string, data_item: string) => ({ node_name, data_item });

const node = {
  name: 'n',
  type: 'DL model',
  model_name: 'm',
  inputs: [{ b: ref('request', 'in') }],
  outputs: [{ data_item: 'a', alias: 'sum' }],
};
const pipeline = { name: 'p', inputs: ['in'], nodes: [node], outputs: [{ out: ref('n', 'sum') }] };
const one = (over: object) => parse({ pipeline_config_list: [{ ...pipeline, ...over }] });
const oneNode = (over: object) => one({ nodes: [{ ...node, ...over }] });

const plainNode: PipelineDefinition['nodes'][number] = {
  name: 'n',
  runs: { kind: 'model', model: 'm' },
  inputs: [{ to: 'b', from: { node: 'request', item: 'in' } }],
  outputs: [{ item: 'a', alias: 'sum' }],
};
const plain: PipelineDefinition = {
  name: 'p',
  required: true,
  inputs: ['in'],
  nodes: [plainNode],
  outputs: [{ to: 'out', from: { node: 'n', item: 'sum' } }],
  whenEmpty: 'outputs',
};
const withNode = (over: object) => ({ ...plain, nodes: [{ ...plainNode, ...over }] });
const custom = { type: 'custom', model_name: undefined, library_name: 'l' };

const accepted: [what: string, parsed: ReturnType<typeof parse>, definition: object][] = [
  ['a model', one({}), plain],
  ['a version', oneNode({ version: 3 }), withNode({ runs: { kind: 'model', model: 'm', version: 3 } })],
  [
    'a custom node',
    oneNode({ ...custom, params: { width: '8' } }),
    withNode({ runs: { kind: 'custom', library: 'l', parameters: { width: '8' } } }),
  ],
  [
    'a custom node without parameters',
    oneNode(custom),
    withNode({ runs: { kind: 'custom', library: 'l', parameters: {} } }),
  ],
  [
    'a type that there is not',
    oneNode({ type: 'LLM', model_name: undefined }),
    withNode({ runs: { kind: 'unsupported', type: 'LLM' } }),
  ],
  ['a number of shards', oneNode({ demultiply_count: 10_000 }), withNode({ demultiply: 10_000 })],
  ['any number of shards', oneNode({ demultiply_count: -1 }), withNode({ demultiply: 'dynamic' })],
  ['any number, as it used to be said', oneNode({ demultiply_count: 0 }), withNode({ demultiply: 'dynamic' })],
  ['a split at the entry', one({ demultiply_count: 3 }), { ...plain, demultiply: 3 }],
  ['gathering', oneNode({ gather_from_node: 'g' }), withNode({ gatherFrom: 'g' })],
  [
    'a condition',
    oneNode({ when: { ...ref('g', 'score'), at_least: 0.5 } }),
    withNode({ when: { from: { node: 'g', item: 'score' }, comparison: 'at_least', value: 0.5 } }),
  ],
  ['an error for what is empty', one({ empty_demultiply: 'abort' }), { ...plain, whenEmpty: 'abort' }],
  ['a pipeline that need not be there', one({ required: false }), { ...plain, required: false }],
  [
    'a pipeline of a model that need not be there',
    oneNode({ model_name: 'o' }),
    { ...withNode({ runs: { kind: 'model', model: 'o' } }), required: false },
  ],
  [
    'one that must be there all the same',
    one({ nodes: [{ ...node, model_name: 'o' }], required: true }),
    withNode({ runs: { kind: 'model', model: 'o' } }),
  ],
];

for (const [what, parsed, definition] of accepted) {
  test(`accepted: ${what}`, () => {
    assert.deepEqual(parsed.problems, undefined);
    assert.deepEqual(parsed.pipelines, { pipelines: [definition], libraries: [] });
  });
}

test('libraries, whose paths start at the file', () => {
  const list = [
    { name: 'a', base_path: '/ovms/lib/custom_nodes/libcustom_node_add_one.so' },
    { name: 'b', base_path: 'nodes/join.js' },
  ];
  const parsed = parse({ custom_node_library_config_list: list });
  assert.deepEqual(parsed.problems ?? parsed.pipelines?.libraries, [
    { name: 'a', basePath: '/ovms/lib/custom_nodes/libcustom_node_add_one.so' },
    { name: 'b', basePath: '/etc/nodes/join.js' },
  ]);
});

/** As problems print a value. */
function shortened(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

const at = 'pipeline_config_list[0]';
const inNode = `${at}.nodes[0]`;
const connection = 'an object with one key, as in {"image": {"node_name": "request", "data_item": "image"}}';
const count = 'an integer from 1 to 10000, or -1 for any number';

const refused: [what: string, parsed: ReturnType<typeof parse>, ...problems: string[]][] = [
  ['no list', parse({ pipeline_config_list: {} }), 'pipeline_config_list: expected a list, got {}'],
  ['no object', parse({ pipeline_config_list: [1] }), `${at}: expected an object that describes a pipeline, got 1`],
  [
    'an empty object',
    parse({ pipeline_config_list: [{}] }),
    `${at}.name: expected a name, got nothing`,
    `${at}.nodes: expected a list of nodes, got nothing`,
    `${at}.inputs: expected a list of names, got nothing`,
    `${at}.outputs: expected a list of connections, got nothing`,
  ],
  [
    'an empty node',
    one({ nodes: [{}] }),
    `${inNode}.name: expected a name, got nothing`,
    `${inNode}.type: expected a name, got nothing`,
    `${inNode}.inputs: expected a list of connections, got nothing`,
    `${inNode}.outputs: expected a list of outputs, got nothing`,
  ],
  ['a node that is none', one({ nodes: ['n'] }), `${inNode}: expected an object that describes a node, got "n"`],
  ['unknown fields', one({ mode: 1 }), `${at}.mode: there is no such field`],
  ['unknown fields of a node', oneNode({ nireq: 1 }), `${inNode}.nireq: there is no such field`],
  ['a model without a name', oneNode({ model_name: undefined }), `${inNode}.model_name: expected a name, got nothing`],
  [
    'fields of a custom node in another',
    oneNode({ library_name: 'l', params: {} }),
    `${inNode}.library_name: nodes of the type "DL model" have no such field`,
    `${inNode}.params: nodes of the type "DL model" have no such field`,
  ],
  [
    'fields of a model in a custom node',
    oneNode({ type: 'custom', version: 1 }),
    `${inNode}.model_name: nodes of the type "custom" have no such field`,
    `${inNode}.version: nodes of the type "custom" have no such field`,
    `${inNode}.library_name: expected a name, got nothing`,
  ],
  ['version 0', oneNode({ version: 0 }), `${inNode}.version: expected an integer ≥ 1, got 0`],
  ['parameters in a list', oneNode({ ...custom, params: [] }), `${inNode}.params: expected an object of texts, got []`],
  ['a number', oneNode({ ...custom, params: { w: 8 } }), `${inNode}.params.w: expected a text, in quotes, got 8`],
  ['-2 shards', one({ demultiply_count: -2 }), `${at}.demultiply_count: expected ${count}, got -2`],
  [
    'too many shards',
    oneNode({ demultiply_count: 10_001 }),
    `${inNode}.demultiply_count: expected ${count}, got 10001`,
  ],
  ['half a shard', oneNode({ demultiply_count: 0.5 }), `${inNode}.demultiply_count: expected ${count}, got 0.5`],
  ['gathering from no name', oneNode({ gather_from_node: 1 }), `${inNode}.gather_from_node: expected a name, got 1`],
  [
    'gathering from two',
    oneNode({ gather_from_node: ['f', 'g'] }),
    `${inNode}.gather_from_node: Manual gathering from multiple nodes is not supported - f,g`,
  ],
  [
    'a word for what is empty',
    one({ empty_demultiply: 'x' }),
    `${at}.empty_demultiply: expected "outputs" or "abort", got "x"`,
  ],
  ...[{ at_least: '1' }, { above: 1 }, { at_least: 1, at_most: 2 }, {}].map(
    (test): [string, ReturnType<typeof parse>, string] => [
      `the condition ${JSON.stringify(test)}`,
      oneNode({ when: { ...ref('g', 's'), ...test } }),
      `${inNode}.when: expected an object with one of equals, at_least, at_most, as in {"node_name": "n", "data_item": "score", "at_least": 0.5}, got ${shortened({ ...ref('g', 's'), ...test })}`,
    ],
  ),
  [
    'a condition on nothing',
    oneNode({ when: { equals: 1 } }),
    `${inNode}.when.node_name: expected a name, got nothing`,
    `${inNode}.when.data_item: expected a name, got nothing`,
  ],
  ['a wish', one({ required: 'yes' }), `${at}.required: expected true or false, got "yes"`],
  [
    'two inputs of one name',
    one({ inputs: ['in', 'in', ''] }),
    `${at}.inputs[2]: expected a name, got ""`,
    `${at}.inputs: two inputs have the name in`,
  ],
  [
    'connections that are none',
    oneNode({ inputs: [{}, { b: 1 }, { b: {}, c: {} }, { b: { node_name: '', item: 1 } }] }),
    `${inNode}.inputs[0]: expected ${connection}, got {}`,
    `${inNode}.inputs[1]: expected ${connection}, got {"b":1}`,
    `${inNode}.inputs[2]: expected ${connection}, got {"b":{},"c":{}}`,
    `${inNode}.inputs[3].b.item: there is no such field`,
    `${inNode}.inputs[3].b.node_name: expected a name, got ""`,
    `${inNode}.inputs[3].b.data_item: expected a name, got nothing`,
  ],
  [
    'outputs that are none',
    oneNode({
      outputs: [1, { data_item: 'a', alias: '' }, { data_item: 'a', alias: 's' }, { data_item: 'b', alias: 's' }],
    }),
    `${inNode}.outputs[0]: expected an object, as in {"data_item": "out", "alias": "digit"}, got 1`,
    `${inNode}.outputs[1].alias: expected a name, got ""`,
    `${inNode}.outputs: two aliases have the name s`,
  ],
  [
    'two outputs of one name',
    one({ outputs: [{ out: ref('n', 'sum') }, { out: ref('n', 'sum') }] }),
    `${at}.outputs: two outputs have the name out`,
  ],
  ['the name of a model', one({ name: 'm' }), `${at}.name: Pipeline has the same name as model - m`],
  [
    'two of one name',
    parse({ pipeline_config_list: [pipeline, pipeline] }),
    'pipeline_config_list: two pipelines have the name p',
  ],
  [
    'libraries that are none',
    parse({ custom_node_library_config_list: [1, { base_path: '../l.js', x: 1 }, { name: 'l', base_path: '' }] }),
    'custom_node_library_config_list[0]: expected an object with a name and a base_path, got 1',
    'custom_node_library_config_list[1].x: there is no such field',
    'custom_node_library_config_list[1].name: expected a name, got nothing',
    'custom_node_library_config_list[1].base_path: ".." is not allowed in a path: ../l.js',
    'custom_node_library_config_list[2].base_path: expected the path of a library, got ""',
  ],
  [
    'two libraries of one name',
    parse({
      custom_node_library_config_list: [
        { name: 'l', base_path: '/a' },
        { name: 'l', base_path: '/b' },
      ],
    }),
    'custom_node_library_config_list: two libraries have the name l',
  ],
];

for (const [what, parsed, ...problems] of refused) {
  test(`refused: ${what}`, () => assert.deepEqual(parsed, { problems }));
}
