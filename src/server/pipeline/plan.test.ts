import assert from 'node:assert/strict';
import { test } from 'node:test';
import { customNode, modelNode, pipeline, signature } from '../../../test/support/pipeline-definition.ts';
import type { NodeDefinition, PipelineDefinition } from '../model/pipeline.ts';
import { printShape, type Signature, type TensorInfo } from '../model/signature.ts';
import type { CustomNode } from './custom-node.ts';
import { makePlan } from './plan.ts';
import { PipelineProblems } from './problems.ts';
import type { Surroundings } from './surroundings.ts';

const models: Readonly<Record<string, Signature>> = {
  add: signature({ b: 'FP32 1 10' }, { a: 'FP32 1 10' }),
  sum: signature({ x: 'FP32 1 10', y: 'FP32 1 10' }, { a: 'FP32 1 10' }),
  flexible: signature({ b: 'FP32 -1 5:12' }, { a: 'FP32 -1 5:12' }),
  narrow: signature({ b: 'FP32 1 7' }, { a: 'FP32 1 7' }),
  integers: signature({ b: 'I32 1 10' }, { a: 'I32 1 10' }),
  two: signature({ b: 'FP32 1 10', c: 'FP32 1 10' }, { a: 'FP32 1 10', d: 'FP32 1 10' }),
  cube: signature({ b: 'FP32 3 1 10' }, { a: 'FP32 3 1 10' }),
  tower: signature({ b: 'FP32 2 3 1 10' }, { a: 'FP32 2 3 1 10' }),
  any: signature({ b: 'FP32 -1 1 10' }, { a: 'FP32 -1 1 10' }),
  texts: signature({ b: 'STRING -1' }, { a: 'STRING -1' }),
  textCube: signature({ b: 'FP32 1 10' }, { a: 'STRING 3 1 10' }),
  scalar: signature({ b: 'FP32 1 10' }, { a: 'FP32' }),
  openRank: signature({ b: 'FP32 ?' }, { a: 'FP32 ?' }),
  image: signature({ b: 'U8 1 4 4 3 NHWC' }, { a: 'FP32 1 10' }),
  channelsFirst: signature({ b: 'U8 1 4 4 3 NCHW' }, { a: 'FP32 1 10' }),
};

const libraries: Readonly<Record<string, Signature>> = {
  split: signature({ image: 'FP32 1 10' }, { boxes: 'FP32 -1 1 4', images: 'FP32 -1 1 10' }),
  join: signature({ digits: 'FP32 -1 1 10' }, { text: 'FP32 -1' }),
  source: signature({}, { a: 'FP32 1 10' }),
  nameless: signature({ '': 'FP32 1 10' }, { '': 'FP32 1 10' }),
};

function surroundings({ nodes }: PipelineDefinition): Surroundings {
  return {
    model: (name, version) =>
      name === 'stateful'
        ? { forbidden: 'stateful models cannot be used in pipelines' }
        : models[name] && version !== 9
          ? { signature: models[name] }
          : { missing: 'no version is available' },
    custom(name) {
      const runs = nodes.find((node) => node.name === name)?.runs;
      const library = runs?.kind === 'custom' ? runs.library : '';
      if (library === 'broken') return { at: 'initialization', cause: 'width: expected an integer, got "x"' };
      if (library === 'mute') return { at: 'customMetadata', cause: 'it throws' };
      const known = libraries[library];
      return known ? ({ signature: known } as CustomNode) : { at: 'library', cause: 'there is no such library' };
    },
  };
}

const plan = (definition: PipelineDefinition) => makePlan(definition, surroundings(definition));
const print = ({ name, precision, shape, layout }: TensorInfo) =>
  `${name} ${precision} ${shape ? printShape(shape) : '?'} ${layout}`;

const chain = (over: Partial<PipelineDefinition> = {}) =>
  pipeline(
    ['in'],
    [modelNode('n', 'add', { b: 'request.in' }), modelNode('m', 'add', { b: 'n.a' })],
    { out: 'm.a' },
    over,
  );
const splitter = (over: Partial<NodeDefinition> = {}) =>
  customNode('s', 'split', { image: 'request.in' }, ['boxes', 'images'], { demultiply: 'dynamic', ...over });
const each = modelNode('e', 'add', { b: 's.images' });
const joiner = customNode('j', 'join', { digits: 'e.a' }, ['text'], { gatherFrom: 's' });

const when = (from: string): NonNullable<NodeDefinition['when']> => {
  const [node, item] = from.split('.');
  return { from: { node: node!, item: item! }, comparison: 'at_least', value: 0.5 };
};

const signatures: [what: string, definition: PipelineDefinition, inputs: string[], outputs: string[]][] = [
  ['a chain', chain(), ['in FP32 (1,10) N...'], ['out FP32 (1,10) N...']],
  [
    'a diamond, by byte order of names',
    pipeline(
      ['in'],
      [
        modelNode('l', 'add', { b: 'request.in' }),
        modelNode('r', 'add', { b: 'request.in' }),
        modelNode('s', 'sum', { x: 'l.a', y: 'r.a' }),
      ],
      { z: 's.a', Z: 'l.a' },
    ),
    ['in FP32 (1,10) N...'],
    ['Z FP32 (1,10) N...', 'z FP32 (1,10) N...'],
  ],
  [
    'several inputs and outputs of a node',
    pipeline(['y', 'x'], [modelNode('n', 'two', { b: 'request.x', c: 'request.y' }, ['a', 'd'])], {
      p: 'n.a',
      o: 'n.d',
    }),
    ['x FP32 (1,10) N...', 'y FP32 (1,10) N...'],
    ['o FP32 (1,10) N...', 'p FP32 (1,10) N...'],
  ],
  [
    'an input that goes on as it is, beside a node that says what it is',
    pipeline(['in'], [modelNode('n', 'add', { b: 'request.in' })], { out: 'n.a', in: 'request.in' }),
    ['in FP32 (1,10) N...'],
    ['in FP32 (1,10) N...', 'out FP32 (1,10) N...'],
  ],
  [
    'what all readers of an input take',
    pipeline(['in'], [modelNode('n', 'flexible', { b: 'request.in' }), modelNode('m', 'add', { b: 'request.in' })], {
      x: 'n.a',
      y: 'm.a',
    }),
    ['in FP32 (1,10) N...'],
    ['x FP32 (-1,[5~12]) N...', 'y FP32 (1,10) N...'],
  ],
  [
    'an open rank takes what another says',
    pipeline(['in'], [modelNode('n', 'openRank', { b: 'request.in' }), modelNode('m', 'add', { b: 'n.a' })], {
      x: 'm.a',
      y: 'n.a',
    }),
    ['in FP32 ? N...'],
    ['x FP32 (1,10) N...', 'y FP32 ? N...'],
  ],
  [
    'any number at the entry',
    chain({ demultiply: 'dynamic' }),
    ['in FP32 (-1,1,10) N?...'],
    ['out FP32 (-1,1,10) N?...'],
  ],
  ['three at the entry', chain({ demultiply: 3 }), ['in FP32 (3,1,10) N?...'], ['out FP32 (3,1,10) N?...']],
  [
    'images at the entry',
    pipeline(['in'], [modelNode('n', 'image', { b: 'request.in' })], { out: 'n.a' }, { demultiply: 'dynamic' }),
    ['in U8 (-1,1,4,4,3) N?HWC'],
    ['out FP32 (-1,1,10) N?...'],
  ],
  [
    'shards that are gathered at the exit, also right away',
    pipeline(['in'], [splitter(), each], { boxes: 's.boxes', out: 'e.a' }),
    ['in FP32 (1,10) N...'],
    ['boxes FP32 (-1,1,4) N...', 'out FP32 (-1,1,10) N?...'],
  ],
  [
    'shards that a node gathers',
    pipeline(['in'], [splitter(), each, joiner], { out: 'j.text' }),
    ['in FP32 (1,10) N...'],
    ['out FP32 (-1) N...'],
  ],
  [
    'outputs from within and from outside',
    pipeline(['in'], [splitter(), each, modelNode('n', 'add', { b: 'request.in' })], { out: 'e.a', whole: 'n.a' }),
    ['in FP32 (1,10) N...'],
    ['out FP32 (-1,1,10) N?...', 'whole FP32 (1,10) N...'],
  ],
  [
    'one within another',
    pipeline(
      ['in'],
      [
        modelNode('t', 'tower', { b: 'request.in' }, ['a'], { demultiply: 2 }),
        modelNode('c', 'cube', { b: 't.a' }, ['a'], { demultiply: 3 }),
        modelNode('n', 'add', { b: 'c.a' }),
      ],
      { out: 'n.a' },
    ),
    ['in FP32 (2,3,1,10) N...'],
    ['out FP32 (2,3,1,10) N??...'],
  ],
  [
    'one within another, gathered one by one',
    pipeline(
      ['in'],
      [
        modelNode('t', 'tower', { b: 'request.in' }, ['a'], { demultiply: 2 }),
        modelNode('c', 'cube', { b: 't.a' }, ['a'], { demultiply: 3 }),
        modelNode('n', 'add', { b: 'c.a' }),
        modelNode('g', 'cube', { b: 'n.a' }, ['a'], { gatherFrom: 'c' }),
        modelNode('h', 'tower', { b: 'g.a' }, ['a'], { gatherFrom: 't' }),
      ],
      { out: 'h.a' },
    ),
    ['in FP32 (2,3,1,10) N...'],
    ['out FP32 (2,3,1,10) N...'],
  ],
  [
    'any number within any number, where a node gathers the inner ones',
    pipeline(
      ['in'],
      [
        modelNode('t', 'tower', { b: 'request.in' }, ['a'], { demultiply: 'dynamic' }),
        modelNode('c', 'any', { b: 't.a' }, ['a'], { demultiply: 'dynamic' }),
        modelNode('n', 'add', { b: 'c.a' }),
        modelNode('g', 'any', { b: 'n.a' }, ['a'], { gatherFrom: 'c' }),
      ],
      { out: 'g.a' },
    ),
    ['in FP32 (2,3,1,10) N...'],
    ['out FP32 (-1,-1,1,10) N?...'],
  ],
  [
    'gathering from the entry',
    pipeline(
      ['in'],
      [
        modelNode('n', 'add', { b: 'request.in' }),
        modelNode('g', 'cube', { b: 'n.a' }, ['a'], { gatherFrom: 'request' }),
      ],
      { out: 'g.a' },
      { demultiply: 3 },
    ),
    ['in FP32 (3,1,10) N?...'],
    ['out FP32 (3,1,10) N...'],
  ],
  [
    'outputs that may be empty, since a node may not run',
    pipeline(
      ['in'],
      [
        modelNode('t', 'scalar', { b: 'request.in' }),
        modelNode('n', 'add', { b: 'request.in' }, ['a'], { when: when('t.a') }),
        modelNode('m', 'add', { b: 'n.a' }),
      ],
      { out: 'm.a', score: 't.a' },
    ),
    ['in FP32 (1,10) N...'],
    ['out FP32 ([0~1],10) N...', 'score FP32 () N...'],
  ],
  [
    'a node without inputs',
    pipeline(['in'], [customNode('z', 'source', {}, ['a']), modelNode('s', 'sum', { x: 'z.a', y: 'request.in' })], {
      out: 's.a',
    }),
    ['in FP32 (1,10) N...'],
    ['out FP32 (1,10) N...'],
  ],
];

for (const [what, definition, inputs, outputs] of signatures) {
  test(`a plan: ${what}`, () => {
    const made = plan(definition);
    assert.ok(!(made instanceof PipelineProblems), made instanceof PipelineProblems ? made.all.join('\n') : '');
    assert.deepEqual([made.signature.inputs.map(print), made.signature.outputs.map(print)], [inputs, outputs]);
  });
}

const wired = (b: string, over: Partial<NodeDefinition> = {}, outputs: Record<string, string> = { out: 'n.a' }) =>
  pipeline(['in'], [modelNode('n', 'add', { b }, ['a'], over)], outputs);
const run = (model: string, over: Partial<NodeDefinition> = {}) =>
  pipeline(['in'], [modelNode('n', model, { b: 'request.in' }, ['a'], over)], { out: 'n.a' });
const two = (first: string, second: string) =>
  pipeline(['in'], [modelNode('n', first, { b: 'request.in' }), modelNode('m', second, { b: 'n.a' })], { out: 'm.a' });
const custom = (library: string) =>
  pipeline(['in'], [customNode('n', library, { '': 'request.in' }, ['']), modelNode('m', 'add', { b: 'n.' })], {
    out: 'm.a',
  });

const wrong: [number: string, definition: PipelineDefinition, ...problems: string[]][] = [
  [
    '2, an incorrect library',
    custom('none'),
    'Pipeline refers to incorrect library - Node: n; library: none; there is no such library',
  ],
  [
    '3, parameters that a library refuses',
    custom('broken'),
    'Failure during custom node library initialization - Node: n; library: broken; width: expected an integer, got "x"',
  ],
  [
    '4, no inputs or no outputs',
    pipeline([], [], {}),
    'Pipeline definition is missing request or response node - there are no inputs',
    'Pipeline definition is missing request or response node - there are no outputs',
  ],
  [
    '5, nodes with the names of the ends',
    pipeline(
      ['in'],
      [modelNode('n', 'add', { b: 'request.in' }), modelNode('request', 'add', {}), modelNode('response', 'add', {})],
      { out: 'n.a' },
    ),
    'Pipeline definition has multiple request nodes - Node: request, which is the name of where inputs come from',
    'Pipeline definition has multiple response nodes - Node: response, which is the name of where outputs go to',
  ],
  [
    '6, any number of shards within others, to the exit',
    pipeline(
      ['in'],
      [
        modelNode('t', 'tower', { b: 'request.in' }, ['a'], { demultiply: 2 }),
        modelNode('c', 'any', { b: 't.a' }, ['a'], { demultiply: 'dynamic' }),
      ],
      { out: 'c.a' },
    ),
    'Functionality not implemented - Output: out; node c splits into any number of shards within those of another, and they are not gathered before the response',
  ],
  [
    '7, two nodes of one name',
    pipeline(['in'], [modelNode('n', 'add', { b: 'request.in' }), modelNode('n', 'sum', {})], { out: 'n.a' }),
    'Pipeline definition has multiple nodes with the same name - Node: n',
  ],
  [
    '8, a type that there is not',
    wired('request.in', { runs: { kind: 'unsupported', type: 'LLM' } }),
    'Unsupported node type - Node: n; type: LLM; there are "DL model" and "custom"',
  ],
  [
    '9, a missing model',
    run('none'),
    'Pipeline definition has reference to missing model - Node: n; model: none; no version is available',
  ],
  [
    '9, a missing version',
    wired('request.in', { runs: { kind: 'model', model: 'add', version: 9 } }),
    'Pipeline definition has reference to missing model - Node: n; model: add; version: 9; no version is available',
  ],
  [
    '10, a model that has no place in a pipeline',
    run('stateful'),
    'Value of provided parameter is forbidden - Node: n; model: stateful; stateful models cannot be used in pipelines',
  ],
  [
    '11, strings that are split',
    pipeline(['in'], [modelNode('n', 'textCube', { b: 'request.in' }, ['a'], { demultiply: 3 })], { out: 'n.a' }),
    'Demultiplication is not supported for string precision - Node: n; output: a',
  ],
  [
    '11 and 12, strings that are split at the entry',
    pipeline(['in'], [modelNode('n', 'texts', { b: 'request.in' })], { out: 'n.a' }, { demultiply: 3 }),
    'Demultiplication is not supported for string precision - Input: in',
    'Pipeline has not enough shape dimensions to demultiply - Input: in; Expected: at least 3 dimensions; Actual: (3,-1)',
  ],
  [
    '12, too few dimensions to split',
    run('add', { demultiply: 'dynamic' }),
    'Pipeline has not enough shape dimensions to demultiply - Node: n; output: a; Expected: at least 3 dimensions; Actual: (1,10)',
  ],
  [
    '13, another first dimension than the number of shards',
    run('cube', { demultiply: 4 }),
    'Demultiplication count does not match tensor first dimension - Node: n; output: a; Expected: 4; Actual: (3,1,10)',
  ],
  [
    '14, gathering from nothing',
    wired('request.in', { gatherFrom: 'x' }),
    'Gather node refers to not existing node - Node: n; gather_from_node: x',
  ],
  [
    '14, gathering from a node that does not split',
    wired('request.in', { gatherFrom: 'request' }),
    "Gather node refers to node that isn't demultiplexer - Node: n; gather_from_node: request",
  ],
  [
    '15, inputs and outputs from nodes that there are not',
    wired('x.in', {}, { out: 'y.a' }),
    'Pipeline definition has reference to missing node - Node: n; input: b; node_name: x',
    'Pipeline definition has reference to missing node - Output: out; node_name: y',
  ],
  [
    '16, the response as a source',
    wired('response.out'),
    'Pipeline definition has response node used as dependency node - Node: n; input: b; data_item: out',
  ],
  [
    '17, data that there is not',
    wired('request.x', {}, { out: 'n.b' }),
    'Pipeline definition has reference to missing data source - Node: n; input: b; node_name: request; data_item: x; there are: in',
    'Pipeline definition has reference to missing data source - Output: out; node_name: n; data_item: b; there are: a',
  ],
  [
    '18, an alias of an output that there is not',
    wired('request.in', { outputs: [{ alias: 'a', item: 'logits' }] }),
    'Pipeline definition has reference to missing model output - Node: n; output: logits; alias: a; there are: a',
  ],
  [
    '19 and 21, an input that there is not, and one that is left',
    pipeline(['in'], [modelNode('n', 'add', { c: 'request.in' })], { out: 'n.a' }),
    'Pipeline definition has connection to non existing model input - Node: n; input: c; there are: b',
    'Pipeline definition does not have connections for all inputs of underlying models - Node: n; inputs: b',
  ],
  [
    '20, an input that is connected twice',
    wired('request.in', {
      inputs: [
        { to: 'b', from: { node: 'request', item: 'in' } },
        { to: 'b', from: { node: 'request', item: 'in' } },
      ],
    }),
    'Pipeline definition has multiple connections to the same input of underlying model - Node: n; input: b',
  ],
  [
    '22, another shape',
    two('add', 'narrow'),
    'Invalid input shape - Node: m; input: b; Expected: (1,7); Actual: (1,10)',
  ],
  [
    '22, another rank',
    two('cube', 'add'),
    'Invalid input shape - Node: m; input: b; Expected: (1,10); Actual: (3,1,10)',
  ],
  [
    '22, shards that do not make the input',
    pipeline(
      ['in'],
      [splitter({ demultiply: 2 }), each, modelNode('g', 'cube', { b: 'e.a' }, ['a'], { gatherFrom: 's' })],
      { out: 'g.a' },
    ),
    'Invalid input shape - Node: g; input: b; Expected: (3,1,10); Actual: shards gathered into (2) and more',
  ],
  [
    '23, another precision',
    two('add', 'integers'),
    'Invalid input precision - Node: m; input: b; Expected: I32; Actual: FP32',
  ],
  [
    '24, strings between nodes',
    two('texts', 'texts'),
    'Functionality not implemented - Node: m; input: b; nodes cannot be connected by tensors of strings',
  ],
  ['26, a node that takes from itself', wired('n.a'), 'Pipeline definition contains a cycle - Nodes: n -> n'],
  [
    '26, a cycle',
    pipeline(
      ['in'],
      [
        modelNode('n', 'sum', { x: 'request.in', y: 'o.a' }),
        modelNode('m', 'add', { b: 'n.a' }),
        modelNode('o', 'add', { b: 'm.a' }),
      ],
      { out: 'o.a' },
    ),
    'Pipeline definition contains a cycle - Nodes: n -> o -> m -> n',
  ],
  [
    '27, nodes that lead nowhere',
    pipeline(
      ['in'],
      [
        modelNode('n', 'add', { b: 'request.in' }),
        modelNode('m', 'add', { b: 'n.a' }),
        modelNode('o', 'add', { b: 'm.a' }),
      ],
      { out: 'n.a' },
    ),
    'Pipeline definition has unconnected nodes - Nodes: m, o',
  ],
  [
    '28, gathering out of order',
    pipeline(
      ['in'],
      [
        modelNode('t', 'tower', { b: 'request.in' }, ['a'], { demultiply: 2 }),
        modelNode('c', 'cube', { b: 't.a' }, ['a'], { demultiply: 3 }),
        modelNode('g', 'cube', { b: 'c.a' }, ['a'], { gatherFrom: 't' }),
      ],
      { out: 'g.a' },
    ),
    'Demultiplexer and gather nodes are not in LIFO order - Node: g; gather_from_node: t; its inputs come from within: (t, c)',
  ],
  [
    '28, a node between levels',
    pipeline(['in'], [splitter(), modelNode('m', 'sum', { x: 's.images', y: 'request.in' })], { out: 'm.a' }),
    'Demultiplexer and gather nodes are not in LIFO order - Node: m; its inputs come from within different demultiplexers: (s) and ()',
  ],
  [
    '28, gathering what is gathered',
    pipeline(['in'], [splitter(), each, joiner, modelNode('g', 'any', { b: 'j.text' }, ['a'], { gatherFrom: 's' })], {
      out: 'g.a',
    }),
    'Demultiplexer and gather nodes are not in LIFO order - Node: g; gather_from_node: s; its inputs come from within: ()',
  ],
  [
    '29, an input that nodes take as different shapes',
    pipeline(['in'], [modelNode('n', 'add', { b: 'request.in' }), modelNode('m', 'narrow', { b: 'request.in' })], {
      x: 'n.a',
      y: 'm.a',
    }),
    'Multiple nodes connected to the same pipeline input require different tensor metadata - Input: in; FP32 (1,10) N...; FP32 (1,7) N...',
  ],
  [
    '29, in different layouts',
    pipeline(
      ['in'],
      [modelNode('n', 'image', { b: 'request.in' }), modelNode('m', 'channelsFirst', { b: 'request.in' })],
      { x: 'n.a', y: 'm.a' },
    ),
    'Multiple nodes connected to the same pipeline input require different tensor metadata - Input: in; U8 (1,4,4,3) NHWC; U8 (1,4,4,3) NCHW',
  ],
  [
    '29, in different precisions',
    pipeline(['in'], [modelNode('n', 'add', { b: 'request.in' }), modelNode('m', 'integers', { b: 'request.in' })], {
      x: 'n.a',
      y: 'm.a',
    }),
    'Multiple nodes connected to the same pipeline input require different tensor metadata - Input: in; FP32 (1,10) N...; I32 (1,10) N...',
  ],
  [
    '30, a node that does not say what it takes',
    custom('mute'),
    'Custom node failed on metadata call - Node: n; library: mute; it throws',
  ],
  [
    '30, names that are missing',
    custom('nameless'),
    'Custom node input is missing name - Node: n',
    'Custom node output is missing name - Node: n',
  ],
  [
    'a condition on what is not one number',
    pipeline(
      ['in'],
      [
        modelNode('t', 'add', { b: 'request.in' }),
        modelNode('n', 'add', { b: 'request.in' }, ['a'], { when: when('t.a') }),
      ],
      {
        out: 'n.a',
      },
    ),
    'Condition of a node cannot be tested - Node: n; Expected: one number; Actual: FP32 (1,10)',
  ],
  [
    'a condition within a demultiplexer',
    pipeline(['in'], [splitter(), modelNode('n', 'add', { b: 's.images' }, ['a'], { when: when('s.boxes') })], {
      out: 'n.a',
    }),
    'Condition of a node cannot be tested - Node: n; conditions are not supported within demultiplexers',
  ],
  [
    'a condition whose output could not be empty',
    pipeline(
      ['in'],
      [
        modelNode('t', 'scalar', { b: 'request.in' }),
        modelNode('n', 'scalar', { b: 'request.in' }, ['a'], { when: when('t.a') }),
      ],
      {
        out: 'n.a',
      },
    ),
    'Condition of a node cannot be tested - Output: out; it is a scalar, which cannot be without elements',
  ],
  [
    'a condition on nothing',
    wired('request.in', { when: when('x.y') }),
    'Pipeline definition has reference to missing node - Node: n; when; node_name: x',
  ],
  [
    'a condition on itself',
    wired('request.in', { when: when('n.a') }),
    'Pipeline definition contains a cycle - Nodes: n -> n',
  ],
  [
    'all at once, in order',
    pipeline(
      ['in'],
      [
        modelNode('n', 'none', { b: 'nobody.a' }),
        modelNode('n', 'add', {}),
        modelNode('m', 'add', { c: 'request.in' }, ['logits']),
      ],
      { out: 'm.logits' },
    ),
    'Pipeline definition has multiple nodes with the same name - Node: n',
    'Pipeline definition has reference to missing model - Node: n; model: none; no version is available',
    'Pipeline definition has reference to missing node - Node: n; input: b; node_name: nobody',
    'Pipeline definition has reference to missing model output - Node: m; output: logits; alias: logits; there are: a',
    'Pipeline definition has connection to non existing model input - Node: m; input: c; there are: b',
    'Pipeline definition does not have connections for all inputs of underlying models - Node: m; inputs: b',
  ],
];

for (const [number, definition, ...problems] of wrong) {
  test(`check ${number}`, () => {
    const made = plan(definition);
    assert.deepEqual(made instanceof PipelineProblems ? made.all : made.signature, problems);
  });
}
