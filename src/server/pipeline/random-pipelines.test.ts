import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ArithmeticModel, floatsOf, floatTensor } from '../../../test/support/arithmetic-model.ts';
import { signature } from '../../../test/support/pipeline-definition.ts';
import { randomPipeline, spreadCounts } from '../../../test/support/random-pipeline.ts';
import { makePlan } from './plan.ts';
import { PipelineProblems } from './problems.ts';
import { runPipeline } from './run.ts';

interface Pace {
  readonly inferRequests: number;
  readonly isSlow: boolean;
}

function models(pace: () => Pace): Record<string, ArithmeticModel> {
  const flat = 'FP32 1 2';
  // As many as four requests may have in line, of three each.
  const most = { mostWaiting: 12 };
  const unary = signature({ b: flat }, { a: flat });
  const binary = signature({ x: flat, y: flat }, { a: flat });
  const each = (f: (x: number, y: number) => number) => (inputs: readonly Float32Array[]) =>
    inputs[0]!.map((x, i) => f(x, inputs[1]?.[i] ?? 0));
  const spread = (count: number) =>
    new ArithmeticModel(signature({ b: flat }, { a: `FP32 ${count} 1 2` }), {
      ...most,
      ...pace(),
      compute: ([b]) => Float32Array.from({ length: 2 * count }, (_, i) => b![i % 2]! + Math.floor(i / 2)),
      shapeOf: () => [count, 1, 2],
    });
  const fold = (count: number) =>
    new ArithmeticModel(signature({ b: `FP32 ${count} 1 2` }, { a: flat }), {
      ...most,
      ...pace(),
      compute: ([b]) => Float32Array.from([0, 1], (i) => b!.filter((_, at) => at % 2 === i).reduce((x, y) => x + y, 0)),
      shapeOf: () => [1, 2],
    });
  return {
    add: new ArithmeticModel(unary, { ...most, ...pace(), compute: each((x) => x + 1) }),
    times: new ArithmeticModel(unary, { ...most, ...pace(), compute: each((x) => x * 2) }),
    sum: new ArithmeticModel(binary, { ...most, ...pace(), compute: each((x, y) => x + y) }),
    product: new ArithmeticModel(binary, { ...most, ...pace(), compute: each((x, y) => x * y) }),
    total: new ArithmeticModel(signature({ b: flat }, { a: 'FP32 1 1' }), {
      ...most,
      ...pace(),
      compute: ([b]) => Float32Array.of(b![0]! + b![1]!),
      shapeOf: () => [1, 1],
    }),
    ...Object.fromEntries(
      spreadCounts.flatMap((n) => [
        [`spread${n}`, spread(n)],
        [`fold${n}`, fold(n)],
      ]),
    ),
  };
}

test('a thousand random pipelines agree with direct evaluation, some requests at a time', async () => {
  const paces = fc.record({ inferRequests: fc.integer({ min: 1, max: 3 }), isSlow: fc.boolean() });
  const numbers = fc.tuple(fc.nat(8), fc.nat(8));
  let nodes = 0;
  await fc.assert(
    fc.asyncProperty(
      randomPipeline,
      fc.array(paces, { minLength: 11, maxLength: 11 }),
      fc.array(fc.tuple(numbers, numbers), { minLength: 1, maxLength: 4 }),
      async ({ definition, inputs, evaluate }, allPaces, requests) => {
        const left = [...allPaces];
        const loaded = models(() => left.pop()!);
        const plan = makePlan(definition, {
          model: (name) => loaded[name]!,
          custom: () => ({ at: 'library', cause: 'there are none' }),
        });
        assert.ok(!(plan instanceof PipelineProblems), plan instanceof PipelineProblems ? plan.all.join('\n') : '');
        nodes += plan.nodes.length;
        const executors = plan.nodes.map(({ runs }) =>
          runs.kind === 'model' ? { model: loaded[runs.model]! } : undefined,
        );
        const ask = async (values: readonly [number, number][]) => {
          const tensors = inputs.map((_, i) => floatTensor(values[i]!, 1, 2));
          const inference = await runPipeline(plan, executors, tensors, 'outputs', { takeMemory: () => {} });
          // Others run meanwhile; what is held must stay as it is.
          await new Promise(setImmediate);
          const answer = inference.outputs.map(({ name, tensor }) => [name, `${tensor.shape}: ${floatsOf(tensor)}`]);
          inference.release();
          assert.deepEqual(Object.fromEntries(answer), evaluate(values));
        };
        await Promise.all(requests.map(ask));
        for (const model of Object.values(loaded)) assert.equal(model.held, 0);
      },
    ),
    { numRuns: 1000 },
  );
  assert.ok(nodes > 5000, `only ${nodes} nodes`);
});
