import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../../shared/clock.ts';
import { createLog } from '../../../shared/log.ts';
import { ByteBudget } from '../byte-budget.ts';
import { createFastifyServer } from './fastify-server.ts';
import { metricsRoute } from './metrics-route.ts';

const options = {
  clock: systemClock,
  log: createLog({ level: 'error', file: '/dev/null' }),
  budget: new ByteBudget(0),
  cors: { allowCredentials: false, origins: ['*'], methods: '*', headers: '*' },
};

async function start(t: TestContext, text?: () => Promise<string>) {
  const server = createFastifyServer({ ...options, routes: [metricsRoute(text)] });
  const port = await server.listen('127.0.0.1', 0);
  t.after(() => server.drain(systemClock, 0));
  return { server, port, url: `http://127.0.0.1:${port}` };
}

async function ask(url: string, options: RequestInit = {}): Promise<[number, string | null, string]> {
  const response = await fetch(url, options);
  return [response.status, response.headers.get('content-type'), await response.text()];
}

const json = 'application/json';

test('metrics come as Prometheus wants them', async (t) => {
  const { url } = await start(t, async () => 'a 1\n');
  assert.deepEqual(await ask(`${url}/metrics`), [200, 'text/plain; version=0.0.4; charset=utf-8', 'a 1\n']);
  assert.equal((await ask(`${url}/metrics?a=b`))[0], 200);
});

test('whatever is not there says what is, in JSON', async (t) => {
  const { url } = await start(t, async () => '');
  const missing = (what: string) => [
    400,
    json,
    JSON.stringify({ error: `Invalid request URL - There is no ${what} here; this port serves GET /metrics` }),
  ];
  assert.deepEqual(await ask(`${url}/v1/models/m?x=y`), missing('GET /v1/models/m'));
  assert.deepEqual(await ask(`${url}/metrics`, { method: 'DELETE' }), [
    405,
    json,
    '{"error":"Unsupported method - Expected: GET /metrics; Actual: DELETE"}',
  ]);
  const body = { method: 'POST', body: '{"instances": [', headers: { 'content-type': 'application/json' } };
  assert.deepEqual(await ask(`${url}/v1/models/m:predict`, body), missing('POST /v1/models/m:predict'));
  const large = { method: 'POST', body: new Uint8Array(8 * 1024 ** 2) };
  assert.deepEqual(await ask(`${url}/v2/models/m/infer`, large), missing('POST /v2/models/m/infer'));
  const [status, type, text] = await ask(`${url}/%zz`);
  assert.deepEqual([status, type, Object.keys(JSON.parse(text))], [400, json, ['error']]);
});

test('metrics that are off say how to turn them on', async (t) => {
  const { url } = await start(t);
  assert.deepEqual(await ask(`${url}/metrics`), [
    404,
    json,
    '{"error":"Metrics are off - start the server with --metrics_enable"}',
  ]);
});

test('what fails is an internal error, whose cause stays inside', async (t) => {
  const { url } = await start(t, async () => {
    throw new Error('secret');
  });
  assert.deepEqual(await ask(`${url}/metrics`), [500, json, '{"error":"Internal error"}']);
});

test('those who ask at the same time share an answer, those who come later get a new one', async (t) => {
  let asked = 0;
  let finish = () => {};
  const { url } = await start(t, async () => {
    asked++;
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    return `${asked}`;
  });
  const answers = Promise.all([ask(`${url}/metrics`), ask(`${url}/metrics`), ask(`${url}/metrics`)]);
  const waited = setInterval(() => finish(), 50);
  t.after(() => clearInterval(waited));
  const first = await answers;
  assert.ok(asked <= 3);
  assert.equal((await ask(`${url}/metrics`))[2], `${asked}`);
  assert.ok(first.every(([status]) => status === 200));
});

test('a head that is too large is refused', async (t) => {
  const { port } = await start(t, async () => '');
  const socket = connect(port, '127.0.0.1');
  socket.write(`GET /metrics HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`);
  const [answer] = await once(socket.setEncoding('utf8'), 'data');
  assert.match(answer, /^HTTP\/1\.1 431 /);
  socket.destroy();
});

test('a drain lets idle connections go, answers what is under way, and ends what takes too long', async (t) => {
  let finish = () => {};
  let begun = () => {};
  const text = () => {
    begun();
    return new Promise<string>((resolve) => {
      finish = () => resolve('late');
    });
  };
  for (const ms of [10_000, 50]) {
    const { server, port, url } = await start(t, text);
    const idle = connect(port, '127.0.0.1');
    await once(idle, 'connect');
    const isUnderWay = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const answer = ask(`${url}/metrics`).catch((error) => error);
    await isUnderWay;
    const drained = server.drain(systemClock, ms);
    if (ms > 50) {
      setTimeout(() => finish(), 100);
      assert.equal((await answer)[2], 'late');
    } else {
      assert.ok((await answer) instanceof Error);
      finish();
    }
    idle.destroy();
    await drained;
    await assert.rejects(fetch(`${url}/metrics`));
  }
});

test('an address that is taken is told', async (t) => {
  const { port } = await start(t, async () => '');
  const other = createFastifyServer({ ...options, routes: [] });
  await assert.rejects(other.listen('127.0.0.1', port), /EADDRINUSE/);
  await other.drain(systemClock, 0);
});
