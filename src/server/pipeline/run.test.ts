import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ArithmeticModel,
  type ArithmeticOptions,
  floatsOf,
  floatTensor,
} from '../../../test/support/arithmetic-model.ts';
import { customNode, modelNode, pipeline, signature } from '../../../test/support/pipeline-definition.ts';
import type { Inference } from '../engine/engine.ts';
import { ServingError } from '../model/error.ts';
import type { NodeDefinition, PipelineDefinition } from '../model/pipeline.ts';
import type { Tensor } from '../model/tensor.ts';
import type { CustomNode } from './custom-node.ts';
import { makePlan, type Plan } from './plan.ts';
import { PipelineProblems } from './problems.ts';
import { type RunCall, runPipeline } from './run.ts';

const add = signature({ b: 'FP32 1 2' }, { a: 'FP32 1 2' });
const sum = signature({ x: 'FP32 1 2', y: 'FP32 1 2' }, { a: 'FP32 1 2' });
const cube = signature({ b: 'FP32 -1 1 2' }, { a: 'FP32 -1 1 2' });
const loose = signature({ b: 'FP32 -1 -1' }, { a: 'FP32 -1 -1' });

/** Gives as many shards as its first element says: that, and the shard's number. */
const splitter: CustomNode = {
  signature: signature({ b: 'FP32 1 2' }, { shards: 'FP32 -1 1 2' }),
  execute([tensor]) {
    const [count, base] = floatsOf(tensor!);
    const values = Array.from({ length: count! }, (_, i) => [base!, i]).flat();
    return [floatTensor(values, count!, 1, 2)];
  },
};

/** Gives shards of lengths that differ. */
const ragged: CustomNode = {
  signature: signature({ b: 'FP32 1 2' }, { a: 'FP32 1 -1' }),
  execute: ([tensor]) => {
    const length = floatsOf(tensor!)[1]! + 1;
    return [floatTensor(new Array(length).fill(0), 1, length)];
  },
};

/** Its first element. */
const first: CustomNode = {
  signature: signature({ b: 'FP32 1 2' }, { a: 'FP32 1' }),
  execute: ([tensor]) => [floatTensor([floatsOf(tensor!)[0]!], 1)],
};

const libraries: Readonly<Record<string, CustomNode>> = { splitter, ragged, first };

/** Runs definitions over models of its own, of which there is one for each name. */
class Bench {
  readonly models: Record<string, ArithmeticModel>;
  readonly taken: number[] = [];
  readonly #custom: Record<string, CustomNode>;

  constructor(options: ArithmeticOptions = {}, custom: Record<string, CustomNode> = {}) {
    this.models = {
      add: new ArithmeticModel(add, options),
      sum: new ArithmeticModel(sum, options),
      cube: new ArithmeticModel(cube, options),
      loose: new ArithmeticModel(loose, options),
    };
    this.#custom = { ...libraries, ...custom };
  }

  plan(definition: PipelineDefinition): Plan {
    const plan = makePlan(definition, {
      model: (name) => this.models[name]!,
      custom: (name) => this.#custom[libraryOf(definition, name)]!,
    });
    if (plan instanceof PipelineProblems) throw new Error(plan.all.join('\n'));
    return plan;
  }

  run(definition: PipelineDefinition, inputs: readonly Tensor[], call: Partial<RunCall> = {}) {
    const plan = this.plan(definition);
    const executors = plan.nodes.map(({ runs, name }) =>
      runs.kind === 'model'
        ? { model: this.models[runs.model]! }
        : runs.kind === 'custom'
          ? { custom: this.#custom[libraryOf(definition, name)]! }
          : undefined,
    );
    const takeMemory = (bytes: number) => void this.taken.push(bytes);
    return runPipeline(plan, executors, inputs, definition.whenEmpty, { takeMemory, ...call });
  }

  /** The outputs by name, as `shape: values`, read before they are released. */
  async answer(definition: PipelineDefinition, ...inputs: Tensor[]): Promise<Record<string, string>> {
    const inference = await this.run(definition, inputs);
    return print(inference);
  }

  get held(): number {
    return Object.values(this.models).reduce((all, { held }) => all + held, 0);
  }
}

function print(inference: Inference): Record<string, string> {
  const answer = Object.fromEntries(
    inference.outputs.map(({ name, tensor }) => [name, `${tensor.shape}: ${[...floatsOf(tensor)]}`]),
  );
  inference.release();
  return answer;
}

function libraryOf({ nodes }: PipelineDefinition, name: string): string {
  const runs = nodes.find((node) => node.name === name)?.runs;
  return runs?.kind === 'custom' ? runs.library : '';
}

const in2 = (...values: number[]) => floatTensor(values, 1, values.length);
const chain = pipeline(['in'], [modelNode('n', 'add', { b: 'request.in' }), modelNode('m', 'add', { b: 'n.a' })], {
  out: 'm.a',
});
const diamond = pipeline(
  ['in'],
  [
    modelNode('l', 'add', { b: 'request.in' }),
    modelNode('r', 'add', { b: 'request.in' }),
    modelNode('s', 'sum', { x: 'l.a', y: 'r.a' }),
  ],
  { sum: 's.a', left: 'l.a' },
);
const split = (over: Partial<NodeDefinition> = {}) =>
  customNode('s', 'splitter', { b: 'request.in' }, ['shards'], { demultiply: 'dynamic', ...over });
const each = modelNode('e', 'add', { b: 's.shards' });
const again = modelNode('f', 'add', { b: 'e.a' });
const together = modelNode('g', 'cube', { b: 'f.a' }, ['a'], { gatherFrom: 's' });
const gathered = pipeline(['in'], [split(), each, again, together], { out: 'g.a' });
const toExit = pipeline(['in'], [split(), each], { out: 'e.a', raw: 's.shards' });
const atEntry = pipeline(['in'], [each0('request.in')], { out: 'e.a' }, { demultiply: 'dynamic' });

function each0(b: string): NodeDefinition {
  return modelNode('e', 'add', { b });
}

const nested = pipeline(
  ['in'],
  [
    split({ demultiply: 2 }),
    customNode('t', 'splitter', { b: 'e.a' }, ['shards'], { demultiply: 3 }),
    each,
    modelNode('h', 'add', { b: 't.shards' }),
  ],
  { out: 'h.a' },
);
const dynamicWithin = pipeline(
  ['in'],
  [
    split(),
    customNode('t', 'splitter', { b: 's.shards' }, ['shards'], { demultiply: 'dynamic' }),
    modelNode('h', 'add', { b: 't.shards' }),
    modelNode('g', 'cube', { b: 'h.a' }, ['a'], { gatherFrom: 't' }),
  ],
  { out: 'g.a' },
);

const whenAtLeast = (value: number): Partial<NodeDefinition> => ({
  when: { from: { node: 't', item: 'a' }, comparison: 'at_least', value },
});
/** Either way from a test of the first element, with shards on one of them. */
const either = (value: number) =>
  pipeline(
    ['in'],
    [
      customNode('t', 'first', { b: 'request.in' }, ['a']),
      modelNode('n', 'add', { b: 'request.in' }, ['a'], whenAtLeast(value)),
      modelNode('m', 'add', { b: 'n.a' }),
      modelNode('o', 'sum', { x: 'm.a', y: 'p.a' }),
      modelNode('p', 'add', { b: 'request.in' }),
      customNode('s', 'splitter', { b: 'm.a' }, ['shards'], { demultiply: 'dynamic' }),
      modelNode('e', 'add', { b: 's.shards' }),
      modelNode('g', 'cube', { b: 'e.a' }, ['a'], { gatherFrom: 's' }),
    ],
    { all: 'o.a', always: 'p.a', shards: 'e.a', together: 'g.a' },
  );

/** The same for a node that gathers. */
const gatheredWhen = (value: number) =>
  pipeline(
    ['in'],
    [
      customNode('t', 'first', { b: 'request.in' }, ['a']),
      split(),
      each,
      modelNode('g', 'cube', { b: 'e.a' }, ['a'], { gatherFrom: 's', ...whenAtLeast(value) }),
    ],
    { out: 'g.a', each: 'e.a' },
  );

const answers: [what: string, definition: PipelineDefinition, inputs: Tensor[], answer: Record<string, string>][] = [
  ['a chain', chain, [in2(1, 2)], { out: '1,2: 3,4' }],
  ['a diamond', diamond, [in2(1, 2)], { left: '1,2: 2,3', sum: '1,2: 5,7' }],
  [
    'an input that goes on as it is',
    pipeline(['in'], [each0('request.in')], { out: 'e.a', in: 'request.in' }),
    [in2(1, 2)],
    { in: '1,2: 1,2', out: '1,2: 2,3' },
  ],
  [
    'one input for both of a node',
    pipeline(['in'], [each0('request.in'), modelNode('s', 'sum', { x: 'e.a', y: 'e.a' })], { out: 's.a' }),
    [in2(1, 2)],
    { out: '1,2: 5,7' },
  ],
  ['shards to the exit', toExit, [in2(3, 5)], { out: '3,1,2: 6,1,6,2,6,3', raw: '3,1,2: 5,0,5,1,5,2' }],
  ['shards that a node gathers', gathered, [in2(3, 5)], { out: '3,1,2: 8,3,8,4,8,5' }],
  ['one shard', gathered, [in2(1, 5)], { out: '1,1,2: 8,3' }],
  ['no shards for a node', gathered, [in2(0, 5)], { out: '0,1,2: ' }],
  ['no shards to the exit', toExit, [in2(0, 5)], { out: '0,1,2: ', raw: '0,1,2: ' }],
  ['shards at the entry', atEntry, [floatTensor([1, 2, 3, 4], 2, 1, 2)], { out: '2,1,2: 2,3,4,5' }],
  ['no shards at the entry', atEntry, [floatTensor([], 0, 1, 2)], { out: '0,1,2: ' }],
  ['a static number, and another within', nested, [in2(2, 2)], { out: '2,3,1,2: 2,1,2,2,2,3,3,1,3,2,3,3' }],
  [
    'a condition that holds',
    either(1),
    [in2(1, 2)],
    { all: '1,2: 6,8', always: '1,2: 2,3', shards: '3,1,2: 5,1,5,2,5,3', together: '3,1,2: 6,2,6,3,6,4' },
  ],
  [
    'a condition that does not hold',
    either(2),
    [in2(1, 2)],
    { all: '0,2: ', always: '1,2: 2,3', shards: '0,1,2: ', together: '0,1,2: ' },
  ],
  [
    'gathering on a condition that holds',
    gatheredWhen(2),
    [in2(2, 5)],
    { each: '2,1,2: 6,1,6,2', out: '2,1,2: 7,2,7,3' },
  ],
  ['gathering on one that does not', gatheredWhen(3), [in2(2, 5)], { each: '2,1,2: 6,1,6,2', out: '0,1,2: ' }],
  ['gathering nothing on a condition', gatheredWhen(-1), [in2(0, 5)], { each: '0,1,2: ', out: '0,1,2: ' }],
  [
    'gathering straight from the demultiplexer',
    pipeline(['in'], [split(), modelNode('g', 'cube', { b: 's.shards' }, ['a'], { gatherFrom: 's' })], { out: 'g.a' }),
    [in2(2, 7)],
    { out: '2,1,2: 8,1,8,2' },
  ],
];

for (const isSlow of [false, true]) {
  for (const inferRequests of [1, 2, 5]) {
    const how = `${inferRequests} ${isSlow ? 'slow' : 'quick'} at a time`;
    for (const [what, definition, inputs, answer] of answers) {
      test(`${what}, ${how}`, async () => {
        const bench = new Bench({ isSlow, inferRequests, mostWaiting: 0 });
        assert.deepEqual(await bench.answer(definition, ...inputs), answer);
        assert.equal(bench.held, 0);
      });
    }
  }
}

test('what is quick is answered at once', () => {
  const inference = new Bench().run(chain, [in2(1, 2)]);
  assert.ok(!(inference instanceof Promise));
  inference.release();
});

test('tensors go from model to model where they lie, and are copied only to wait', async () => {
  const bench = new Bench({ inferRequests: 2 });
  await bench.answer(chain, in2(1, 2));
  assert.deepEqual(bench.taken, []);
  const narrow = new Bench({ inferRequests: 1 });
  await narrow.answer(chain, in2(1, 2));
  assert.deepEqual(narrow.taken, [8]);
});

test('shards are views', async () => {
  let first: Uint8Array | undefined;
  let last: Uint8Array | undefined;
  const look: CustomNode = {
    signature: add,
    execute: ([tensor]) => {
      if (tensor!.precision === 'STRING') throw new Error('no');
      first ??= tensor!.data;
      last = tensor!.data;
      return [tensor!];
    },
  };
  const bench = new Bench({}, { look });
  const definition = pipeline(['in'], [split(), customNode('e', 'look', { b: 's.shards' }, ['a'])], { out: 'e.a' });
  await bench.answer(definition, in2(5, 1));
  assert.equal(first!.buffer, last!.buffer);
});

test('branches run side by side, and a join waits for both', async () => {
  const bench = new Bench({ isSlow: true, inferRequests: 2 });
  const gate = Promise.withResolvers<void>();
  bench.models.add!.beforeEach = () => gate.promise;
  const answer = bench.answer(diamond, in2(1, 2));
  await new Promise(setImmediate);
  assert.equal(bench.models.add!.inUse, 2);
  assert.equal(bench.models.sum!.ran, 0);
  gate.resolve();
  assert.deepEqual(await answer, { left: '1,2: 2,3', sum: '1,2: 5,7' });
});

test('two pipelines that take two models in opposite order do not wait for each other for ever', async () => {
  const bench = new Bench({ isSlow: true, inferRequests: 1, mostWaiting: 1000 });
  const there = pipeline(['in'], [modelNode('n', 'add', { b: 'request.in' }), modelNode('m', 'loose', { b: 'n.a' })], {
    out: 'm.a',
  });
  const back = pipeline(['in'], [modelNode('n', 'loose', { b: 'request.in' }), modelNode('m', 'add', { b: 'n.a' })], {
    out: 'm.a',
  });
  const all = Array.from({ length: 100 }, (_, i) => bench.answer(i % 2 ? there : back, in2(i, 2)));
  for (const [i, answer] of (await Promise.all(all)).entries()) assert.deepEqual(answer, { out: `1,2: ${i + 2},4` });
  assert.equal(bench.held, 0);
});

test('a request takes no more places in line than a model has infer requests', async () => {
  const bench = new Bench({ isSlow: true, inferRequests: 2, mostWaiting: 2 });
  const two = [bench.answer(toExit, in2(100, 5)), bench.answer(toExit, in2(100, 5))];
  for (const { out } of await Promise.all(two)) assert.match(out!, /^100,1,2: 6,1,6,2,/);
});

test('ten thousand shards let others have their turn', async () => {
  const bench = new Bench();
  let turns = 0;
  const turn = setInterval(() => turns++, 0);
  const { out } = await bench.answer(toExit, in2(10_000, 5));
  clearInterval(turn);
  assert.match(out!, /^10000,1,2: 6,1,6,2,.*,6,10000$/);
  assert.ok(turns > 0);
});

const refusals: [what: string, definition: PipelineDefinition, input: Tensor, code: string, message: string][] = [
  [
    'too many shards',
    toExit,
    in2(10_001, 5),
    'failed-precondition',
    'Too large dynamic demultiplication requested. - Node: s; Limit: 10000; Actual: 10001',
  ],
  [
    'too many shards within shards',
    dynamicWithin,
    in2(101, 100),
    'failed-precondition',
    'Too large dynamic demultiplication requested. - Node: t; Limit: 10000; Actual: 10001',
  ],
  [
    'too many shards at the entry',
    atEntry,
    floatTensor(new Array(20_002).fill(0), 10_001, 1, 2),
    'invalid-argument',
    'Too large dynamic demultiplication requested. - Node: request; Limit: 10000; Actual: 10001',
  ],
  [
    'another number of shards than is said',
    pipeline(['in'], [split({ demultiply: 2 }), each], { out: 'e.a' }),
    in2(3, 5),
    'failed-precondition',
    'Wrong dimension size. Should match demultiply count - Node: s; output: shards; Expected: 2; Actual: (3,1,2)',
  ],
  [
    'shards that cannot be put together',
    pipeline(['in'], [split(), customNode('e', 'ragged', { b: 's.shards' }, ['a'])], { out: 'e.a' }),
    in2(3, 5),
    'failed-precondition',
    'Gathered tensor shards dimensions are different - Output: out; Expected: FP32 (1,1); Actual: FP32 (1,2)',
  ],
  [
    'nothing, where that is to be an error',
    { ...toExit, whenEmpty: 'abort' },
    in2(0, 5),
    'aborted',
    'Pipeline execution aborted due to no content from custom node - Node: s',
  ],
  [
    'a shape that the next node does not take',
    pipeline(['in'], [modelNode('n', 'loose', { b: 'request.in' }), modelNode('m', 'add', { b: 'n.a' })], {
      out: 'm.a',
    }),
    in2(1, 2, 3),
    'invalid-argument',
    'Invalid input shape - Node: m input: b Invalid shape - Expected: (1,2); Actual: (1,3)',
  ],
  [
    'a batch that the next node does not take',
    pipeline(['in'], [modelNode('n', 'loose', { b: 'request.in' }), modelNode('m', 'add', { b: 'n.a' })], {
      out: 'm.a',
    }),
    floatTensor([1, 2, 3, 4], 2, 2),
    'invalid-argument',
    'Invalid input batch size - Node: m input: b Invalid batch size - Expected: (1,2); Actual: (2,2)',
  ],
];

for (const [what, definition, input, code, message] of refusals) {
  for (const isSlow of [false, true]) {
    test(`refused: ${what}, ${isSlow ? 'slow' : 'quick'}`, async () => {
      const bench = new Bench({ isSlow });
      await assert.rejects(async () => bench.run(definition, [input]), { code, message });
      assert.equal(bench.held, 0);
    });
  }
}

const custom = (execute: CustomNode['execute']): Record<string, CustomNode> => ({ own: { signature: add, execute } });
const own = pipeline(['in'], [customNode('c', 'own', { b: 'request.in' }, ['a'])], { out: 'c.a' });

const faults: [what: string, execute: CustomNode['execute'], code: string, message: string][] = [
  [
    'that throws',
    () => {
      throw new Error('secret');
    },
    'internal',
    'Node execution failed - Node: c',
  ],
  ['that rejects', () => Promise.reject(new Error('secret')), 'internal', 'Node execution failed - Node: c'],
  ['that refuses', () => Promise.reject(new ServingError('invalid-argument', 'x')), 'invalid-argument', 'x'],
  [
    'that gives too little',
    () => [],
    'internal',
    'Custom node gave another number of outputs than it has - Node: c; Expected: 1; Actual: 0',
  ],
  [
    'that gives another shape',
    () => [floatTensor([1, 2, 3], 1, 3)],
    'internal',
    'Custom node gave an output other than it has - Node: c; output: a; Expected: FP32 (1,2); Actual: FP32 (1,3) of 12 bytes',
  ],
  [
    'that gives fewer elements than it says',
    () => [floatTensor([1], 1, 2)],
    'internal',
    'Custom node gave an output other than it has - Node: c; output: a; Expected: FP32 (1,2); Actual: FP32 (1,2) of 4 bytes',
  ],
];

for (const [what, execute, code, message] of faults) {
  test(`a custom node ${what}`, async () => {
    await assert.rejects(async () => new Bench({}, custom(execute)).run(own, [in2(1, 2)]), { code, message });
  });
}

test('the first error is the answer, once what has started has ended', async () => {
  const bench = new Bench({ isSlow: true });
  const gate = Promise.withResolvers<void>();
  bench.models.add!.beforeEach = () => gate.promise;
  bench.models.loose!.failure = new ServingError('internal', 'Internal inference error');
  const definition = pipeline(
    ['in'],
    [
      modelNode('l', 'add', { b: 'request.in' }),
      modelNode('r', 'loose', { b: 'request.in' }),
      modelNode('s', 'sum', { x: 'l.a', y: 'r.a' }),
    ],
    { out: 's.a' },
  );
  let isAnswered = false;
  const refused = assert
    .rejects(async () => bench.run(definition, [in2(1, 2)]), { message: 'Internal inference error' })
    .then(() => {
      isAnswered = true;
    });
  for (let i = 0; i < 10; i++) await new Promise(setImmediate);
  assert.equal(isAnswered, false);
  gate.resolve();
  await refused;
  assert.equal(bench.models.sum!.ran, 0);
  assert.equal(bench.held, 0);
});

test('who gives up gets nothing more started, also what stands in line', async () => {
  const bench = new Bench({ isSlow: true, inferRequests: 1 });
  const gate = Promise.withResolvers<void>();
  bench.models.add!.beforeEach = () => gate.promise;
  const busy = bench.answer(chain, in2(1, 2));
  const caller = new AbortController();
  const waiting = bench.run(chain, [in2(1, 2)], { signal: caller.signal });
  await new Promise(setImmediate);
  assert.equal(bench.models.add!.waiting, 1);
  caller.abort(new ServingError('deadline-exceeded', 'Deadline exceeded'));
  await assert.rejects(async () => waiting, { code: 'deadline-exceeded' });
  assert.equal(bench.models.add!.waiting, 0);
  gate.resolve();
  assert.deepEqual(await busy, { out: '1,2: 3,4' });
  await assert.rejects(async () => bench.run(chain, [in2(1, 2)], { signal: caller.signal }), {
    code: 'deadline-exceeded',
  });
  assert.equal(bench.held, 0);
});

test('a custom node learns that its caller has gone', async () => {
  const seen = Promise.withResolvers<unknown>();
  const bench = new Bench(
    {},
    custom(
      (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal!.addEventListener('abort', () => {
            seen.resolve(signal!.reason);
            reject(signal!.reason);
          });
        }),
    ),
  );
  const caller = new AbortController();
  const answer = bench.run(own, [in2(1, 2)], { signal: caller.signal });
  const reason = new ServingError('cancelled', 'Cancelled');
  caller.abort(reason);
  assert.equal(await seen.promise, reason);
  await assert.rejects(async () => answer, { code: 'cancelled' });
});

test('memory that is not to be had refuses the request', async () => {
  const bench = new Bench();
  const takeMemory = () => {
    throw new ServingError('resource-exhausted', 'no');
  };
  await assert.rejects(async () => bench.run(toExit, [in2(3, 5)], { takeMemory }), { code: 'resource-exhausted' });
  assert.equal(bench.held, 0);
});
