import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { addModel } from '../support/ir-model.ts';
import { single } from '../support/repository.ts';
import { restFlags } from '../support/rest.ts';
import { startServer, temporaryFolder } from '../support/server.ts';

let port: number;
const agent = new Agent({ keepAlive: true });

before(async (t) => {
  const context = t as unknown as TestContext;
  const folder = temporaryFolder(context);
  addModel('FP32', [-1, 2]).write(join(folder, '1'));
  const rest = await restFlags();
  port = rest.port;
  await startServer(context, [...single(folder), ...rest.flags, '--grpc_memory_quota', '100000000']);
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
