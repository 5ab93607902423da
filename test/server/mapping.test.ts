import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { elements, floats } from '../../examples/clients/typescript/client.ts';
import { KServeClient } from '../support/kserve.ts';
import { predict, statuses } from '../support/predict.ts';
import { twoInputs } from '../support/protocol-models.ts';
import { single } from '../support/repository.ts';
import { restFlags } from '../support/rest.ts';
import { eventually, launchServer, startServer, temporaryFolder } from '../support/server.ts';

/** `a` = `b` + 1, `d` = `c`; clients see them the other way round. */
const mapping = { inputs: { b: 'second', c: 'first' }, outputs: { a: 'sum' } };

test('every protocol has the names of mapping_config.json', async (t) => {
  const folder = temporaryFolder(t);
  twoInputs().write(join(folder, '1'));
  writeFileSync(join(folder, '1/mapping_config.json'), JSON.stringify(mapping));
  const rest = await restFlags();
  const byName = ['--layout', '{"second": "NC:CN"}', '--shape', '{"second": "(2,1)"}'];
  const { client, port } = await startServer(t, [...single(folder), ...rest.flags, ...byName]);
  const url = `http://127.0.0.1:${rest.port}`;
  const post = async (path: string, body: object) =>
    (await fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify(body) })).json() as Promise<never>;

  const inputs = {
    first: floats(new Float32Array([5, 6]), 1, 2),
    second: floats(new Float32Array([1, 2]), 2, 1),
  };
  const { outputs } = await predict(client, { model_spec: { name: 'm' }, inputs });
  const values = Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, [...elements(tensor)]]));
  assert.deepEqual(values, { d: [5, 6], sum: [2, 3] });

  assert.deepEqual(await post('/v1/models/m:predict', { inputs: { first: [[5, 6]], second: [[1], [2]] } }), {
    outputs: { d: [[5, 6]], sum: [[2, 3]] },
  });

  const tensors = [
    { name: 'second', datatype: 'FP32', shape: [2, 1] },
    { name: 'first', datatype: 'FP32', shape: [1, 2] },
  ];
  const kserve = new KServeClient(t, port);
  const contents = [
    [1, 2],
    [5, 6],
  ] as const;
  const answer = await kserve.infer({
    model_name: 'm',
    inputs: tensors.map((tensor, i) => ({ ...tensor, contents: { fp32_contents: contents[i] } })),
    outputs: [{ name: 'sum' }],
  });
  assert.deepEqual(
    answer.outputs.map(({ name }) => name),
    ['sum'],
  );
  const metadata = await kserve.call<Record<'inputs' | 'outputs', { name: string }[]>>('ModelMetadata', { name: 'm' });
  assert.deepEqual(
    [metadata.inputs, metadata.outputs].map((list) => list.map(({ name }) => name)),
    [
      ['first', 'second'],
      ['d', 'sum'],
    ],
  );
  const json = await post('/v2/models/m/infer', {
    inputs: tensors.map((tensor, i) => ({ ...tensor, data: contents[i] })),
  });
  assert.deepEqual(
    (json as { outputs: { name: string; data: number[] }[] }).outputs.map(({ name, data }) => [name, data]),
    [
      ['d', [5, 6]],
      ['sum', [2, 3]],
    ],
  );
});

test('a mapping that cannot be used fails the load, until it is mended', async (t) => {
  const folder = temporaryFolder(t);
  twoInputs().write(join(folder, '1'));
  const { client } = await startServer(t, single(folder));
  writeFileSync(join(folder, '1/mapping_config.json'), '{"inputs": {"x": "y"}}');
  const told = await eventually(
    () => statuses(client),
    ([version]) => version?.status.error_code === 'UNKNOWN',
  );
  assert.match(
    told[0]!.status.error_message,
    / - The file mapping_config\.json cannot be used - inputs\.x: the model has no such input; inputs: b, c$/,
  );
  writeFileSync(join(folder, '1/mapping_config.json'), JSON.stringify(mapping));
  await eventually(
    () => statuses(client),
    ([version]) => version?.status.error_code === 'OK',
  );
  await eventually(
    async () =>
      predict(client, {
        model_spec: { name: 'm' },
        inputs: { first: floats(new Float32Array(2), 1, 2), second: floats(new Float32Array(2), 1, 2) },
      }).catch(() => undefined),
    (answer) => answer !== undefined,
  );
});

test('a model that can only be served with a broken mapping ends the start with why', async (t) => {
  const folder = temporaryFolder(t);
  twoInputs().write(join(folder, '1'));
  writeFileSync(join(folder, '1/mapping_config.json'), '{"names": {}}');
  const server = await launchServer(t, single(folder));
  assert.equal(await server.exited, 1);
  assert.deepEqual(server.said, [
    'modelserver: Model m cannot be served: version 1: The file mapping_config.json cannot be used - there is no such key: names; there are inputs and outputs',
  ]);
});
