import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectHttp2, constants } from 'node:http2';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { addModel } from '../support/ir-model.ts';
import { predictSum } from '../support/predict.ts';
import { single } from '../support/repository.ts';
import { restFlags } from '../support/rest.ts';
import { startServer, type TestServer, temporaryFolder } from '../support/server.ts';

/** Clients that send too much before their messages, or too slowly: each is turned away, and whoever asks next is served. */
const cleanUps: (() => unknown)[] = [];
const file = { after: (cleanUp: () => unknown) => cleanUps.push(cleanUp) } as unknown as TestContext;
after(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

let server: TestServer;
let restPort: number;

before(async () => {
  const folder = temporaryFolder(file);
  addModel('FP32', [1, 10], 1).write(join(folder, 'm/1'));
  const rest = await restFlags();
  restPort = rest.port;
  server = await startServer(file, [
    ...single(join(folder, 'm')),
    ...rest.flags,
    ...['--grpc_channel_arguments', 'grpc.keepalive_time_ms=1000,grpc.keepalive_timeout_ms=1000'],
  ]);
});

async function isServed(): Promise<void> {
  assert.deepEqual(await predictSum(server.client), { version: 1, added: 1 });
  assert.equal((await fetch(`http://127.0.0.1:${restPort}/v1/models/m`)).status, 200);
}

/** How a gRPC call with these headers ends: its status, or the code with which stream or session were ended. */
async function call(session: ClientHttp2Session, headers: Record<string, string>): Promise<string> {
  const stream = session.request({
    ':method': 'POST',
    ':path': '/tensorflow.serving.ModelService/GetModelStatus',
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  const ended = new Promise<string>((resolve) => {
    stream.on('response', (found) => resolve(`grpc-status ${found['grpc-status']}`));
    stream.on('error', () => resolve('ended'));
    stream.on('close', () => resolve('ended'));
    session.on('close', () => resolve('ended'));
  });
  stream.end(Buffer.alloc(5));
  return ended;
}

const metadata: readonly [what: string, headers: () => Record<string, string>, expected: string][] = [
  ['metadata of 8 kB', () => ({ a: 'x'.repeat(8000) }), 'grpc-status 5'],
  ['metadata of 60 kB', () => filled(6, 10_000), 'grpc-status 5'],
  ['metadata of 200 kB', () => filled(20, 10_000), 'ended'],
  ['five hundred headers', () => filled(500, 10), 'ended'],
];

function filled(count: number, length: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`x-${i}`, 'x'.repeat(length)]));
}

for (const [what, headers, expected] of metadata) {
  test(`${what} over gRPC: ${expected}`, async () => {
    const session = connectHttp2(`http://127.0.0.1:${server.port}`, { maxSendHeaderBlockLength: 10_000_000 });
    session.on('error', () => {});
    await once(session, 'remoteSettings');
    assert.equal(await call(session, headers()), expected);
    session.destroy();
    await isServed();
  });
}

test('a connection carries 1024 calls at a time', async () => {
  const session = connectHttp2(`http://127.0.0.1:${server.port}`);
  const [settings] = await once(session, 'remoteSettings');
  assert.equal(settings.maxConcurrentStreams, 1024);
  session.destroy();
});

test('a message that says it is larger than 1 GiB is refused before it comes', async () => {
  const session = connectHttp2(`http://127.0.0.1:${server.port}`);
  const path = '/inference.GRPCInferenceService/ModelInfer';
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  const head = Buffer.alloc(5);
  head.writeUInt32BE(1024 ** 3 + 1, 1);
  stream.write(head);
  const [found] = await once(stream, 'response');
  assert.equal(found['grpc-status'], '8');
  session.destroy();
  await isServed();
});

test('a peer over gRPC that is gone without a word is let go', async () => {
  const socket = connect(server.port, '127.0.0.1');
  socket.on('error', () => {});
  // The preface and settings of HTTP/2, and no answer to any ping.
  socket.write(
    Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), Buffer.from('000000040000000000', 'hex')]),
  );
  socket.resume();
  const begin = performance.now();
  await once(socket, 'close');
  assert.ok(performance.now() - begin < 30_000);
});

test('a client that begins calls only to cancel them is cut off', async () => {
  const session = connectHttp2(`http://127.0.0.1:${server.port}`);
  session.on('error', () => {});
  await once(session, 'remoteSettings');
  let begun = 0;
  const closed = new Promise((resolve) => session.once('close', resolve));
  while (!session.closed && !session.destroyed && begun < 100_000) {
    for (let i = 0; i < 100; i++) {
      const stream = session.request({ ':method': 'POST', ':path': '/x.Y/Z', 'content-type': 'application/grpc' });
      stream.on('error', () => {});
      stream.close(constants.NGHTTP2_CANCEL);
      begun++;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  await closed;
  assert.ok(begun < 100_000, `${begun} calls`);
  await isServed();
});

/** Sends something and waits for the end. @returns what was answered, and after how many seconds */
async function raw(write: (send: (text: string) => void) => unknown): Promise<{ text: string; seconds: number }> {
  const begin = performance.now();
  const socket = connect(restPort, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.on('error', () => {});
  await write((part) => socket.write(part));
  await once(socket, 'close');
  return { text, seconds: (performance.now() - begin) / 1000 };
}

test('a head of more than 16 kB is refused over REST', async () => {
  const { text } = await raw((send) => send(`GET /v2 HTTP/1.1\r\nhost: x\r\na: ${'x'.repeat(20_000)}\r\n\r\n`));
  assert.match(text, /^HTTP\/1\.1 431 /);
  await isServed();
});

test('who sends nothing, or a head one byte after the other, is cut off', async (t) => {
  // Takes about 15 s, since that is how long a head may take.
  const silent = raw(() => {});
  const slow = raw((send) => {
    send('GET /v2 HTTP/1.1\r\n');
    const timer = setInterval(() => send('a'), 500);
    t.after(() => clearInterval(timer));
  });
  for (const { text, seconds } of await Promise.all([slow, silent])) {
    assert.ok(seconds > 9 && seconds < 40, `${seconds} s`);
    assert.match(text, /^(HTTP\/1\.1 408 |$)/);
  }
  await isServed();
});
