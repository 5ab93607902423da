import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { protocolModels, writeModels } from '../support/protocol-models.ts';
import { pythonWith } from '../support/python.ts';
import { startServer, temporaryFolder } from '../support/server.ts';

const root = join(import.meta.dirname, '../..');
const fixtures = ['onnx', 'saved_model', 'frozen_graph', 'tflite', 'paddle'];

test('tritonclient gets right answers over gRPC, from every kind of model', async (t) => {
  const environment = pythonWith('test/clients/requirements-triton.txt');
  if ('missing' in environment) return t.skip(environment.missing);
  const formats = fixtures.map((name) => ({ name, base_path: join(root, 'test/fixtures', name) }));
  const config = writeModels(temporaryFolder(t), protocolModels(), formats);
  const server = await startServer(t, ['--config_path', config, '--settle_milliseconds', '50']);
  const script = join(root, 'test/clients/tritonclient_check.py');
  const { stdout } = await promisify(execFile)(environment.python, [script, `localhost:${server.port}`]);
  assert.equal(stdout, 'all answers are right\n');
});
