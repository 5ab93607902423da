import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Server as GrpcServer, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import { modelStatusSuite } from '../../../../test/suites/model-status-suite.ts';
import { statuses } from '../../../../test/support/predict.ts';
import { eventually, freePort, startServer, temporaryFolder } from '../../../../test/support/server.ts';
import { systemClock } from '../../../shared/clock.ts';
import { configRevision } from '../../../shared/config-revision.ts';
import { createLog } from '../../../shared/log.ts';
import type { ModelStatusSource, PodAddress } from '../model-status-source.ts';
import { type GrpcModelStatusSourceOptions, grpcModelStatusSource } from './grpc-model-status-source.ts';

const digits = join(import.meta.dirname, '../../../../examples/digits/models/digits');
const never = new AbortController().signal;

modelStatusSuite({
  name: 'grpc',
  create: createSource,
  async pods(t) {
    const folder = temporaryFolder(t);
    cpSync(join(digits, '1'), join(folder, 'broken/1'), { recursive: true });
    mkdirSync(join(folder, 'broken/2'), { recursive: true });
    writeFileSync(join(folder, 'broken/2/model.xml'), '<net>this is no model</net>');
    mkdirSync(join(folder, 'nothing'));
    const all = { model_version_policy: { all: {} } };
    const models = [
      { name: 'all', base_path: digits, ...all },
      { name: 'broken', base_path: 'broken', ...all },
      { name: 'nothing', base_path: 'nothing' },
    ];
    const config = join(folder, 'config.json');
    const text = JSON.stringify({ model_config_list: models.map((model) => ({ config: model })) });
    writeFileSync(config, text);
    const { client, port } = await startServer(t, ['--config_path', config, '--settle_milliseconds', '100']);
    await eventually(
      () => statuses(client, 'broken'),
      (found) => found[1]?.status.error_code === 'UNKNOWN',
    );
    await eventually(
      () => statuses(client, 'all'),
      (found) => found.every(({ state }) => state === 'AVAILABLE'),
    );
    const relay = createServer((socket) => {
      socket.on('error', () => {});
      socket.pipe(connect(port, '127.0.0.1').on('error', () => {})).pipe(socket);
    });
    return {
      serving: { host: '127.0.0.1', port },
      serving6: await listen(t, relay, '::1'),
      dead: { host: '127.0.0.1', port: await freePort() },
      silent: await listen(t, createServer()),
      config: { inForce: configRevision(text) },
    };
  },
});

test('says in plain words what is there instead of a model server', async (t) => {
  const gone = createServer((socket) => socket.destroy());
  const web = createHttpServer((_, response) => response.end('hello'));
  const cases: [pod: PodAddress, reason: RegExp][] = [
    [await listen(t, gone), /^no connection to 127\.0\.0\.1:\d+: closed by the other end$/],
    [await listen(t, web), /^no connection to 127\.0\.0\.1:\d+: no gRPC server answers there$/],
    [await answering(t, undefined), /^the server at 127\.0\.0\.1:\d+ has no GetModelStatus$/],
    [await answering(t, { code: 13, details: 'it  hurts\n' }), /^127\.0\.0\.1:\d+ answers INTERNAL: it hurts$/],
    [
      await answering(t, { code: 7, details: 'x'.repeat(5000) }),
      /^127\.0\.0\.1:\d+ answers PERMISSION_DENIED: x{255}…$/,
    ],
    [await answering(t, { code: 14, details: '' }), /^127\.0\.0\.1:\d+ answers UNAVAILABLE$/],
    [{ host: 'pod.example', port: 1 }, /^pod\.example is no IP address$/],
    [await answering(t, Buffer.from([0x0a, 0x7f, 1])), / is not understood: the answer is malformed$/],
    [await answering(t, Buffer.alloc(300_000)), / gives an answer that is too large$/],
    [await answering(t, Buffer.from([0x0a, 4, 0x08, 1, 0x10, 60])), / has version 1 in the unknown state 60$/],
  ];
  const source = createSource(t);
  for (const [pod, reason] of cases) {
    const answer = (await source.ask(pod, ['m'], never)).get('m')!;
    assert.equal(answer.kind, 'unreachable');
    assert.match(answer.reason, reason);
  }
});

test('has so many calls under way, over one connection', async (t) => {
  let most = 0;
  let now = 0;
  const { pod, connections } = await counted(t, async () => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 20));
    now--;
  });
  const source = createSource(t, { concurrency: 3 });
  const names = Array.from({ length: 20 }, (_, i) => `m${i}`);
  const answers = await source.ask(pod, names, never);
  assert.deepEqual([...answers.keys()], names);
  assert.deepEqual([most, connections.length], [3, 1]);
});

test('asks so many pods at a time, and those that wait end with the signal and with the source', async (t) => {
  let most = 0;
  let now = 0;
  const { pod } = await counted(t, async () => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 20));
    now--;
  });
  const answers = await Promise.all(asks(createSource(t, { mostPods: 3 }), pod, 12, never));
  // On a busy machine, one may be through before the next has been sent.
  assert.ok(most <= 3, `${most} at a time`);
  assert.deepEqual([...new Set(answers.map(kindOf))], ['versions']);

  const silent = await listen(t, createServer());
  const controller = new AbortController();
  const reason = new Error('enough');
  const aborted = asks(createSource(t, { mostPods: 1 }), silent, 3, controller.signal);
  const refused = Promise.all(aborted.map((asking) => assert.rejects(asking, reason)));
  controller.abort(reason);
  await refused;
  const source = createSource(t, { mostPods: 1 });
  const closed = asks(source, silent, 3, never);
  source.close();
  assert.deepEqual((await Promise.all(closed)).map(kindOf), Array(3).fill('unreachable'));
});

test('lets go of the connection when all is answered', async (t) => {
  const { pod, connections } = await counted(t);
  const source = createSource(t);
  for (let time = 0; time < 3; time++) assert.equal(kindOf(await source.ask(pod, ['m'], never)), 'versions');
  await eventually(
    async () => connections.filter(({ destroyed }) => !destroyed).length,
    (open) => open === 0,
  );
  assert.equal(connections.length, 3);
});

test('says that a connection ended in the middle of a call', async (t) => {
  const { pod, connections } = await counted(t, () => new Promise(() => {}));
  const asking = createSource(t).ask(pod, ['a', 'b'], never);
  await eventually(
    async () => connections.length,
    (length) => length === 1,
  );
  setTimeout(() => connections[0]!.destroy(), 200);
  const reason = `127.0.0.1:${pod.port} closed the connection`;
  assert.deepEqual([...(await asking).values()], Array(2).fill({ kind: 'unreachable', reason }));
});

test('knocks once for each ask, and lets go of a pod that hangs', async (t) => {
  const sockets: Socket[] = [];
  const hanging = await listen(
    t,
    createServer((socket) => void sockets.push(socket.resume())),
  );
  const refusing = await listen(
    t,
    createServer((socket) => void sockets.push(socket.destroy())),
  );
  const source = createSource(t, { timeoutMs: 50 });
  for (const pod of [hanging, refusing, hanging, refusing]) {
    assert.equal(kindOf(await source.ask(pod, ['a', 'b', 'c'], never)), 'unreachable');
  }
  await new Promise((resolve) => setTimeout(resolve, 1500));
  assert.deepEqual([sockets.length, sockets.filter(({ destroyed }) => !destroyed).length], [4, 0]);
});

function createSource(t: TestContext, options: Partial<GrpcModelStatusSourceOptions> = {}): ModelStatusSource {
  const source = grpcModelStatusSource({ clock: systemClock, log: createLog({ level: 'error' }), ...options });
  t.after(() => source.close());
  return source;
}

function asks(source: ModelStatusSource, pod: PodAddress, count: number, signal: AbortSignal) {
  return Array.from({ length: count }, () => source.ask(pod, ['m'], signal));
}

function kindOf(answers: Awaited<ReturnType<ModelStatusSource['ask']>>): string {
  return [...answers.values()][0]!.kind;
}

async function listen(t: TestContext, server: Server, host = '127.0.0.1'): Promise<PodAddress> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket.on('error', () => {})));
  await once(server.listen(0, host), 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { host, port: (server.address() as AddressInfo).port };
}

type Answer = Buffer | { readonly code: number; readonly details: string };

/** A gRPC server that gives every GetModelStatus the same answer; undefined: that does not know it. */
async function answering(t: TestContext, answer: Answer | undefined, wait = async () => {}): Promise<PodAddress> {
  const server = new GrpcServer({ 'grpc.max_send_message_length': -1 });
  const method = {
    path: '/tensorflow.serving.ModelService/GetModelStatus',
    requestStream: false,
    responseStream: false,
    requestSerialize: (bytes: Buffer) => bytes,
    requestDeserialize: (bytes: Buffer) => bytes,
    responseSerialize: (bytes: Buffer) => bytes,
    responseDeserialize: (bytes: Buffer) => bytes,
  };
  if (answer) {
    server.addService(
      { GetModelStatus: method },
      {
        GetModelStatus(_: ServerUnaryCall<Buffer, Buffer>, tell: sendUnaryData<Buffer>) {
          wait().then(() => (Buffer.isBuffer(answer) ? tell(null, answer) : tell(answer)));
        },
      },
    );
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  t.after(() => server.forceShutdown());
  return { host: '127.0.0.1', port };
}

/** A pod that knows every model, and the connections that it has had. */
async function counted(t: TestContext, wait = async () => {}) {
  const { port } = await answering(t, Buffer.alloc(0), wait);
  const connections: Socket[] = [];
  const server = createServer((socket) => {
    connections.push(socket);
    const onward = connect(port, '127.0.0.1').on('error', () => {});
    socket.pipe(onward).pipe(socket);
    socket.on('close', () => onward.destroy());
  });
  return { connections, pod: await listen(t, server) };
}
