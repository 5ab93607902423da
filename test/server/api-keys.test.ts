import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { Metadata } from '@grpc/grpc-js';
import { Client } from '../../examples/clients/typescript/client.ts';
import { createAuthority } from '../support/certificates.ts';
import { HealthClient } from '../support/health.ts';
import { addModel } from '../support/ir-model.ts';
import { KServeClient } from '../support/kserve.ts';
import { outcome, predictSum, statuses } from '../support/predict.ts';
import { single } from '../support/repository.ts';
import { restFlags } from '../support/rest.ts';
import { scrape } from '../support/scrape.ts';
import {
  eventually,
  freePort,
  launchServer,
  startServer,
  type TestServer,
  temporaryFolder,
} from '../support/server.ts';

const cleanUps: (() => unknown)[] = [];
const file = { after: (cleanUp: () => unknown) => cleanUps.push(cleanUp) } as unknown as TestContext;
after(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

const key = 'Zm9yIHRoZSB0ZXN0cw==';
const wrong = 'bm90IGZvciB0aGVzZQ==';

let folder: string;
let server: TestServer;
let port: number;

before(async () => {
  folder = temporaryFolder(file);
  addModel('FP32', [1, 2], 1).write(join(folder, 'm/1'));
  writeFileSync(join(folder, 'keys'), `# of the tests\n${key}\n`);
  const rest = await restFlags();
  port = rest.port;
  server = await startServer(file, [
    ...single(join(folder, 'm')),
    ...rest.flags,
    ...['--api_key_file', join(folder, 'keys'), '--metrics_enable', '--log_level', 'DEBUG'],
  ]);
});

async function send(method: string, path: string, headers: Record<string, string> = {}, body?: string) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers, ...(body ? { body } : {}) });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

const bearer = (value: string) => ({ authorization: `Bearer ${value}` });

const restPaths: readonly [method: string, path: string, body: string | undefined, status: number][] = [
  ['POST', '/v1/models/m:predict', '{"instances": [[1, 2]]}', 200],
  ['GET', '/v1/models/m', undefined, 200],
  ['GET', '/v1/models/m/metadata', undefined, 200],
  ['GET', '/v1/config', undefined, 200],
  ['POST', '/v1/config/reload', undefined, 200],
  ['GET', '/v2', undefined, 200],
  ['GET', '/v2/models/m', undefined, 200],
  ['GET', '/v2/models/m/ready', undefined, 200],
  ['POST', '/v2/repository/index', undefined, 200],
  [
    'POST',
    '/v2/models/m/infer',
    '{"inputs": [{"name": "b", "shape": [1, 2], "datatype": "FP32", "data": [1, 2]}]}',
    200,
  ],
  ['GET', '/nowhere', undefined, 400],
];

for (const [method, path, body, status] of restPaths) {
  test(`${method} ${path} needs a key`, async () => {
    const without = await send(method, path, {}, body);
    assert.equal(without.status, 401);
    assert.deepEqual(JSON.parse(without.text), {
      error: 'An API key is needed - Expected: authorization: Bearer KEY; Actual: no authorization',
    });
    assert.equal(without.headers.get('www-authenticate'), 'Bearer realm="modelserver"');
    const other = await send(method, path, bearer(wrong), body);
    assert.equal(other.status, 401);
    assert.equal(other.headers.get('www-authenticate'), 'Bearer realm="modelserver", error="invalid_token"');
    assert.equal((await send(method, path, bearer(key), body)).status, status);
  });
}

for (const [method, path] of [
  ['GET', '/v2/health/live'],
  ['GET', '/v2/health/ready'],
  ['GET', '/metrics'],
  ['OPTIONS', '/v1/models/m:predict'],
] as const) {
  test(`${method} ${path} needs none`, async () => {
    assert.equal((await send(method, path)).status, 200);
  });
}

for (const path of [
  '//v2/health/live',
  '/v2/health/live/',
  '/v2/health/../models/m',
  '/metrics/../v1/config',
  '/v2/health%2flive',
]) {
  test(`what only looks like a probe needs a key: ${path}`, async () => {
    // fetch would tidy the path up.
    const socket = connect(port, '127.0.0.1');
    socket.end(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
    let text = '';
    for await (const chunk of socket) text += chunk;
    assert.match(text, /^HTTP\/1\.1 401 /);
  });
}

const inputs = [{ name: 'b', shape: ['1', '2'], datatype: 'FP32', contents: { fp32_contents: [1, 2] } }];
const methods: readonly [method: string, request: object, needsKey: boolean][] = [
  ['ModelInfer', { model_name: 'm', inputs }, true],
  ['ModelMetadata', { name: 'm' }, true],
  ['ModelReady', { name: 'm' }, true],
  ['ServerMetadata', {}, true],
  ['RepositoryIndex', {}, true],
  ['ServerLive', {}, false],
  ['ServerReady', {}, false],
];

function call(client: KServeClient, method: string, request: object, authorization?: string): Promise<string> {
  const metadata = new Metadata();
  if (authorization) metadata.set('authorization', authorization);
  const stub = client.stub as unknown as Record<string, (...how: unknown[]) => void>;
  return new Promise((resolve) => {
    stub[method]!(request, metadata, (error: { code: number; details: string } | null) =>
      resolve(error ? `${error.code} ${error.details}` : 'answered'),
    );
  });
}

for (const [method, request, needsKey] of methods) {
  test(`${method} needs ${needsKey ? 'a' : 'no'} key`, async (t) => {
    const client = new KServeClient(t, server.port);
    const text = '16 An API key is needed - Expected: authorization: Bearer KEY; Actual: ';
    assert.equal(await call(client, method, request), needsKey ? `${text}no authorization` : 'answered');
    assert.equal(await call(client, method, request, `Bearer ${key}`), 'answered');
    if (!needsKey) return;
    const unknown = `${text}a key that is not among those of the server`;
    assert.equal(await call(client, method, request, `Bearer ${wrong}`), unknown);
  });
}

/** Calls a method with an empty message, by its path alone. @returns gRPC's status */
function callPath(path: string, authorization?: string): Promise<string | undefined> {
  const session = connectHttp2(`http://127.0.0.1:${server.port}`);
  return new Promise((resolve, reject) => {
    const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
    const stream = session.request({ ...headers, ...(authorization ? { authorization } : {}) });
    const status = (found: Record<string, unknown>) => {
      if (found['grpc-status'] === undefined) return;
      resolve(String(found['grpc-status']));
      session.destroy();
    };
    stream.on('response', status).on('trailers', status).on('error', reject);
    stream.end(Buffer.alloc(5));
  });
}

const paths: readonly [path: string, without: string, withKey: string][] = [
  ['/tensorflow.serving.PredictionService/Predict', '16', '5'],
  ['/tensorflow.serving.ModelService/GetModelStatus', '16', '5'],
  ['/inference.GRPCInferenceService/ModelStreamInfer', '16', '0'],
  ['/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', '16', '0'],
  ['/grpc.health.v1.Health/Check', '0', '0'],
];

for (const [path, without, withKey] of paths) {
  test(`${path} answers ${without} without a key`, async () => {
    assert.equal(await callPath(path), without);
    assert.equal(await callPath(path, `Bearer ${key}`), withKey);
  });
}

test('a port for probes asks for no key, and knows nothing but health and states', async (t) => {
  const healthPort = await freePort();
  const pair = createAuthority().issue();
  for (const [name, text] of Object.entries({ 'tls.crt': pair.cert, 'tls.key': pair.key })) {
    writeFileSync(join(folder, name), text);
  }
  const server = await startServer(t, [
    ...single(join(folder, 'm')),
    ...['--grpc_certificate_path', join(folder, 'tls.crt'), '--grpc_key_path', join(folder, 'tls.key')],
    ...['--api_key_file', join(folder, 'keys'), '--health_port', String(healthPort)],
  ]);
  const client = new Client(`127.0.0.1:${healthPort}`);
  t.after(() => client.close());
  const [status] = await statuses(client);
  assert.deepEqual([status!.version, status!.state], ['1', 'AVAILABLE']);
  assert.equal(await new HealthClient(t, healthPort).check(''), 'SERVING');
  assert.match(String(await outcome(predictSum(client))), /^12 /);
  assert.match(String(await outcome(new KServeClient(t, healthPort).call('ServerMetadata'))), /^12 /);
  assert.equal(await server.stop(), 0);
});

test('a message is not read of who shows no key', async () => {
  const socket = connect(port, '127.0.0.1');
  socket.write('POST /v1/models/m:predict HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000000\r\n\r\n{');
  let text = '';
  for await (const chunk of socket) text += chunk;
  assert.match(text, /^HTTP\/1\.1 401 .*connection: close/is);
});

test('refusals are counted', async () => {
  const exposition = await scrape(port);
  for (const kind of ['gRPC', 'REST']) {
    const labels = { interface: kind, code: 'unauthenticated' };
    const before = exposition.value('modelserver_request_failures_total', labels) ?? 0;
    if (kind === 'REST') await send('GET', '/v1/config');
    else await callPath('/tensorflow.serving.ModelService/GetModelStatus');
    assert.equal((await scrape(port)).value('modelserver_request_failures_total', labels), before + 1);
  }
});

test('keys are replaced while the server runs; a file without any keeps the old ones', async () => {
  const next = 'bmV4dA==';
  const status = async (shown: string) => (await send('GET', '/v2', bearer(shown))).status;
  writeFileSync(join(folder, 'keys'), '');
  await server.logged(
    ({ msg, problem }) => /API keys cannot be used/.test(msg) && /holds no key/.test(String(problem)),
  );
  assert.equal(await status(key), 200);
  assert.equal((await scrape(port)).value('modelserver_secret_outdated', { flag: 'api_key_file' }), 1);
  writeFileSync(join(folder, 'keys'), `${key}\n${next}\n`);
  await eventually(
    () => status(next),
    (answer) => answer === 200,
  );
  assert.equal(await status(key), 200, 'both, while clients change');
  writeFileSync(join(folder, 'keys'), `${next}\n`);
  await eventually(
    () => status(key),
    (answer) => answer === 401,
  );
  assert.equal(await status(next), 200);
  writeFileSync(join(folder, 'keys'), `${key}\n`);
  await eventually(
    () => status(key),
    (answer) => answer === 200,
  );
});

test('no key is in the log', () => {
  const log = JSON.stringify(server.log) + server.said.join();
  assert.ok(log.includes('Clients must show an API key'));
  for (const secret of [key, wrong]) assert.ok(!log.includes(secret));
});

test('the environment may hold a key, as that of OpenVINO Model Server', async (t) => {
  const rest = await restFlags();
  await startServer(t, [...single(join(folder, 'm')), ...rest.flags], { API_KEY: key });
  const ask = async (headers: Record<string, string>) =>
    (await fetch(`http://127.0.0.1:${rest.port}/v2`, { headers })).status;
  assert.deepEqual([await ask({}), await ask(bearer(key))], [401, 200]);
});

test('a server whose keys cannot be read does not serve without', async (t) => {
  const launched = await launchServer(t, [...single(join(folder, 'm')), '--api_key_file', '/nowhere/keys']);
  assert.equal(await launched.exited, 1);
  assert.match(launched.said.join(), /ENOENT.*\/nowhere\/keys/);
});
