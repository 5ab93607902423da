import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { captureLog } from '../../../test/support/captured-log.ts';
import { serveMetrics, serveProbes } from './probes.ts';

const sick = { name: undefined as string | undefined };

async function setUp(t: TestContext) {
  const captured = captureLog();
  const listen = { host: '127.0.0.1', port: 0, log: captured.log };
  sick.name = undefined;
  const check = (name: string) => () => (sick.name === name ? `${name} is not well` : undefined);
  const probes = await serveProbes(
    {
      healthz: { watches: check('watches') },
      readyz: {
        caches: check('caches'),
        leases: () => {
          if (sick.name === 'leases') throw new Error('a fault');
          return undefined;
        },
      },
    },
    listen,
  );
  t.after(() => probes.close());
  const ask = async (path: string, method = 'GET') => {
    const answer = await fetch(`http://127.0.0.1:${probes.port}${path}`, { method });
    return { status: answer.status, body: await answer.text(), headers: answer.headers };
  };
  return { probes, listen, ask, ...captured };
}

const cases: [path: string, sick: string | undefined, status: number, body: string][] = [
  ['/healthz', undefined, 200, 'ok'],
  ['/readyz', undefined, 200, 'ok'],
  ['/readyz?verbose', undefined, 200, '[+]caches ok\n[+]leases ok\nreadyz check passed\n'],
  ['/readyz?verbose=1&x', undefined, 200, '[+]caches ok\n[+]leases ok\nreadyz check passed\n'],
  ['/readyz', 'caches', 500, '[-]caches failed: caches is not well\n[+]leases ok\nreadyz check failed\n'],
  ['/readyz', 'leases', 500, '[+]caches ok\n[-]leases failed: a fault\nreadyz check failed\n'],
  ['/healthz', 'caches', 200, 'ok'],
  ['/healthz', 'watches', 500, '[-]watches failed: watches is not well\nhealthz check failed\n'],
  ['/', undefined, 404, 'there is only /healthz, /readyz\n'],
  ['/metrics', undefined, 404, 'there is only /healthz, /readyz\n'],
  ['/healthz/', undefined, 404, 'there is only /healthz, /readyz\n'],
  ['/constructor', undefined, 404, 'there is only /healthz, /readyz\n'],
];

test('each probe tells how it is', async (t) => {
  const { ask } = await setUp(t);
  for (const [path, name, status, body] of cases) {
    sick.name = name;
    const answer = await ask(path);
    assert.deepEqual([answer.status, answer.body], [status, body], path);
    assert.equal(answer.headers.get('content-type'), 'text/plain; charset=utf-8');
  }
});

test('HEAD has no body; other methods are refused', async (t) => {
  const { ask } = await setUp(t);
  const head = await ask('/readyz', 'HEAD');
  assert.deepEqual([head.status, head.body, head.headers.get('content-length')], [200, '', '2']);
  for (const method of ['POST', 'PUT', 'DELETE']) {
    const answer = await ask('/readyz', method);
    assert.deepEqual([answer.status, answer.headers.get('allow')], [405, 'GET, HEAD']);
  }
});

test('metrics have their own server and their own media type; where they cannot be had, it says so', async (t) => {
  const { listen, messages } = await setUp(t);
  let fails = false;
  const metrics = await serveMetrics(async () => {
    if (fails) throw new Error('a secret');
    return { type: 'text/plain; version=0.0.4', body: 'up 1\n' };
  }, listen);
  t.after(() => metrics.close());
  const url = `http://127.0.0.1:${metrics.port}/metrics`;
  const answer = await fetch(url);
  assert.deepEqual(
    [answer.status, answer.headers.get('content-type'), await answer.text()],
    [200, 'text/plain; version=0.0.4', 'up 1\n'],
  );
  fails = true;
  const failed = await fetch(url);
  assert.deepEqual([failed.status, await failed.text()], [500, 'internal error\n']);
  assert.deepEqual(messages(), ['error: A page failed']);
});

test('closing cuts connections that are open, and the port is free again', async (t) => {
  const { probes, listen } = await setUp(t);
  const socket = connect(probes.port, '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  // Half a request: it is not idle.
  socket.write('GET /healthz HTTP/1.1\r\n');
  await new Promise((resolve) => setTimeout(resolve, 50));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await probes.close();
  await closed;
  const again = await serveProbes({ healthz: {}, readyz: {} }, { ...listen, port: probes.port });
  await again.close();
});

test('an address that is taken is told at once', async (t) => {
  const { probes, listen } = await setUp(t);
  await assert.rejects(serveProbes({ healthz: {}, readyz: {} }, { ...listen, port: probes.port }), {
    code: 'EADDRINUSE',
  });
});
