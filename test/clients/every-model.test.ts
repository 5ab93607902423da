import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { accumulatorModel } from '../support/ir-model.ts';
import { protocolModels, writeModels } from '../support/protocol-models.ts';
import { pythonWith } from '../support/python.ts';
import { restFlags } from '../support/rest.ts';
import { type Cleanup, startServer, temporaryFolder } from '../support/server.ts';

const root = join(import.meta.dirname, '../..');
const fixtures = ['onnx', 'saved_model', 'frozen_graph', 'tflite', 'paddle'];
const run = promisify(execFile);

const cleanUps: (() => unknown)[] = [];
const file: Cleanup = { after: (cleanUp) => cleanUps.push(cleanUp) };
/** `host:port` by protocol. */
let addresses: Readonly<Record<'gRPC' | 'HTTP', string>>;

before(async () => {
  const formats = fixtures.map((name) => ({ name, base_path: join(root, 'test/fixtures', name) }));
  const folder = temporaryFolder(file);
  accumulatorModel('FP32', [1, 2]).write(join(folder, 'accumulator/1'));
  const accumulator = { name: 'accumulator', base_path: 'accumulator', stateful: true };
  const config = writeModels(folder, protocolModels(), [...formats, accumulator]);
  const rest = await restFlags();
  const server = await startServer(file, ['--config_path', config, '--settle_milliseconds', '50', ...rest.flags]);
  addresses = { gRPC: `localhost:${server.port}`, HTTP: `localhost:${rest.port}` };
});
after(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

const clients = [
  ['tritonclient', 'gRPC', 'test/clients/requirements-triton.txt', 'tritonclient_check.py'],
  ['tritonclient', 'HTTP', 'test/clients/requirements-triton-http.txt', 'tritonclient_http_check.py'],
  ['KServe’s client', 'gRPC', 'test/clients/requirements-kserve.txt', 'kserve_check.py', 'grpc'],
  ['KServe’s client', 'HTTP', 'test/clients/requirements-kserve.txt', 'kserve_check.py', 'http'],
  ['ovmsclient', 'gRPC', 'test/clients/requirements.txt', 'ovmsclient_models_check.py', 'grpc'],
  ['ovmsclient', 'HTTP', 'test/clients/requirements.txt', 'ovmsclient_models_check.py', 'http'],
  ['ovmsclient with sequences', 'gRPC', 'test/clients/requirements.txt', 'ovmsclient_stateful_check.py', 'grpc'],
  ['ovmsclient with sequences', 'HTTP', 'test/clients/requirements.txt', 'ovmsclient_stateful_check.py', 'http'],
  ['tensorflow-serving-api', 'gRPC', 'examples/clients/python/requirements.txt', 'tensorflow_serving_check.py'],
] as const;

for (const [client, protocol, requirements, check, ...flags] of clients) {
  // Where its packages are not there yet, they are many to fetch.
  test(`${client} gets right answers over ${protocol}`, { timeout: 600_000 }, async (t) => {
    const environment = pythonWith(requirements);
    if ('missing' in environment) return t.skip(environment.missing);
    const script = join(root, 'test/clients', check);
    const { stdout } = await run(environment.python, [script, ...flags, addresses[protocol]]);
    assert.equal(stdout, 'all answers are right\n');
  });
}

/** What curl is given beside the path, and what it prints: the status, and the body without its white space. */
const asked: readonly [path: string, flags: readonly string[], printed: string][] = [
  ['/v2/health/live', [], '200 {"live":true}'],
  ['/v2/health/ready', [], '200 {"ready":true}'],
  ['/v1/models/nobody', [], '404 {"error":"Modelwithrequestednameisnotfound"}'],
  [
    '/v1/models/two:predict',
    ['-d', '{"instances": [{"b": [1, 2], "c": [3, 4]}]}'],
    '200 {"predictions":[{"a":[2.0,3.0],"d":[3.0,4.0]}]}',
  ],
  [
    '/v2/models/two/infer',
    [
      '--data-binary',
      '{"inputs": [{"name": "b", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]}, {"name": "c", "datatype": "FP32", "shape": [1, 2], "data": [[3, 4]]}], "outputs": [{"name": "d"}]}',
    ],
    '200 {"model_name":"two","model_version":"1","outputs":[{"name":"d","shape":[1,2],"datatype":"FP32","data":[3.0,4.0]}]}',
  ],
];

test('curl gets right answers, from every kind of model', async (t) => {
  try {
    await run('curl', ['--version']);
  } catch {
    return t.skip('there is no curl on this machine');
  }
  const curl = async (path: string, ...flags: readonly string[]) => {
    const how = ['--silent', '--show-error', '--write-out', '\n%{http_code}', ...flags];
    const { stdout } = await run('curl', [...how, `http://${addresses.HTTP}${path}`]);
    const [, body, status] = /^(.*)\n(\d+)$/s.exec(stdout)!;
    return `${status} ${body!.replace(/\s+/g, '')}`;
  };
  for (const [path, flags, printed] of asked) assert.equal(await curl(path, ...flags), printed, path);
  for (const model of fixtures) {
    assert.equal(
      await curl(`/v1/models/${model}:predict`, '-d', '{"instances": [[0, 1, 2, 3], [-4, 5, 6, 7.5]]}'),
      '200 {"predictions":[[1.0,3.0,5.0,7.0],[-7.0,11.0,13.0,16.0]]}',
      model,
    );
  }
  for (const model of Object.keys(protocolModels()).filter((name) => name.startsWith('add_'))) {
    const datatype = model.slice('add_'.length);
    const body = `{"inputs": [{"name": "b", "datatype": "${datatype}", "shape": [1, 3], "data": [1, 2, 100]}]}`;
    const numbers = /FP|BF/.test(datatype) ? '2.0,3.0,101.0' : '2,3,101';
    const output = `{"name":"a","shape":[1,3],"datatype":"${datatype}","data":[${numbers}]}`;
    const answer = `200 {"model_name":"${model}","model_version":"1","outputs":[${output}]}`;
    assert.equal(await curl(`/v2/models/${model}/infer`, '-d', body), answer);
  }
});
