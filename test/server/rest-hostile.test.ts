import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { addModel } from '../support/ir-model.ts';
import { single } from '../support/repository.ts';
import { restFlags } from '../support/rest.ts';
import { startServer, type TestServer, temporaryFolder } from '../support/server.ts';

let server: TestServer;
let port: number;
const agent = new Agent({ keepAlive: true });

before(async (t) => {
  const context = t as unknown as TestContext;
  const folder = temporaryFolder(context);
  addModel('FP32', [-1, 2]).write(join(folder, '1'));
  const rest = await restFlags();
  port = rest.port;
  server = await startServer(context, [...single(folder), ...rest.flags, '--grpc_memory_quota', '100000000']);
  context.after(() => agent.destroy());
});

/** Sends it as it is, whatever it is; resolves with the status. */
function send(method: string, path: string, headers: Record<string, string>, body: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    const framed = { ...headers, 'content-length': String(body.byteLength) };
    const asked = request({ host: '127.0.0.1', port, agent, method, path, headers: framed }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode!));
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

const paths = fc.oneof(
  fc.constantFrom(
    '/v1/models/m:predict',
    '/v1/models/m/versions/1:predict',
    '/v1/models/m/labels/x:predict',
    '/v2/models/m/infer',
    '/v2/models/m/versions/1/infer',
    '/v2/repository/index',
  ),
  fc.constantFrom('/', '/v1/models/', '/v1/models/%ff', '/v1/models/m:predict?x=%zz', '/v2/models/a%2f..%2fb/infer'),
);
const headers = fc.record(
  {
    'inference-header-content-length': fc.oneof(
      fc.nat(200).map(String),
      fc.constantFrom('-1', 'x', '1e9', '', '99999999999999999999'),
    ),
    'content-type': fc.constantFrom(
      '',
      'application/json',
      'application/octet-stream',
      'x',
      'multipart/form-data; boundary=x',
    ),
    'content-encoding': fc.constantFrom('gzip', 'deflate', 'identity'),
  },
  { requiredKeys: [] },
);
const seeds = [
  '{"instances": [[1, 2], [3, 4]], "signature_name": ""}',
  '{"instances": [{"b": [1, 2]}]}',
  '{"inputs": {"b": [[1, NaN]]}}',
  '{"inputs": [{"name": "b", "shape": [1, 2], "datatype": "FP32", "data": [1, 2]}]}',
  '{"inputs": [{"name": "b", "shape": [1, 2], "datatype": "FP32", "parameters": {"binary_data_size": 8}}]}12345678',
  '{"inputs": [{"name": "b", "shape": [2], "datatype": "BYTES", "data": ["a", "b"]}], "outputs": [{"name": "a"}]}',
];
const pieces = fc.constantFrom(
  '',
  '[',
  ']',
  '{',
  '}',
  '"',
  ',',
  '-',
  '1e999',
  'null',
  '\\u',
  '\u0000',
  '[[[[',
  '9'.repeat(50),
);
const bodies = fc
  .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(120), fc.nat(12), pieces), { maxLength: 3 }))
  .map(([seed, changes]) =>
    Buffer.from(changes.reduce((text, [at, cut, piece]) => text.slice(0, at) + piece + text.slice(at + cut), seed)),
  );

test('whatever is asked is answered, and never by a fault of the server', async () => {
  const statuses = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('GET', 'POST', 'PUT', 'OPTIONS'), paths, headers, bodies, async (...asked) => {
      const status = await send(...asked);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      assert.ok(status < 500, `${status}`);
    }),
    { numRuns: 1500 },
  );
  assert.ok((statuses.get(200) ?? 0) > 50, JSON.stringify([...statuses]));
  assert.deepEqual(
    server.log.filter(({ level }) => level === 'error'),
    [],
  );
});

const bombs: readonly [name: string, path: string, body: string][] = [
  ['ten million open brackets', '/v1/models/m:predict', `{"instances": ${'['.repeat(10_000_000)}`],
  ['ten million open objects', '/v2/models/m/infer', '{"a":'.repeat(2_000_000)],
  ['a number of ten million digits', '/v1/models/m:predict', `{"inputs": [${'1'.repeat(10_000_000)}]}`],
  ['an exponent of a million digits', '/v1/models/m:predict', `{"inputs": [1e${'1'.repeat(1_000_000)}]}`],
  ['a million names', '/v1/models/m:predict', `{"inputs": {${Array.from({ length: 300_000 }, (_, i) => `"${i}":1`)}}}`],
  ['a million inputs', '/v2/models/m/infer', `{"inputs": [${Array(100_000).fill('{"name":"b"}')}]}`],
  ['a million dimensions', '/v2/models/m/infer', `{"inputs": [{"shape": [${Array(1_000_000).fill(1)}]}]}`],
  [
    'a shape beyond all numbers',
    '/v2/models/m/infer',
    '{"inputs": [{"name":"b","datatype":"FP32","shape":[9223372036854775807,9223372036854775807],"data":[1]}]}',
  ],
  ['a million escapes', '/v1/models/m:predict', `{"signature_name": "${'\\u0041'.repeat(1_000_000)}"}`],
];

for (const [name, path, body] of bombs) {
  test(`${name} do no harm`, async () => {
    const status = await send('POST', path, {}, Buffer.from(body));
    assert.ok(status >= 400 && status < 500, `${status}`);
    assert.equal(await send('POST', '/v1/models/m:predict', {}, Buffer.from('{"inputs": [[1, 2]]}')), 200);
  });
}

test('bodies that end too soon, and heads that never do, leave nothing behind', async () => {
  const sockets = Array.from({ length: 50 }, () => connect(port, '127.0.0.1').on('error', () => {}));
  for (const socket of sockets) {
    socket.write('POST /v1/models/m:predict HTTP/1.1\r\nhost: a\r\ncontent-length: 5000000\r\n\r\n');
    socket.write(Buffer.alloc(1_000_000, 0x20));
  }
  await Promise.all(sockets.map((socket) => once(socket, 'drain')));
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 200));
  const large = Buffer.from(`{"inputs": [${'[1,2],'.repeat(2_000_000)}[1,2]]}`);
  assert.equal(await send('POST', '/v1/models/m:predict', {}, large), 200);
});
