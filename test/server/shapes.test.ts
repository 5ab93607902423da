import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Client, elements, floats } from '../../examples/clients/typescript/client.ts';
import { IrModel } from '../support/ir-model.ts';
import { outcome, predict, predictSum, statuses } from '../support/predict.ts';
import { protoType } from '../support/proto-type.ts';
import { load, single, writeVersion } from '../support/repository.ts';
import { eventually, launchServer, startServer, temporaryFolder } from '../support/server.ts';

const signatures = protoType('tensorflow_serving/apis/get_model_metadata.proto', 'tensorflow.serving.SignatureDefMap');

interface Metadata {
  readonly metadata: { readonly signature_def: { readonly value: Buffer } };
}

interface SignatureDefs {
  readonly signature_def: { readonly serving_default: Record<'inputs' | 'outputs', Tensors> };
}

type Tensors = Readonly<Record<string, { readonly tensor_shape: unknown }>>;

/** Sends ones in a shape: the shape of the answer, or the refusal. */
async function ask(client: Client, ...shape: number[]): Promise<unknown> {
  const count = shape.reduce((product, size) => product * size, 1);
  const inputs = { b: floats(new Float32Array(count).fill(1), ...shape) };
  const answer = predict(client, { model_spec: { name: 'm' }, inputs });
  return outcome(
    answer.then(({ outputs }) => {
      assert.ok(elements(outputs.a!).every((value) => value === 2));
      return outputs.a!.tensor_shape.dim.map(({ size }) => Number(size)).join(',');
    }),
  );
}

const cases: [flags: string[], ...answers: [shape: number[], answer: string][]][] = [
  [
    ['--batch_size', '4'],
    [[4, 10], '4,10'],
    [[1, 10], '3 Invalid input batch size - Expected: 4; Actual: 1; input name: b'],
  ],
  [
    ['--batch_size', '-1'],
    [[1, 10], '1,10'],
    [[7, 10], '7,10'],
  ],
  [['--batch_size=auto'], [[7, 10], '7,10']],
  [
    ['--shape', '(1:3,-1)', '--batch_size', '4'],
    [[3, 2], '3,2'],
    [[4, 2], '3 Invalid input shape - Expected: ([1~3],-1); Actual: (4,2); input name: b'],
  ],
  [
    ['--shape', '{"b": "(2,5)"}'],
    [[2, 5], '2,5'],
    [[2, 10], '3 Invalid input shape - Expected: (2,5); Actual: (2,10); input name: b'],
  ],
];

for (const [flags, ...answers] of cases) {
  test(`a model is served in the shape of ${flags.join(' ')}`, async (t) => {
    const folder = temporaryFolder(t);
    writeVersion(folder, 1);
    const { client } = await startServer(t, [...single(folder), ...flags]);
    for (const [shape, answer] of answers) assert.equal(await ask(client, ...shape), answer);
  });
}

test('shapes that are written wrongly, or that the model cannot have, end the start with what is wrong', async (t) => {
  const folder = temporaryFolder(t);
  writeVersion(join(folder, 'm'), 1);
  const two = new IrModel();
  const [x, y] = [two.input('x', 'FP32', [1, 10]), two.input('y', 'FP32', [1, 10])];
  two.output(two.operation('Add', [x, y], { attributes: { auto_broadcast: 'numpy' }, name: 'a' }));
  two.write(join(folder, 'two/1'));
  const started = async (model: string, ...flags: string[]) => {
    const server = await launchServer(t, [...single(join(folder, model)), ...flags]);
    return `${await server.exited} ${server.said.join(' ')}`;
  };
  assert.equal(
    await started('m', '--batch_size', 'many', '--shape', '1,3'),
    '2 --batch_size: expected an integer ≥ 1, -1 for any size, a range such as "1:8", or "auto", got "many" ' +
      '--shape: expected a shape such as "(1,3,200:500,-1)", or "auto", or an object of shapes by input, got "1,3" ' +
      'See modelserver --help.',
  );
  assert.equal(
    await started('two', '--shape', '(1,10)'),
    '1 modelserver: Model m cannot be served: version 1: ' +
      'Anonymous fixed shape is invalid for models with multiple inputs - Inputs: x, y',
  );
});

test('a shape that changes in the config loads the version anew, without a gap; one that cannot be leaves the old', async (t) => {
  const folder = temporaryFolder(t);
  writeVersion(join(folder, 'm'), 1);
  const path = join(folder, 'config.json');
  const configure = (more: object) => {
    const config = { name: 'm', base_path: 'm', ...more };
    writeFileSync(path, JSON.stringify({ model_config_list: [{ config }] }));
  };
  configure({});
  const server = await startServer(t, ['--config_path', path, '--settle_milliseconds', '100']);
  const { client } = server;
  const requests = load(() => predictSum(client), 4);
  configure({ batch_size: '1:4', shape: 'auto' });
  assert.equal(
    await eventually(
      () => ask(client, 3, 7),
      (answer) => answer === '3,7',
    ),
    '3,7',
  );
  const notes = server.log.filter(({ model, level }) => model === 'm' && level === 'warn').map(({ msg }) => msg);
  const at = 'model_config_list[0].config';
  assert.deepEqual(notes, [
    `${at}.shape: "auto" is taken as dimensions of any size`,
    `${at}.batch_size: ignored, since ${at}.shape is given`,
  ]);

  configure({ shape: { c: '(1,10)' } });
  const [failed] = await eventually(
    () => statuses(client),
    ([status]) => status!.status.error_code === 'UNKNOWN',
  );
  assert.equal(failed!.state, 'AVAILABLE');
  assert.equal(
    failed!.status.error_message,
    'Files or options changed and could not be loaded - Model could not be reshaped with requested shape - there is no input c; inputs: b',
  );
  assert.equal(await ask(client, 3, 7), '3,7');

  configure({ shape: '(1,10)' });
  await eventually(
    () => ask(client, 3, 7),
    (answer) => answer === '3 Invalid input batch size - Expected: 1; Actual: 3; input name: b',
  );
  await requests.stop();
  assert.deepEqual(requests.failures, []);
  const { metadata } = await client.call<Metadata>('PredictionService', 'GetModelMetadata', {
    model_spec: { name: 'm' },
    metadata_field: ['signature_def'],
  });
  const { signature_def } = signatures.decode(metadata.signature_def.value) as unknown as SignatureDefs;
  const { inputs, outputs } = signature_def.serving_default;
  const shape = { dim: [{ size: '1' }, { size: '10' }] };
  assert.deepEqual([inputs.b!.tensor_shape, outputs.a!.tensor_shape], [shape, shape]);
});
