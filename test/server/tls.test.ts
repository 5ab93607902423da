import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { credentials } from '@grpc/grpc-js';
import { type Certificate, createAuthority, type IssueOptions } from '../support/certificates.ts';
import { Exposition } from '../support/exposition.ts';
import { ask } from '../support/https.ts';
import { addModel } from '../support/ir-model.ts';
import { KServeClient } from '../support/kserve.ts';
import { outcome } from '../support/predict.ts';
import { single } from '../support/repository.ts';
import { restFlags } from '../support/rest.ts';
import { eventually, launchServer, startServer, temporaryFolder } from '../support/server.ts';

const authority = createAuthority();
const clients = createAuthority();
const client = clients.issue({ commonName: 'client' });
const strangers = createAuthority().issue({ commonName: 'stranger' });

/** A server with a model `m` that asks its clients for certificates, or does not. */
async function start(
  t: TestContext,
  { asksClients = false, flags = [] as readonly string[], lifetime = {} as IssueOptions } = {},
) {
  const folder = temporaryFolder(t);
  addModel('FP32', [1, 10], 1).write(join(folder, 'm/1'));
  const pair = authority.issue(lifetime);
  writePair(folder, pair);
  writeFileSync(join(folder, 'ca.crt'), clients.cert);
  const rest = await restFlags();
  const path = (name: string) => join(folder, name);
  const tls = ['grpc', 'rest'].flatMap((kind) => [
    ...[`--${kind}_certificate_path`, path('tls.crt'), `--${kind}_key_path`, path('tls.key')],
    ...(asksClients ? [`--${kind}_ca_path`, path('ca.crt')] : []),
  ]);
  const server = await startServer(t, [
    ...single(join(folder, 'm')),
    ...rest.flags,
    ...tls,
    '--metrics_enable',
    ...flags,
  ]);
  return { folder, pair, server, restPort: rest.port };
}

function writePair(folder: string, { cert, key }: Certificate): void {
  writeFileSync(join(folder, 'tls.crt'), cert);
  writeFileSync(join(folder, 'tls.key'), key);
}

const inputs = [{ name: 'b', shape: ['1', '10'], datatype: 'FP32', contents: { fp32_contents: Array(10).fill(2) } }];
const inferRequest = { model_name: 'm', inputs };

function secureClient(t: TestContext, port: number, own?: Certificate): KServeClient {
  const root = Buffer.from(authority.cert);
  const security = own
    ? credentials.createSsl(root, Buffer.from(own.key), Buffer.from(own.cert))
    : credentials.createSsl(root);
  return new KServeClient(t, port, security);
}

const prediction = {
  method: 'POST',
  path: '/v1/models/m:predict',
  body: `{"instances": [[${Array(10).fill(1)}]]}`,
};

/** One REST prediction. @returns the status */
async function post(port: number, agent: Agent): Promise<number> {
  return (await ask(port, agent, prediction)).status;
}

/** What a client hears whose certificate is refused: in TLS 1.3 after the handshake, if the connection has not gone before. */
const refused = /certificate required|unknown ca|ECONNRESET|EPIPE|socket hang up|alert/;

/** Shakes hands. @throws the refusal */
async function shake(port: number, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, ca: authority.cert, ...options });
  await once(socket, 'secureConnect');
  return socket;
}

async function servedSerial(port: number, options: ConnectionOptions = {}): Promise<string> {
  const socket = await shake(port, options);
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

test('both protocols are served with TLS, and with nothing else', async (t) => {
  const { server, pair, restPort } = await start(t);
  const { outputs, raw_output_contents } = await secureClient(t, server.port).infer(inferRequest);
  assert.equal(outputs.length, 1);
  assert.equal(raw_output_contents[0]!.readFloatLE(), 3);
  const agent = new Agent({ ca: authority.cert });
  assert.equal(await post(restPort, agent), 200);
  for (const port of [server.port, restPort]) assert.equal(await servedSerial(port), pair.serial);

  const plain = await outcome(new KServeClient(t, server.port).infer(inferRequest));
  assert.match(String(plain), /^14 /);
  await assert.rejects(fetch(`http://127.0.0.1:${restPort}/v2/health/live`));
  const untrusting = new KServeClient(t, server.port, credentials.createSsl(Buffer.from(clients.cert)));
  assert.match(String(await outcome(untrusting.infer(inferRequest))), /^14 /);
});

const handshakes: readonly [
  what: string,
  on: 'grpc' | 'rest',
  options: ConnectionOptions,
  expected: string | RegExp,
][] = [
  ['h2 is agreed upon', 'grpc', { ALPNProtocols: ['http/1.1', 'h2'] }, 'TLSv1.3 h2'],
  ['http/1.1 is agreed upon', 'rest', { ALPNProtocols: ['h2', 'http/1.1'] }, 'TLSv1.3 http/1.1'],
  ['TLS 1.2 is taken', 'grpc', { ALPNProtocols: ['h2'], maxVersion: 'TLSv1.2' }, 'TLSv1.2 h2'],
  ['TLS 1.2 is taken', 'rest', { maxVersion: 'TLSv1.2' }, 'TLSv1.2 false'],
  ...(['grpc', 'rest'] as const).flatMap((on): (typeof handshakes)[number][] => [
    [
      'TLS 1.1 is refused',
      on,
      { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
      /alert protocol version/,
    ],
    [
      'ciphers that HTTP/2 forbids are refused',
      on,
      { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA:AES128-GCM-SHA256' },
      /handshake failure/,
    ],
  ]),
];

test('handshakes', async (t) => {
  const { server, restPort } = await start(t);
  for (const [what, on, options, expected] of handshakes) {
    await t.test(`${what}: ${on}`, async () => {
      const shaken = shake(on === 'grpc' ? server.port : restPort, options).then((socket) => {
        const agreed = `${socket.getProtocol()} ${socket.alpnProtocol}`;
        socket.destroy();
        return agreed;
      });
      if (typeof expected === 'string') assert.equal(await shaken, expected);
      else await assert.rejects(shaken, expected);
    });
  }
});

test('clients must show a certificate of the authority that is trusted', async (t) => {
  const { server, restPort } = await start(t, { asksClients: true });
  const infer = (own?: Certificate) =>
    outcome(
      secureClient(t, server.port, own)
        .infer(inferRequest)
        .then(() => 'answered'),
    );
  assert.equal(await infer(client), 'answered');
  assert.match(String(await infer()), /^14 /);
  assert.match(String(await infer(strangers)), /^14 /);
  const send = (own: Partial<Certificate>) => post(restPort, new Agent({ ca: authority.cert, ...own }));
  assert.equal(await send(client), 200);
  await assert.rejects(send({}), refused);
  await assert.rejects(send(strangers), refused);
});

test('an authority that is not trusted any more lets nobody in, not even to resume a session', async (t) => {
  const { folder, server, restPort } = await start(t, { asksClients: true });
  const socket = connect({ host: '127.0.0.1', port: restPort, ca: authority.cert, ...client });
  const [session] = (await once(socket, 'session')) as [Buffer];
  socket.destroy();
  const again = await shake(restPort, { ...client, session });
  assert.equal(again.isSessionReused(), true, 'sessions are resumed as long as nothing has changed');
  again.destroy();
  writeFileSync(join(folder, 'ca.crt'), createAuthority().cert);
  await server.logged(({ msg, interface: on }) => msg === 'The certificate was replaced' && on === 'REST');
  const agent = new Agent({ ca: authority.cert, ...client, session } as ConstructorParameters<typeof Agent>[0]);
  await assert.rejects(post(restPort, agent), refused);
  assert.match(String(await outcome(secureClient(t, server.port, client).infer(inferRequest))), /^14 /);
});

test('a certificate whose key is still to come keeps the old one in force', async (t) => {
  const { folder, server, pair, restPort } = await start(t);
  const next = authority.issue();
  writeFileSync(join(folder, 'tls.crt'), next.cert);
  const { problem } = await server.logged(({ msg, level }) => level === 'error' && /gRPC cannot be used/.test(msg));
  assert.match(String(problem), /tls\.crt and .*tls\.key do not belong together/);
  await server.logged(({ msg, level }) => level === 'error' && /REST cannot be used/.test(msg));
  const outdated = async () => {
    const { text } = await ask(restPort, new Agent({ ca: authority.cert }), { path: '/metrics' });
    const exposition = new Exposition(text);
    return ['grpc', 'rest'].map((kind) =>
      exposition.value('modelserver_secret_outdated', { flag: `${kind}_certificate_path` }),
    );
  };
  assert.deepEqual(await outdated(), [1, 1]);
  for (const port of [server.port, restPort]) assert.equal(await servedSerial(port), pair.serial);
  writeFileSync(join(folder, 'tls.key'), next.key);
  for (const port of [server.port, restPort])
    await eventually(
      () => servedSerial(port),
      (serial) => serial === next.serial,
    );
  assert.deepEqual(await outdated(), [0, 0]);
});

test('certificates that will soon expire are told, and those that have are not taken', async (t) => {
  const { folder, server, restPort } = await start(t, { asksClients: true });
  const agent = new Agent({ ca: authority.cert, ...client });
  const expiry = async (flag: string) => {
    const { text } = await ask(restPort, agent, { path: '/metrics' });
    return Math.round(new Exposition(text).value('modelserver_certificate_expiry_seconds', { flag })! / 86_400);
  };
  const day = 86_400_000;
  for (const kind of ['grpc', 'rest']) {
    assert.equal(await expiry(`${kind}_certificate_path`), 182);
    assert.equal(await expiry(`${kind}_ca_path`), 182);
  }
  const soon = authority.issue({ to: new Date(Date.now() + 3 * day) });
  writePair(folder, soon);
  await eventually(
    () => expiry('rest_certificate_path'),
    (days) => days === 3,
  );
  writePair(folder, authority.issue({ to: new Date(Date.now() - day) }));
  const { problem } = await server.logged(({ msg }) => /REST cannot be used/.test(String(msg)));
  assert.match(String(problem), /tls\.crt has expired$/);
  assert.equal(await servedSerial(restPort, client), soon.serial);
  const started = await start(t, { lifetime: { to: new Date(Date.now() + 3 * day) } });
  const { serial } = await started.server.logged(
    ({ msg, level }) => msg === 'The certificate expires soon' && level === 'warn',
  );
  assert.equal(serial, started.pair.serial);
});

test('certificates are replaced while requests run, and none of them fails', async (t) => {
  // Takes about 45 s: twenty certificates, for each of which the server looks twice, a second apart.
  const { folder, server, restPort } = await start(t);
  const agent = new Agent({ ca: authority.cert, keepAlive: true, maxSockets: 1 });
  const kept = secureClient(t, server.port);
  await kept.infer(inferRequest);
  let reconnections = 0;
  const ready = kept.stub.getChannel().getConnectivityState(false);
  kept.stub.getChannel().watchConnectivityState(ready, Number.POSITIVE_INFINITY, () => reconnections++);
  const sockets = new Set<unknown>();
  agent.on('free', (socket) => sockets.add(socket));

  const answers = { keptGrpc: 0, newGrpc: 0, keptRest: 0, newRest: 0 };
  const failures: unknown[] = [];
  const requests: Record<keyof typeof answers, () => Promise<unknown>> = {
    keptGrpc: () => kept.infer(inferRequest),
    newGrpc: async () => {
      const ends: (() => unknown)[] = [];
      const security = credentials.createSsl(Buffer.from(authority.cert));
      await new KServeClient({ after: (end) => ends.push(end) }, server.port, security).infer(inferRequest);
      for (const end of ends) end();
    },
    keptRest: async () => assert.equal(await post(restPort, agent), 200),
    newRest: async () => assert.equal(await post(restPort, new Agent({ ca: authority.cert })), 200),
  };
  const begin = performance.now();
  const underWay = new Set<Promise<void>>();
  // Each of the four 13 times a second, whether or not those before have been answered.
  const timer = setInterval(() => {
    for (const [kind, send] of Object.entries(requests)) {
      const answered = send()
        .then(
          () => void answers[kind as keyof typeof answers]++,
          (error) => void failures.push([kind, error]),
        )
        .finally(() => underWay.delete(answered));
      underWay.add(answered);
    }
  }, 75);
  t.after(() => clearInterval(timer));

  const times: number[] = [];
  for (let i = 0; i < 20; i++) {
    const next = authority.issue();
    const replaced = performance.now();
    writeFileSync(join(folder, 'tls.crt'), next.cert);
    // A client of cert-manager writes one after the other; on every fourth occasion the server sees what does not fit.
    if (i % 4 === 3) await new Promise((resolve) => setTimeout(resolve, 2500));
    writeFileSync(join(folder, 'tls.key'), next.key);
    for (const port of [server.port, restPort]) {
      await eventually(
        () => servedSerial(port),
        (serial) => serial === next.serial,
      );
    }
    times.push(performance.now() - replaced);
  }
  clearInterval(timer);
  await Promise.all(underWay);
  const seconds = (performance.now() - begin) / 1000;
  const total = Object.values(answers).reduce((sum, count) => sum + count);
  t.diagnostic(
    `${total} answers in ${seconds.toFixed(1)} s, ${JSON.stringify(answers)}; taken after ${Math.max(...times).toFixed()} ms at most`,
  );
  assert.deepEqual(failures, []);
  for (const [kind, count] of Object.entries(answers)) assert.ok(count > 5 * seconds, `${kind}: ${count}`);
  assert.equal(reconnections, 0);
  assert.equal(sockets.size, 1);
  agent.destroy();
});

const starts: readonly [what: string, flags: readonly string[], code: number, said: RegExp][] = [
  [
    'a certificate without its key',
    ['--grpc_certificate_path', 'tls.crt'],
    2,
    /--grpc_key_path.*must be given as well/,
  ],
  [
    'a key without its certificate',
    ['--rest_key_path', 'tls.key'],
    2,
    /--rest_certificate_path.*must be given as well/,
  ],
  ['authorities alone', ['--grpc_ca_path', 'ca.crt'], 2, /--grpc_certificate_path.*must be given as well/],
  [
    'files that are not there',
    ['--grpc_certificate_path', '/nowhere/tls.crt', '--grpc_key_path', '/nowhere/tls.key'],
    1,
    /ENOENT.*\/nowhere\/tls/,
  ],
];

for (const [what, flags, code, said] of starts) {
  test(`${what} ends the start, and nothing is served in plain text`, async (t) => {
    const server = await launchServer(t, [...single('/nowhere'), ...flags]);
    assert.equal(await server.exited, code);
    assert.match(server.said.join(' '), said);
  });
}

test('a silent connection does not hold up the end', async (t) => {
  const { server, restPort } = await start(t, { flags: ['--drain_timeout_seconds', '60'] });
  for (const port of [server.port, restPort]) {
    const socket = connectPlain(port, '127.0.0.1').on('error', () => {});
    await once(socket, 'connect');
    t.after(() => socket.destroy());
  }
  const kept = new Agent({ ca: authority.cert, keepAlive: true });
  assert.equal(await post(restPort, kept), 200);
  const begin = performance.now();
  assert.equal(await server.stop(), 0);
  const seconds = (performance.now() - begin) / 1000;
  assert.ok(seconds < 20, `${seconds} s`);
  kept.destroy();
});
