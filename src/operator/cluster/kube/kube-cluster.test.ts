// Long, as one small server stands in for all that a real one will not do on demand.
import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type TestContext, test } from 'node:test';
import { type HttpServer, readText, startHttpServer } from '../../../../test/support/http-server.ts';
import { sleep, systemClock } from '../../../shared/clock.ts';
import type { WatchEvent } from '../cluster.ts';
import { ClusterError, type ClusterErrorCode } from '../cluster-error.ts';
import { configMaps, deployments } from '../kinds.ts';
import type { KubeObject } from '../kube-object.ts';
import { Connection } from './connection.ts';
import type { Access, Credentials } from './credentials.ts';
import { type KubeCall, KubeCluster } from './kube-cluster.ts';
import { RateLimit } from './rate-limit.ts';

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;

const at = { namespace: 'ns', name: 'one' };
const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: at };
const watched = { namespace: 'ns', resourceVersion: '1', timeoutSeconds: 60 };
const failure = (code: number, reason: string) =>
  JSON.stringify({ kind: 'Status', apiVersion: 'v1', message: `because ${reason}`, reason, code });
const eventLine = (type: string, name: string) => `${JSON.stringify({ type, object: { metadata: { name } } })}\n`;

async function open(
  t: TestContext,
  listener: Listener,
  {
    timeoutMs = 5000,
    token = 'token',
    credentials,
  }: { timeoutMs?: number; token?: string; credentials?: (server: URL) => Credentials } = {},
): Promise<{ cluster: KubeCluster; server: HttpServer; calls: KubeCall[] }> {
  const server = await startHttpServer(t, listener);
  const access: Access = { server: server.url, tls: {}, headers: { authorization: `Bearer ${token}` } };
  const calls: KubeCall[] = [];
  const cluster = new KubeCluster({
    connection: new Connection(credentials?.(server.url) ?? { access: async () => access }, {
      clock: systemClock,
      timeoutMs,
      userAgent: 'suite',
    }),
    limit: new RateLimit(systemClock, { perSecond: 1000, burst: 1000 }),
    clock: systemClock,
    onCall: (call) => calls.push(call),
  });
  t.after(() => cluster.close());
  return { cluster, server, calls };
}

const noEvent = () => assert.fail('there was an event');

async function rejects(promise: Promise<unknown>, code: ClusterErrorCode, message = /\w/): Promise<ClusterError> {
  const error = await promise.then(
    () => assert.fail('it has not failed'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ClusterError, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, message);
  return error;
}

test('each call is the request that it should be', async (t) => {
  const seen: string[] = [];
  const { cluster, calls } = await open(t, async (request, response) => {
    const { method, url, headers } = request;
    seen.push(`${method} ${url} ${headers['content-type'] ?? '-'} ${await readText(request)}`.trim());
    assert.equal(headers.authorization, 'Bearer token');
    assert.equal(headers['user-agent'], 'suite');
    response.end(JSON.stringify({ ...map, metadata: { ...at, managedFields: [{ manager: 'x' }] } }));
  });
  const json = JSON.stringify(map);
  const ours = { manager: 'our manager' };
  assert.deepEqual(await cluster.get(configMaps, at), map);
  assert.deepEqual(await cluster.apply(configMaps, map, ours), map);
  const status = { ...map, status: { ready: true } };
  await cluster.apply(deployments, status, { ...ours, subresource: 'status' });
  await cluster.create(configMaps, map);
  const versioned = { ...map, metadata: { ...at, resourceVersion: '7' } };
  await cluster.replace(configMaps, versioned);
  await cluster.merge(configMaps, at, { data: { a: null } });
  await cluster.delete(configMaps, { ...at, uid: 'u' });
  const path = '/api/v1/namespaces/ns/configmaps';
  const applied = '?fieldManager=our+manager&force=true application/apply-patch+yaml';
  assert.deepEqual(seen, [
    `GET ${path}/one -`,
    `PATCH ${path}/one${applied} ${json}`,
    `PATCH /apis/apps/v1/namespaces/ns/deployments/one/status${applied} ${JSON.stringify(status)}`,
    `POST ${path} application/json ${json}`,
    `PUT ${path}/one application/json ${JSON.stringify(versioned)}`,
    `PATCH ${path}/one application/merge-patch+json {"data":{"a":null}}`,
    `DELETE ${path}/one application/json {"preconditions":{"uid":"u"},"propagationPolicy":"Background"}`,
  ]);
  assert.deepEqual(
    calls.map(({ verb, method, kind, namespace, name, subresource, status, ms }) => {
      assert.ok(ms >= 0 && ms < 5000);
      return [verb, method, kind, namespace, name, subresource, status].join(' ');
    }),
    [
      'get GET ConfigMap ns one  200',
      'patch PATCH ConfigMap ns one  200',
      'patch PATCH Deployment ns one status 200',
      'create POST ConfigMap ns one  200',
      'update PUT ConfigMap ns one  200',
      'patch PATCH ConfigMap ns one  200',
      'delete DELETE ConfigMap ns one  200',
    ],
  );
});

test('a write is not sent where it may not be, even if it may when it gets in line', async (t) => {
  const seen: (string | undefined)[] = [];
  const { cluster } = await open(t, (request, response) => {
    seen.push(request.method);
    response.end(JSON.stringify(map));
  });
  let may = true;
  const writing = cluster.writingIf(() => may);
  await writing.create(configMaps, map);
  const waiting = writing.apply(configMaps, map, { manager: 'ours' });
  may = false;
  await rejects(waiting, 'unavailable', /may not write any more/);
  await rejects(writing.merge(configMaps, at, {}), 'unavailable');
  await rejects(writing.delete(configMaps, { ...at, uid: 'u' }), 'unavailable');
  await writing.get(configMaps, at);
  await cluster.create(configMaps, map);
  assert.deepEqual(seen, ['POST', 'GET', 'POST']);
});

test('a list and its pages', async (t) => {
  const seen: (string | undefined)[] = [];
  const { cluster } = await open(t, (request, response) => {
    seen.push(request.url);
    const next = seen.length === 1 ? 'next/page' : '';
    const items = seen.length === 1 ? [{ metadata: { ...at, managedFields: [] }, data: { a: '1' } }] : null;
    response.end(JSON.stringify({ kind: 'ConfigMapList', metadata: { resourceVersion: '9', continue: next }, items }));
  });
  const query = { namespace: 'ns', labelSelector: 'a in (b,c)', limit: 1 };
  const first = await cluster.list(configMaps, query);
  assert.deepEqual(first, { items: [{ ...map, data: { a: '1' } }], resourceVersion: '9', continue: 'next/page' });
  assert.deepEqual(await cluster.list(configMaps, { continue: first.continue! }), { items: [], resourceVersion: '9' });
  assert.deepEqual(seen, [
    '/api/v1/namespaces/ns/configmaps?labelSelector=a+in+%28b%2Cc%29&limit=1',
    '/api/v1/configmaps?continue=next%2Fpage',
  ]);
});

test('a watch asks for bookmarks and an end, and tells what comes', async (t) => {
  let url: string | undefined;
  const { cluster, calls } = await open(t, (request, response) => {
    url = request.url;
    response.write(eventLine('ADDED', 'a') + eventLine('MODIFIED', 'b'));
    response.write(`${JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '8' } } })}\n`);
    response.end(eventLine('NOVEL', 'c') + eventLine('DELETED', 'd'));
  });
  const events: WatchEvent<KubeObject>[] = [];
  await cluster.watch(configMaps, { ...watched, labelSelector: 'a=b' }, (event) => events.push(event));
  const object = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
  assert.deepEqual(events, [
    { type: 'added', object: object('a') },
    { type: 'modified', object: object('b') },
    { type: 'bookmark', resourceVersion: '8' },
    { type: 'deleted', object: object('d') },
  ]);
  assert.equal(
    url,
    '/api/v1/namespaces/ns/configmaps?watch=1&allowWatchBookmarks=true&labelSelector=a%3Db&resourceVersion=1&timeoutSeconds=60',
  );
  assert.deepEqual(
    calls.map(({ verb, status }) => [verb, status]),
    [['watch', 200]],
  );
});

test('a version that is too old is gone, as an answer and as an event', async (t) => {
  let asEvent = false;
  const { cluster } = await open(t, (_, response) => {
    if (!asEvent) return response.writeHead(410).end(failure(410, 'Expired'));
    response.write(eventLine('ADDED', 'a'));
    response.write(`{"type":"ERROR","object":${failure(410, 'Expired')}}\n`);
  });
  await rejects(cluster.watch(configMaps, watched, noEvent), 'gone', /because Expired/);
  await rejects(cluster.list(configMaps, { continue: 'old' }), 'gone');
  asEvent = true;
  const events: unknown[] = [];
  await rejects(
    cluster.watch(configMaps, watched, (event) => events.push(event)),
    'gone',
  );
  assert.equal(events.length, 1);
});

test('characters that are split over chunks arrive whole', async (t) => {
  const line = Buffer.from(eventLine('ADDED', 'größe-名前-🚀'));
  const { cluster } = await open(t, async (_, response) => {
    for (const byte of line) {
      response.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    response.end();
  });
  const names: string[] = [];
  await cluster.watch(configMaps, watched, (event) => {
    if (event.type !== 'bookmark') names.push(event.object.metadata.name);
  });
  assert.deepEqual(names, ['größe-名前-🚀']);
});

test('a watch that breaks is unavailable, however it breaks', async (t) => {
  const whole = eventLine('ADDED', 'a');
  const breaks: Readonly<Record<string, (response: ServerResponse) => void>> = {
    'reset between lines': (response) => response.write(whole, () => response.socket?.resetAndDestroy()),
    'closed within a line': (response) => response.write(`${whole}{"type":`, () => response.socket?.destroy()),
    'ended within a line': (response) => response.end(`${whole}{"type":"ADD`),
    'a line that is no JSON': (response) => response.end(`${whole}nonsense\n`),
    'a line without an end': (response) => response.end(`${whole}${' '.repeat(16 * 1024 ** 2)}x`),
    'an error event': (response) =>
      response.end(`${whole}{"type":"ERROR","object":${failure(500, 'InternalError')}}\n`),
  };
  for (const [name, breakIt] of Object.entries(breaks)) {
    const { cluster } = await open(t, (_, response) => breakIt(response));
    let events = 0;
    await rejects(
      cluster.watch(configMaps, watched, () => events++),
      'unavailable',
    );
    assert.equal(events, 1, name);
  }
});

test('what a watcher throws ends the watch', async (t) => {
  const { cluster } = await open(t, (_, response) => response.write(eventLine('ADDED', 'a')));
  const thrown = new Error('of the watcher');
  const watch = cluster.watch(configMaps, watched, () => {
    throw thrown;
  });
  await assert.rejects(watch, (error) => error === thrown);
});

test('a watch that outlasts its time by far is given up', async (t) => {
  const clock = { ...systemClock, after: (ms: number, done: () => void) => systemClock.after(ms / 1000, done) };
  const server = await startHttpServer(t, (_, response) => response.write(eventLine('ADDED', 'a')));
  const cluster = new KubeCluster({
    connection: new Connection(
      { access: async () => ({ server: server.url, tls: {}, headers: {} }) },
      { clock: systemClock, timeoutMs: 5000, userAgent: 'suite' },
    ),
    limit: new RateLimit(clock, { perSecond: 1, burst: 1 }),
    clock,
    onCall: () => {},
  });
  t.after(() => cluster.close());
  await rejects(
    cluster.watch(configMaps, watched, () => {}),
    'unavailable',
  );
});

test('an API server that asks to wait is heard', async (t) => {
  let code = 429;
  const { cluster } = await open(t, (_, response) =>
    response.writeHead(code, { 'retry-after': '3' }).end(failure(code, code === 429 ? 'TooManyRequests' : 'Unknown')),
  );
  assert.equal((await rejects(cluster.apply(configMaps, map, { manager: 'm' }), 'throttled')).retryAfterMs, 3000);
  assert.equal((await rejects(cluster.watch(configMaps, watched, noEvent), 'throttled')).retryAfterMs, 3000);
  code = 503;
  assert.equal((await rejects(cluster.get(configMaps, at), 'unavailable')).retryAfterMs, 3000);
});

test('an answer that does not come, or does not end, is not waited for', async (t) => {
  const { cluster, calls } = await open(
    t,
    (request, response) => {
      if (request.url?.includes('slow')) response.write('{"metadata":');
    },
    { timeoutMs: 100 },
  );
  await rejects(cluster.get(configMaps, at), 'unavailable', /within 0.1 s/);
  await rejects(cluster.get(configMaps, { ...at, name: 'slow' }), 'unavailable', /within 0.1 s/);
  await rejects(cluster.watch(configMaps, watched, noEvent), 'unavailable', /within 0.1 s/);
  assert.deepEqual(
    calls.map(({ verb, status }) => [verb, status]),
    [
      ['get', undefined],
      ['get', undefined],
      ['watch', undefined],
    ],
  );
});

test('a watch may be silent for longer than a call may take', async (t) => {
  const { cluster } = await open(
    t,
    async (_, response) => {
      response.flushHeaders();
      await sleep(systemClock, 300);
      response.end(eventLine('ADDED', 'a'));
    },
    { timeoutMs: 100 },
  );
  let events = 0;
  await cluster.watch(configMaps, watched, () => events++);
  assert.equal(events, 1);
});

test('a reading whose kept connection was closed is sent once more; a writing is not', async (t) => {
  const used = new WeakSet<object>();
  let refused = 0;
  const { cluster } = await open(t, (request, response) => {
    if (used.has(request.socket)) {
      refused++;
      return request.socket.resetAndDestroy();
    }
    used.add(request.socket);
    response.end(JSON.stringify(map));
  });
  assert.deepEqual(await cluster.get(configMaps, at), map);
  assert.deepEqual(await cluster.get(configMaps, at), map);
  assert.equal(refused, 1);
  await rejects(cluster.apply(configMaps, map, { manager: 'm' }), 'unavailable');
  assert.equal(refused, 2);
});

test('a new connection that is refused or reset is not tried again', async (t) => {
  let requests = 0;
  const { cluster, server } = await open(t, (request) => {
    requests++;
    request.socket.resetAndDestroy();
  });
  await rejects(cluster.get(configMaps, at), 'unavailable');
  assert.equal(requests, 1);
  await server.close();
  await rejects(cluster.get(configMaps, at), 'unavailable', /ECONNREFUSED/);
});

test('connections are kept, bounded, and watches stand in nobody’s way', async (t) => {
  let atOnce = 0;
  let most = 0;
  const { cluster, server } = await open(t, async (request, response) => {
    if (request.url?.includes('watch=1')) return response.flushHeaders();
    most = Math.max(most, ++atOnce);
    await sleep(systemClock, 10);
    atOnce--;
    response.end(JSON.stringify(map));
  });
  const controller = new AbortController();
  const { signal } = controller;
  const watches = Array.from({ length: 30 }, () => cluster.watch(configMaps, { ...watched, signal }, () => {}));
  await Promise.all(Array.from({ length: 100 }, () => cluster.get(configMaps, at)));
  assert.equal(most, 16);
  await Promise.all(Array.from({ length: 100 }, () => cluster.get(configMaps, at)));
  assert.equal(server.connections(), 30 + 16);
  controller.abort(new Error('enough'));
  for (const outcome of await Promise.allSettled(watches)) assert.equal(outcome.status, 'rejected');
});

test('an aborted signal ends a call and a watch with its reason', async (t) => {
  let closed = 0;
  const { cluster } = await open(t, (request, response) => {
    request.socket.on('close', () => closed++);
    if (request.url?.includes('watch=1')) response.write(eventLine('ADDED', 'a'));
  });
  const controller = new AbortController();
  const { signal } = controller;
  const reason = new Error('enough');
  const call = cluster.get(configMaps, at, { signal });
  const watch = cluster.watch(configMaps, { ...watched, signal }, () => controller.abort(reason));
  await assert.rejects(call, (error) => error === reason);
  await assert.rejects(watch, (error) => error === reason);
  for (let waited = 0; closed < 2 && waited < 2000; waited += 10) await sleep(systemClock, 10);
  assert.equal(closed, 2);
});

test('closing ends all that is under way, and nothing begins after', async (t) => {
  const { cluster } = await open(t, (request, response) => {
    if (request.url?.includes('watch=1')) response.write(eventLine('ADDED', 'a'));
  });
  const call = cluster.get(configMaps, at);
  const watch = cluster.watch(configMaps, watched, () => cluster.close());
  await rejects(call, 'unavailable', /closed/);
  await rejects(watch, 'unavailable', /closed/);
  await rejects(cluster.get(configMaps, at), 'unavailable', /closed/);
});

test('what was refused is tried once more with new credentials, whatever it is', async (t) => {
  const tokens = ['old', 'new', 'newer'];
  let accepted = 'new';
  let renewals = 0;
  const seen: (string | undefined)[] = [];
  const { cluster } = await open(
    t,
    async (request, response) => {
      await readText(request);
      seen.push(request.headers.authorization);
      if (request.headers.authorization !== accepted) return response.writeHead(401).end(failure(401, 'Unauthorized'));
      response.end(JSON.stringify(map));
    },
    {
      credentials: (server) => ({
        async access(refused = false) {
          if (refused) renewals++;
          return { server, tls: {}, headers: { authorization: tokens[renewals] ?? 'newest' } };
        },
      }),
    },
  );
  assert.deepEqual(await cluster.apply(configMaps, map, { manager: 'm' }), map);
  assert.deepEqual(await cluster.get(configMaps, at), map);
  assert.deepEqual(seen, ['old', 'new', 'new']);
  // Those who can give nothing better are not asked all the time.
  accepted = 'none';
  for (let call = 0; call < 5; call++) await rejects(cluster.get(configMaps, at), 'unavailable', /Unauthorized/);
  assert.equal(renewals, 2);
});

test('what is deleted already, or is another by now, counts as deleted', async (t) => {
  const answers: Record<string, readonly [status: number, body: string]> = {
    'DELETE gone': [404, failure(404, 'NotFound')],
    'DELETE other': [409, failure(409, 'Conflict')],
    'GET other': [200, JSON.stringify({ metadata: { name: 'other', uid: 'another' } })],
    'DELETE vanished': [409, failure(409, 'Conflict')],
    'GET vanished': [404, failure(404, 'NotFound')],
    'DELETE same': [409, failure(409, 'Conflict')],
    'GET same': [200, JSON.stringify({ metadata: { name: 'same', uid: 'u' } })],
    'DELETE forbidden': [403, failure(403, 'Forbidden')],
  };
  const { cluster } = await open(t, (request, response) => {
    const [status, body] = answers[`${request.method} ${request.url?.split('/').at(-1)}`]!;
    response.writeHead(status).end(body);
  });
  const remove = (name: string) => cluster.delete(configMaps, { namespace: 'ns', name, uid: 'u' });
  for (const name of ['gone', 'other', 'vanished']) await remove(name);
  await rejects(remove('same'), 'conflict');
  await rejects(remove('forbidden'), 'forbidden');
});

test('kinds and the version are asked for each time', async (t) => {
  let resources: readonly object[] = [{ name: 'deployments/scale' }];
  const { cluster } = await open(t, (request, response) => {
    if (request.url === '/version') return response.end('{"major":"1","minor":"31+","gitVersion":"v1.31.2-x.1"}');
    if (request.url === '/apis/apps/v1') return response.end(JSON.stringify({ kind: 'APIResourceList', resources }));
    response.writeHead(404).end('404 page not found');
  });
  assert.deepEqual(await cluster.version(), { major: 1, minor: 31 });
  assert.equal(await cluster.serves(deployments), false);
  resources = [{ name: 'deployments' }];
  assert.equal(await cluster.serves(deployments), true);
  assert.equal(await cluster.serves(configMaps), false);
});

test('calls wait for their turn; watches do not', async (t) => {
  const server = await startHttpServer(t, (request, response) => {
    response.end(request.url?.includes('watch=1') ? '' : JSON.stringify(map));
  });
  const cluster = new KubeCluster({
    connection: new Connection(
      { access: async () => ({ server: server.url, tls: {}, headers: {} }) },
      { clock: systemClock, timeoutMs: 5000, userAgent: 'suite' },
    ),
    limit: new RateLimit(systemClock, { perSecond: 0.001, burst: 1 }),
    clock: systemClock,
    onCall: () => {},
  });
  t.after(() => cluster.close());
  await cluster.get(configMaps, at);
  await cluster.watch(configMaps, watched, () => {});
  const reason = new Error('enough');
  const controller = new AbortController();
  const waiting = cluster.get(configMaps, at, { signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(waiting, (error) => error === reason);
});

test('a path in front of the API server’s own is kept', async (t) => {
  let url: string | undefined;
  const { cluster } = await open(
    t,
    (request, response) => {
      url = request.url;
      response.end(JSON.stringify(map));
    },
    {
      credentials: (server) => ({
        access: async () => ({ server: new URL('/clusters/c1/', server), tls: {}, headers: {} }),
      }),
    },
  );
  await cluster.get(configMaps, at);
  assert.equal(url, '/clusters/c1/api/v1/namespaces/ns/configmaps/one');
});
