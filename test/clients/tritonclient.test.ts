import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { NumericPrecision } from '../../src/server/model/tensor.ts';
import { addModel, IrModel, identityModel, scalar } from '../support/ir-model.ts';
import { pythonWith } from '../support/python.ts';
import { startServer, temporaryFolder } from '../support/server.ts';

const root = join(import.meta.dirname, '../..');
const fixtures = ['onnx', 'saved_model', 'frozen_graph', 'tflite', 'paddle'];

/** By KServe's names. */
const precisions: Readonly<Record<string, NumericPrecision>> = {
  FP16: 'FP16',
  BF16: 'BF16',
  FP32: 'FP32',
  FP64: 'FP64',
  INT8: 'I8',
  INT16: 'I16',
  INT32: 'I32',
  INT64: 'I64',
  UINT8: 'U8',
  UINT16: 'U16',
  UINT32: 'U32',
  UINT64: 'U64',
};

test('tritonclient gets right answers over gRPC, from every kind of model', async (t) => {
  const environment = pythonWith('test/clients/requirements-triton.txt');
  if ('missing' in environment) return t.skip(environment.missing);
  const folder = temporaryFolder(t);
  const models = {
    texts: identityModel('STRING'),
    flags: identityModel('BOOL'),
    rows: rowsModel(),
    two: twoInputs(),
    ...Object.fromEntries(
      Object.entries(precisions).map(([datatype, precision]) => [`add_${datatype}`, addModel(precision, [-1, 3])]),
    ),
  };
  for (const [name, model] of Object.entries(models)) model.write(join(folder, name, '1'));
  const list = [
    ...Object.keys(models).map((name) => ({ config: { name, base_path: name } })),
    ...fixtures.map((name) => ({ config: { name, base_path: join(root, 'test/fixtures', name) } })),
  ];
  const config = join(folder, 'config.json');
  writeFileSync(config, JSON.stringify({ model_config_list: list }));
  const server = await startServer(t, ['--config_path', config, '--settle_milliseconds', '50']);
  const script = join(root, 'test/clients/tritonclient_check.py');
  const { stdout } = await promisify(execFile)(environment.python, [script, `localhost:${server.port}`]);
  assert.equal(stdout, 'all answers are right\n');
});

/** Texts as rows of bytes, as they are. */
function rowsModel() {
  const model = new IrModel();
  const b = model.input('b', 'U8', [-1, -1]);
  const attributes = { auto_broadcast: 'numpy' };
  const zero = model.constant('U8', [], scalar('U8', 0));
  return model.output(model.operation('Add', [b, zero], { attributes, name: 'a_string' }));
}

function twoInputs() {
  const model = addModel('FP32', [1, 2]);
  const c = model.input('c', 'FP32', [1, 2]);
  return model.output(model.operation('Relu', [c], { name: 'd' }));
}
