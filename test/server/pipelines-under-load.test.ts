import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { elements, floats } from '../../examples/clients/typescript/client.ts';
import { addModel, IrModel, identityModel, scalar } from '../support/ir-model.ts';
import { changeConfig, toConfig } from '../support/pipeline-config.ts';
import { modelNode, pipeline } from '../support/pipeline-definition.ts';
import { outcome, predict } from '../support/predict.ts';
import { writeModels } from '../support/protocol-models.ts';
import { randomPipeline } from '../support/random-pipeline.ts';
import { randomPipelineModels } from '../support/random-pipeline-models.ts';
import { eventually, startServer, temporaryFolder } from '../support/server.ts';

test('random pipelines are right while the config of their models changes, or say that they are not loaded', async (t) => {
  const config = writeModels(temporaryFolder(t), randomPipelineModels());
  const pipelines = fc.sample(randomPipeline, { numRuns: 60, seed: 1 });
  const definitions = pipelines.map(({ definition }, i) => toConfig({ ...definition, name: `p${i}` }));
  changeConfig(config, (before) => ({ ...before, pipeline_config_list: definitions }));
  const server = await startServer(t, ['--config_path', config, '--settle_milliseconds', '100']);

  const told = new Map<string, number>();
  let right = 0;
  const wrong: unknown[] = [];
  let begun = 0;
  const ask = async () => {
    const number = begun++;
    const { inputs, evaluate } = pipelines[number % pipelines.length]!;
    const values = inputs.map((_, i): [number, number] => [(number + i) % 8, (number * 3) % 8]);
    const request = Object.fromEntries(inputs.map((name, i) => [name, floats(Float32Array.from(values[i]!), 1, 2)]));
    const name = `p${number % pipelines.length}`;
    try {
      const { outputs } = await predict(server.client, { model_spec: { name }, inputs: request });
      const actual = Object.fromEntries(
        Object.entries(outputs).map(([output, tensor]) => [
          output,
          `${tensor.tensor_shape!.dim!.map(({ size }) => size)}: ${elements(tensor)}`,
        ]),
      );
      assert.deepEqual(actual, evaluate(values));
      right++;
    } catch (error) {
      if (!('details' in (error as object))) wrong.push(error);
      const text = String(await outcome(Promise.reject(error))).replace(/ - .*/, '');
      told.set(text, (told.get(text) ?? 0) + 1);
    }
  };
  let isRunning = true;
  const workers = Array.from({ length: 8 }, async () => {
    while (isRunning) await ask();
  });
  const after = async (count: number) => {
    const before = right;
    await eventually(
      async () => right,
      (now) => now >= before + count,
    );
  };
  const change = (over: object) =>
    changeConfig(config, (before) => ({
      ...before,
      model_config_list: (before.model_config_list as { config: { name: string } }[]).map(({ config: model }) => ({
        config: model.name === 'times' ? { ...model, ...over } : model,
      })),
    }));

  await after(500);
  for (const over of [{ nireq: 1 }, { nireq: 3 }, { plugin_config: { NUM_STREAMS: 1 } }, { nireq: 2 }]) {
    const loads = server.log.filter(({ msg, model }) => msg === 'Unloaded model version' && model === 'times').length;
    change(over);
    await eventually(
      async () => server.log.filter(({ msg, model }) => msg === 'Unloaded model version' && model === 'times').length,
      (now) => now > loads,
    );
    await after(200);
  }
  // A version that is loaded anew takes the place of the one before: nobody is turned away.
  assert.deepEqual([...told], []);

  const whole = readFileSync(config, 'utf8');
  changeConfig(config, (before) => ({
    ...before,
    model_config_list: (before.model_config_list as { config: { name: string } }[]).filter(
      ({ config: { name } }) => name !== 'times',
    ),
  }));
  await eventually(
    async () => told.size,
    (size) => size > 0,
  );
  changeConfig(config, () => JSON.parse(whole));
  await after(500);
  isRunning = false;
  await Promise.all(workers);
  assert.deepEqual(wrong, []);
  assert.deepEqual([...told.keys()], ['14 Pipeline is not loaded yet']);
  t.diagnostic(`${right} right answers, ${told.get('14 Pipeline is not loaded yet')} refusals while a model was away`);
});

/** `a` = `b` as it is, of as many elements: the runtime may be tempted to give the same memory. */
function sameModel(elementCount: number): IrModel {
  const model = new IrModel();
  const b = model.input('b', 'FP32', [elementCount]);
  const shape = model.constant('I64', [1], scalar('I64', elementCount));
  return model.output(model.operation('Reshape', [b, shape], { attributes: { special_zero: 'false' }, name: 'a' }));
}

test('large tensors that are read where the runtime has them stay what they are', async (t) => {
  const size = 20_000;
  const config = writeModels(temporaryFolder(t), {
    same: sameModel(size),
    add: addModel('FP32', [size]),
    any: identityModel('FP32'),
  });
  const node = (name: string, model: string, b: string) => modelNode(name, model, { b });
  const nodes = [
    node('n', 'same', 'request.in'),
    node('m', 'add', 'n.a'),
    node('o', 'any', 'm.a'),
    node('p', 'same', 'o.a'),
    node('q', 'any', 'p.a'),
  ];
  const definition = pipeline(['in'], nodes, { out: 'q.a', first: 'n.a' });
  changeConfig(config, (before) => ({ ...before, pipeline_config_list: [toConfig(definition)] }));
  const server = await startServer(t, ['--config_path', config, '--settle_milliseconds', '100']);
  const ask = async (value: number) => {
    const inputs = { in: floats(new Float32Array(size).fill(value), size) };
    const { outputs } = await predict(server.client, { model_spec: { name: 'p' }, inputs });
    assert.ok(elements(outputs.out!).every((element) => element === value + 1));
    assert.ok(elements(outputs.first!).every((element) => element === value));
  };
  for (let round = 0; round < 50; round++) {
    await Promise.all(Array.from({ length: 8 }, (_, i) => ask(round * 8 + i)));
  }
});
