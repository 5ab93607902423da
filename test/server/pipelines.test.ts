import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { elements, floats } from '../../examples/clients/typescript/client.ts';
import type { PipelineDefinition } from '../../src/server/model/pipeline.ts';
import { drawPipeline } from '../../src/server/pipeline/mermaid.ts';
import { addModel, IrModel, scalar } from '../support/ir-model.ts';
import { KServeClient } from '../support/kserve.ts';
import { changeConfig, toConfig } from '../support/pipeline-config.ts';
import { modelNode, pipeline } from '../support/pipeline-definition.ts';
import { outcome, predict, statuses } from '../support/predict.ts';
import { writeModels } from '../support/protocol-models.ts';
import { restFlags } from '../support/rest.ts';
import { eventually, startServer, type TestServer, temporaryFolder } from '../support/server.ts';

/** `a` = `x` + `y`. */
function sumModel(): IrModel {
  const model = new IrModel();
  const x = model.input('x', 'FP32', [1, 2]);
  const y = model.input('y', 'FP32', [1, 2]);
  return model.output(model.operation('Add', [x, y], { attributes: { auto_broadcast: 'numpy' }, name: 'a' }));
}

/** `a` = `b` as it is, and `d` = `b` + 1. */
function twoOutputs(): IrModel {
  const model = addModel('FP32', [1, 2]);
  const c = model.input('c', 'FP32', [1, 2]);
  return model.output(model.operation('Relu', [c], { name: 'd' }));
}

/** `a` [1, 1] = the sum of `b`. */
function totalModel(): IrModel {
  const model = new IrModel();
  const b = model.input('b', 'FP32', [1, 2]);
  const axes = model.constant('I64', [1], scalar('I64', 1));
  return model.output(
    model.operation('ReduceSum', [b, axes], { attributes: { keep_dims: 'true' }, shape: [1, 1], name: 'a' }),
  );
}

const models = {
  total: totalModel(),
  add: addModel('FP32', [1, 2], 1),
  ten: addModel('FP32', [1, 2], 10),
  sum: sumModel(),
  two: twoOutputs(),
  shards: addModel('FP32', [-1, 1, 2], 100),
  tower: addModel('FP32', [2, 3, 1, 2], 0),
};

const add = (name: string, b: string, model = 'add') => modelNode(name, model, { b });
const named = (name: string, definition: PipelineDefinition): PipelineDefinition => ({ ...definition, name });

const split = modelNode('s', 'shards', { b: 'request.in' }, ['a'], { demultiply: 'dynamic' });

interface Case {
  readonly definition: PipelineDefinition;
  readonly inputs: Readonly<Record<string, readonly [values: number[], shape: number[]]>>;
  readonly outputs: Readonly<Record<string, readonly [values: number[], shape: number[]]>>;
}

const one: [number[], number[]] = [
  [1, 2],
  [1, 2],
];
const three: [number[], number[]] = [
  [1, 2, 3, 4, 5, 6],
  [3, 1, 2],
];

/** Adds 1 if the sum is large enough, and says what it is. */
const ifTotal = (value: number) =>
  pipeline(
    ['in'],
    [
      modelNode('t', 'total', { b: 'request.in' }),
      modelNode('n', 'add', { b: 'request.in' }, ['a'], {
        when: { from: { node: 't', item: 'a' }, comparison: 'at_least', value },
      }),
    ],
    { out: 'n.a', total: 't.a' },
  );

const cases: Readonly<Record<string, Case>> = {
  chain: {
    definition: pipeline(['in'], [add('n', 'request.in'), add('m', 'n.a', 'ten')], { out: 'm.a' }),
    inputs: { in: one },
    outputs: {
      out: [
        [12, 13],
        [1, 2],
      ],
    },
  },
  diamond: {
    definition: pipeline(
      ['in'],
      [add('l', 'request.in'), add('r', 'request.in', 'ten'), modelNode('s', 'sum', { x: 'l.a', y: 'r.a' })],
      { out: 's.a', left: 'l.a' },
    ),
    inputs: { in: one },
    outputs: {
      out: [
        [13, 15],
        [1, 2],
      ],
      left: [
        [2, 3],
        [1, 2],
      ],
    },
  },
  passthrough: {
    definition: pipeline(['in'], [add('n', 'request.in')], { out: 'n.a', same: 'request.in' }),
    inputs: { in: one },
    outputs: {
      out: [
        [2, 3],
        [1, 2],
      ],
      same: one,
    },
  },
  several: {
    definition: pipeline(
      ['x', 'y'],
      [modelNode('n', 'two', { b: 'request.x', c: 'request.y' }, ['a', 'd']), add('m', 'n.d', 'ten')],
      { p: 'n.a', q: 'm.a' },
    ),
    inputs: {
      x: one,
      y: [
        [5, 6],
        [1, 2],
      ],
    },
    outputs: {
      p: [
        [2, 3],
        [1, 2],
      ],
      q: [
        [15, 16],
        [1, 2],
      ],
    },
  },
  entry: {
    definition: pipeline(['in'], [add('n', 'request.in'), add('m', 'n.a')], { out: 'm.a' }, { demultiply: 'dynamic' }),
    inputs: { in: three },
    outputs: {
      out: [
        [3, 4, 5, 6, 7, 8],
        [3, 1, 2],
      ],
    },
  },
  'entry-3': {
    definition: pipeline(['in'], [add('n', 'request.in')], { out: 'n.a' }, { demultiply: 3 }),
    inputs: { in: three },
    outputs: {
      out: [
        [2, 3, 4, 5, 6, 7],
        [3, 1, 2],
      ],
    },
  },
  exit: {
    definition: pipeline(['in'], [split, add('n', 's.a')], { out: 'n.a', raw: 's.a' }),
    inputs: { in: three },
    outputs: {
      out: [
        [102, 103, 104, 105, 106, 107],
        [3, 1, 2],
      ],
      raw: [
        [101, 102, 103, 104, 105, 106],
        [3, 1, 2],
      ],
    },
  },
  gather: {
    definition: pipeline(
      ['in'],
      [split, add('n', 's.a'), modelNode('g', 'shards', { b: 'n.a' }, ['a'], { gatherFrom: 's' })],
      { out: 'g.a' },
    ),
    inputs: { in: three },
    outputs: {
      out: [
        [202, 203, 204, 205, 206, 207],
        [3, 1, 2],
      ],
    },
  },
  nested: {
    definition: pipeline(
      ['in'],
      [
        modelNode('t', 'tower', { b: 'request.in' }, ['a'], { demultiply: 2 }),
        modelNode('u', 'shards', { b: 't.a' }, ['a'], { demultiply: 3 }),
        add('n', 'u.a'),
      ],
      { out: 'n.a' },
    ),
    inputs: {
      in: [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
        [2, 3, 1, 2],
      ],
    },
    outputs: {
      out: [
        [101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112],
        [2, 3, 1, 2],
      ],
    },
  },
  'when-it-is': {
    definition: ifTotal(3),
    inputs: { in: one },
    outputs: {
      out: [
        [2, 3],
        [1, 2],
      ],
      total: [[3], [1, 1]],
    },
  },
  'when-it-is-not': {
    definition: ifTotal(3.5),
    inputs: { in: one },
    outputs: { out: [[], [0, 2]], total: [[3], [1, 1]] },
  },
  empty: {
    definition: pipeline(['in'], [split, add('n', 's.a')], { out: 'n.a' }),
    inputs: { in: [[], [0, 1, 2]] },
    outputs: { out: [[], [0, 1, 2]] },
  },
};

let server: TestServer;
let kserve: KServeClient;
let rest: string;
let config: string;

before(async (t) => {
  const context = t as unknown as TestContext;
  const folder = temporaryFolder(context);
  config = writeModels(folder, models);
  const all = Object.entries(cases).map(([name, { definition }]) => toConfig(named(name, definition)));
  const aborting = toConfig({ ...named('aborts', cases.empty!.definition), whenEmpty: 'abort' });
  changeConfig(config, (before) => ({ ...before, pipeline_config_list: [...all, aborting] }));
  const { port, flags } = await restFlags();
  rest = `http://127.0.0.1:${port}`;
  server = await startServer(context, ['--config_path', config, '--settle_milliseconds', '100', ...flags]);
  kserve = new KServeClient(context, server.port);
});

type Tensors = Case['inputs'];

async function viaTfs(name: string, inputs: Tensors): Promise<Tensors> {
  const request = Object.fromEntries(
    Object.entries(inputs).map(([input, [values, shape]]) => [input, floats(Float32Array.from(values), ...shape)]),
  );
  const { outputs, model_spec } = await predict(server.client, {
    model_spec: { name, version: { value: 7 } },
    inputs: request,
  });
  assert.equal(Number(model_spec.version.value), 1);
  return Object.fromEntries(
    Object.entries(outputs).map(([output, tensor]) => [
      output,
      [[...elements(tensor)], tensor.tensor_shape!.dim!.map(({ size }) => Number(size))],
    ]),
  );
}

async function viaKServe(name: string, inputs: Tensors): Promise<Tensors> {
  const answer = await kserve.infer({
    model_name: name,
    inputs: Object.entries(inputs).map(([input, [, shape]]) => ({ name: input, datatype: 'FP32', shape })),
    raw_input_contents: Object.values(inputs).map(([values]) => Buffer.from(Float32Array.from(values).buffer)),
  });
  assert.equal(answer.model_version, '1');
  return Object.fromEntries(
    answer.outputs.map((output, i) => [
      output.name,
      [[...new Float32Array(Uint8Array.from(answer.raw_output_contents[i]!).buffer)], output.shape.map(Number)],
    ]),
  );
}

async function viaRest(name: string, inputs: Tensors): Promise<Tensors> {
  const body = {
    inputs: Object.entries(inputs).map(([input, [data, shape]]) => ({ name: input, datatype: 'FP32', shape, data })),
  };
  const response = await fetch(`${rest}/v2/models/${name}/infer`, { method: 'POST', body: JSON.stringify(body) });
  const answer = (await response.json()) as { outputs: { name: string; data: number[]; shape: number[] }[] };
  assert.equal(response.status, 200, JSON.stringify(answer));
  return Object.fromEntries(answer.outputs.map(({ name: output, data, shape }) => [output, [data, shape]]));
}

for (const [protocol, ask] of Object.entries({ TFS: viaTfs, KServe: viaKServe, REST: viaRest })) {
  for (const [name, { inputs, outputs }] of Object.entries(cases)) {
    test(`${name} over ${protocol}`, async () => assert.deepEqual(await ask(name, inputs), { ...outputs }));
  }
}

test('what is empty can be an error', async () => {
  const refused = await outcome(viaTfs('aborts', cases.empty!.inputs));
  assert.equal(refused, '10 Pipeline execution aborted due to no content from custom node - Node: s');
});

test('a request that does not fit is told as for a model', async () => {
  assert.equal(
    await outcome(viaTfs('entry-3', { in: one })),
    '3 Invalid number of shape dimensions - Expected: (3,1,2); Actual: (1,2); input name: in',
  );
  assert.equal(
    await outcome(
      viaTfs('entry-3', {
        in: [
          [1, 2],
          [1, 1, 2],
        ],
      }),
    ),
    '3 Invalid input batch size - Expected: 3; Actual: 1; input name: in',
  );
  assert.equal(await outcome(viaTfs('none', { in: one })), '5 Pipeline with requested name is not found');
});

test('metadata and readiness, over every protocol', async () => {
  const metadata = await fetch(`${rest}/v1/models/exit/metadata`).then((response) => response.text());
  assert.match(metadata, /"outputs"/);
  const shapes = await kserve.call<{
    inputs: { shape: string[] }[];
    outputs: { name: string; shape: string[] }[];
    versions: string[];
  }>('ModelMetadata', { name: 'exit' });
  assert.deepEqual(shapes.versions, ['1']);
  assert.deepEqual(shapes.inputs[0]!.shape, ['-1', '1', '2']);
  assert.deepEqual(
    shapes.outputs.map(({ name, shape }) => [name, ...shape]),
    [
      ['out', '-1', '1', '2'],
      ['raw', '-1', '1', '2'],
    ],
  );
  assert.deepEqual(await kserve.call('ModelReady', { name: 'exit' }), { ready: true });
  assert.equal((await fetch(`${rest}/v2/models/exit/ready`)).status, 200);
  assert.deepEqual(await statuses(server.client, 'exit'), [
    { version: '1', state: 'AVAILABLE', status: { error_code: 'OK', error_message: 'OK' } },
  ]);
  const all = (await fetch(`${rest}/v1/config`).then((response) => response.json())) as Record<string, unknown>;
  assert.deepEqual(Object.keys(all).sort(), ['aborts', ...Object.keys(cases), ...Object.keys(models)].sort());
  const index = await kserve.call<{ models: { name: string; state: string }[] }>('RepositoryIndex');
  assert.equal(index.models.find(({ name }) => name === 'exit')!.state, 'READY');
});

test('pipelines come, go and change with the config file, and with their models', async () => {
  const { definition } = cases.chain!;
  const pipelines = (...list: PipelineDefinition[]) =>
    changeConfig(config, (before) => ({ ...before, pipeline_config_list: list.map(toConfig) }));
  const wrong = named('late', { ...definition, outputs: [{ to: 'out', from: { node: 'm', item: 'b' } }] });
  pipelines(named('chain', definition), wrong);
  const isFailed = await eventually(
    () => statuses(server.client, 'late'),
    ([status]) => status?.status.error_code === 'FAILED_PRECONDITION',
  );
  const problem =
    'Pipeline definition has reference to missing data source - Output: out; node_name: m; data_item: b; there are: a';
  assert.deepEqual(isFailed, [
    { version: '1', state: 'LOADING', status: { error_code: 'FAILED_PRECONDITION', error_message: problem } },
  ]);
  assert.equal(await outcome(viaTfs('late', { in: one })), `14 Pipeline is not loaded yet - ${problem}`);
  assert.equal(await outcome(viaTfs('exit', { in: three })), '5 Pipeline is retired');
  assert.deepEqual(await statuses(server.client, 'exit'), [
    { version: '1', state: 'END', status: { error_code: 'OK', error_message: 'OK' } },
  ]);
  await server.logged(({ pipeline, cause }) => pipeline === 'late' && cause === problem);

  pipelines(named('chain', definition), named('late', definition));
  await eventually(
    () => viaTfs('late', { in: one }),
    ({ out }) => out?.[0][0] === 12,
  );

  const list = (names: string[]) =>
    changeConfig(config, (before) => ({
      ...before,
      model_config_list: names.map((name) => ({ config: { name, base_path: name } })),
    }));
  list(['add']);
  const missing = await eventually(
    () => outcome(viaTfs('late', { in: one })),
    (told) => typeof told === 'string',
  );
  assert.equal(
    missing,
    '14 Pipeline is not loaded yet - Pipeline definition has reference to missing model - Node: m; model: ten; Model with requested version is not found',
  );
  list(['add', 'ten']);
  await eventually(
    () => viaTfs('late', { in: one }),
    ({ out }) => out?.[0][0] === 12,
  );
});

test('modelserver graph draws the pipelines of a config file, or tells what is wrong with it', (t) => {
  const bin = join(import.meta.dirname, '../../bin/modelserver');
  const file = join(temporaryFolder(t), 'config.json');
  const draw = () => spawnSync(bin, ['graph', file], { encoding: 'utf8' });
  const { definition } = cases.exit!;
  writeFileSync(file, JSON.stringify({ model_config_list: [], pipeline_config_list: [toConfig(definition)] }));
  assert.equal(draw().stdout, drawPipeline(definition));
  writeFileSync(file, JSON.stringify({ model_config_list: [], pipeline_config_list: [{}] }));
  const wrong = draw();
  assert.equal(wrong.status, 1);
  assert.match(wrong.stderr, /has problems:\n {2}pipeline_config_list\[0\]\.name: expected a name, got nothing\n/);
});
