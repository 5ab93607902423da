import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Client, elements, floats } from '../../examples/clients/typescript/client.ts';
import { addModel } from '../support/ir-model.ts';
import { outcome, predict } from '../support/predict.ts';
import { single } from '../support/repository.ts';
import { launchServer, startServer, temporaryFolder } from '../support/server.ts';

/** Sends 0, 1, 2, … in a shape: shape and values of the answer, or the refusal. */
function ask(client: Client, ...shape: number[]): Promise<unknown> {
  const count = shape.reduce((product, size) => product * size, 1);
  const inputs = {
    b: floats(
      new Float32Array(count).map((_, i) => i),
      ...shape,
    ),
  };
  const answer = predict(client, { model_spec: { name: 'm' }, inputs });
  return outcome(
    answer.then(({ outputs: { a } }) => [a!.tensor_shape.dim.map(({ size }) => Number(size)), [...elements(a!)]]),
  );
}

const asSent = [1, 2, 3, 4, 5, 6, 7, 8];
const transposed = [1, 3, 5, 7, 2, 4, 6, 8];
const back = [1, 5, 2, 6, 3, 7, 4, 8];

const cases: [flags: string[], shape: number[], answer: unknown][] = [
  [[], [1, 2, 2, 2], [[1, 2, 2, 2], asSent]],
  [
    ['--layout', 'NHWC:NCHW'],
    [1, 2, 2, 2],
    [[1, 2, 2, 2], transposed],
  ],
  [
    ['--layout', 'NHWC:NCHW', '--shape', '(1,1,4,2)'],
    [1, 1, 4, 2],
    [[1, 2, 1, 4], transposed],
  ],
  [
    ['--layout', '{"b": "NHWC:NCHW", "a": "NHWC:NCHW"}'],
    [1, 2, 2, 2],
    [[1, 2, 2, 2], asSent],
  ],
  [
    ['--layout', '{"a": "NHWC:NCHW"}'],
    [1, 2, 2, 2],
    [[1, 2, 2, 2], back],
  ],
  [
    ['--layout', 'HWCN', '--batch_size', '2:3'],
    [1, 2, 2, 4],
    '3 Invalid input shape - Expected: (1,2,2,[2~3]); Actual: (1,2,2,4); input name: b',
  ],
  [
    ['--layout', 'HWCN', '--batch_size', '2'],
    [1, 2, 2, 1],
    '3 Invalid input batch size - Expected: 2; Actual: 1; input name: b',
  ],
];

for (const [flags, shape, answer] of cases) {
  test(`a model is served with ${flags.join(' ') || 'the layout it has'}`, async (t) => {
    const folder = temporaryFolder(t);
    addModel('FP32', [1, 2, 2, 2]).write(join(folder, '1'));
    const { client } = await startServer(t, [...single(folder), ...flags]);
    assert.deepEqual(await ask(client, ...shape), answer);
  });
}

test('layouts that the model cannot have end the start with why', async (t) => {
  const folder = temporaryFolder(t);
  addModel('FP32', [1, 10]).write(join(folder, '1'));
  const server = await launchServer(t, [...single(folder), '--layout', 'NHWC:NCHW']);
  assert.equal(await server.exited, 1);
  assert.deepEqual(server.said, [
    'modelserver: Model m cannot be served: version 1: Layout incompatible with given shape - Layout: NHWC; Shape: (1,10); name: b',
  ]);
});
