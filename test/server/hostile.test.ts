import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { floats } from '../../examples/clients/typescript/client.ts';
import { addModel, IrModel, identityModel, scalar, slowModel } from '../support/ir-model.ts';
import { outcome, predict, predictSum } from '../support/predict.ts';
import { startServer, type TestServer, temporaryFolder } from '../support/server.ts';

/** Requests of a few bytes that ask for much: each is refused, and whoever asks next is served. */
let server: TestServer;

before(async (t) => {
  // A suite cleans up as a test does.
  const context = t as unknown as TestContext;
  const folder = temporaryFolder(context);
  const rows = new IrModel();
  const b = rows.input('b', 'U8', [-1, -1]);
  const attributes = { auto_broadcast: 'numpy' };
  rows.output(rows.operation('Add', [b, rows.constant('U8', [], scalar('U8', 0))], { attributes, name: 'a_string' }));
  const models = {
    m: addModel('FP32', [1, 10]),
    any: addModel('FP32', [-1, -1]),
    texts: identityModel('STRING'),
    rows,
  };
  for (const [name, model] of Object.entries(models)) model.write(join(folder, name, '1'));
  slowModel().write(join(folder, 'slow/1'));
  const list = [...Object.keys(models), 'slow'].map((name) => ({ config: { name, base_path: name, nireq: 1 } }));
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ model_config_list: list }));
  const quota = ['--grpc_memory_quota', '100000000'];
  server = await startServer(context, [
    '--config_path',
    join(folder, 'config.json'),
    '--settle_milliseconds',
    '50',
    ...quota,
  ]);
});

const dims = (...sizes: number[]) => ({ dim: sizes.map((size) => ({ size })) });
const asked: [what: string, name: string, input: object, refusal: RegExp][] = [
  [
    'one string for very many',
    'texts',
    { dtype: 'DT_STRING', tensor_shape: dims(12_000_000), string_val: [Buffer.alloc(0)] },
    /^3 Invalid content size of tensor proto - Shape dimensions are too large/,
  ],
  [
    'one value for very many',
    'any',
    { dtype: 'DT_FLOAT', tensor_shape: dims(80_000_000, 3), float_val: [1] },
    /^3 Invalid content size of tensor proto - Shape dimensions are too large/,
  ],
  [
    'very many empty rows that would come back as strings',
    'rows',
    { dtype: 'DT_UINT8', tensor_shape: dims(5_000_000_000, 0) },
    /^3 Too many empty strings - Expected: at most 1000000; Actual: 5000000000; output name: a_string/,
  ],
];

for (const [what, name, input, refusal] of asked) {
  test(`refused, twice: ${what}`, async () => {
    for (let time = 0; time < 2; time++) {
      assert.match(
        String(await outcome(predict(server.client, { model_spec: { name }, inputs: { b: input } }))),
        refusal,
      );
    }
    assert.deepEqual(await predictSum(server.client), { version: 1, added: 1 });
  });
}

test('values that fill a shape count towards the memory quota', async () => {
  const fill = { dtype: 'DT_FLOAT', tensor_shape: dims(12_000, 1024), float_val: [1] };
  const ask = () => outcome(predict(server.client, { model_spec: { name: 'slow' }, inputs: { b: fill } }));
  const outcomes = await Promise.all([ask(), ask(), ask(), ask()]);
  const refused = outcomes.filter((answer) => typeof answer === 'string');
  assert.equal(refused.length, 2, String(refused));
  for (const refusal of refused) assert.match(String(refusal), /^8 Requests in work would exceed the memory quota/);
  assert.notEqual(typeof (await ask()), 'string', 'what was taken is given back');
});

test('texts that a status cannot carry as they are come back whole or cut', async () => {
  for (let length = 1360; length < 1370; length++) {
    const long = 'x'.repeat(length) + '😀'.repeat(1500);
    const label = outcome(predict(server.client, { model_spec: { name: 'm', version_label: long } }));
    assert.match(String(await label), /^5 Model with requested version is not found - no version has the label: xxx/);
    const inputs = { b: floats(new Float32Array(10), 1, 10) };
    const filter = outcome(predict(server.client, { model_spec: { name: 'm' }, inputs, output_filter: [long] }));
    assert.match(String(await filter), /^3 Invalid output filter - Expected: one of a; Actual: xxx/);
  }
  assert.deepEqual(await predictSum(server.client), { version: 1, added: 1 });
});
