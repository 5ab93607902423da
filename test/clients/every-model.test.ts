import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { accumulatorModel } from '../support/ir-model.ts';
import { protocolModels, writeModels } from '../support/protocol-models.ts';
import { pythonWith } from '../support/python.ts';
import { restFlags } from '../support/rest.ts';
import { startServer, temporaryFolder } from '../support/server.ts';

const root = join(import.meta.dirname, '../..');
const fixtures = ['onnx', 'saved_model', 'frozen_graph', 'tflite', 'paddle'];

for (const [protocol, requirements, check] of [
  ['gRPC', 'requirements-triton.txt', 'tritonclient_check.py'],
  ['HTTP', 'requirements-triton-http.txt', 'tritonclient_http_check.py'],
] as const) {
  test(`tritonclient gets right answers over ${protocol}, from every kind of model`, async (t) => {
    const environment = pythonWith(`test/clients/${requirements}`);
    if ('missing' in environment) return t.skip(environment.missing);
    const formats = fixtures.map((name) => ({ name, base_path: join(root, 'test/fixtures', name) }));
    const folder = temporaryFolder(t);
    accumulatorModel('FP32', [1, 2]).write(join(folder, 'accumulator/1'));
    const accumulator = { name: 'accumulator', base_path: 'accumulator', stateful: true };
    const config = writeModels(folder, protocolModels(), [...formats, accumulator]);
    const rest = await restFlags();
    const server = await startServer(t, ['--config_path', config, '--settle_milliseconds', '50', ...rest.flags]);
    const script = join(root, 'test/clients', check);
    const address = `localhost:${protocol === 'gRPC' ? server.port : rest.port}`;
    const { stdout } = await promisify(execFile)(environment.python, [script, address]);
    assert.equal(stdout, 'all answers are right\n');
  });
}

for (const protocol of ['grpc', 'http']) {
  test(`ovmsclient goes on with sequences over ${protocol}`, async (t) => {
    const environment = pythonWith('test/clients/requirements.txt');
    if ('missing' in environment) return t.skip(environment.missing);
    const folder = temporaryFolder(t);
    accumulatorModel('FP32', [1, 2]).write(join(folder, '1'));
    const rest = await restFlags();
    const model = ['--model_name', 'accumulator', '--model_path', folder, '--stateful'];
    const server = await startServer(t, [...model, '--settle_milliseconds', '50', ...rest.flags]);
    const address = `localhost:${protocol === 'grpc' ? server.port : rest.port}`;
    const script = join(root, 'test/clients/ovmsclient_stateful_check.py');
    const { stdout } = await promisify(execFile)(environment.python, [script, protocol, address]);
    assert.equal(stdout, 'all answers are right\n');
  });
}
