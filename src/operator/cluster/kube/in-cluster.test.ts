import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { type Certificate, selfSigned } from '../../../../test/support/certificates.ts';
import { FakeClock } from '../../../../test/support/fake-clock.ts';
import { startHttpServer } from '../../../../test/support/http-server.ts';
import { temporaryFolder } from '../../../../test/support/server.ts';
import { ClusterError } from '../cluster-error.ts';
import { configMaps } from '../kinds.ts';
import { createKubeCluster } from './create-kube-cluster.ts';
import { inClusterCredentials } from './in-cluster.ts';

const log = pino({ level: 'silent' });
const at = { namespace: 'ns', name: 'one' };

function serviceAccount(t: TestContext, token: string, ca = 'ca') {
  const folder = temporaryFolder(t);
  const write = (token: string, ca: string) => {
    writeFileSync(join(folder, 'token'), `${token}\n`);
    writeFileSync(join(folder, 'ca.crt'), ca);
  };
  write(token, ca);
  return { folder, write };
}

test('the files are read anew after a minute, or when they were refused', async (t) => {
  const { folder, write } = serviceAccount(t, 'one');
  const clock = new FakeClock();
  const credentials = inClusterCredentials({ host: '10.0.0.1', port: 443, folder }, clock, log);
  const first = await credentials.access();
  assert.equal(first.server.href, 'https://10.0.0.1/');
  assert.deepEqual(first.headers, { authorization: 'Bearer one' });
  assert.equal(String(first.tls.ca), 'ca');

  write('two', 'ca');
  await clock.advance(59_000);
  assert.equal(await credentials.access(), first);
  await clock.advance(1000);
  const second = await credentials.access();
  assert.deepEqual(second.headers, { authorization: 'Bearer two' });
  // The same connections go on.
  assert.equal(second.tls, first.tls);

  write('three', 'another ca');
  assert.equal(await credentials.access(), second);
  const third = await credentials.access(true);
  assert.deepEqual([third.headers.authorization, String(third.tls.ca)], ['Bearer three', 'another ca']);
});

test('an IPv6 address is written as URLs want it', async (t) => {
  const { folder } = serviceAccount(t, 'one');
  const credentials = inClusterCredentials({ host: 'fd00::1', port: 6443, folder }, new FakeClock(), log);
  assert.equal((await credentials.access()).server.host, '[fd00::1]:6443');
});

test('files that cannot be read are unavailable at first, and later as they were', async (t) => {
  const { folder } = serviceAccount(t, 'one');
  const clock = new FakeClock();
  const credentials = inClusterCredentials({ host: '10.0.0.1', port: 443, folder }, clock, log);
  const before = await credentials.access();
  rmSync(join(folder, 'token'));
  await clock.advance(60_000);
  assert.equal(await credentials.access(), before);
  const none = inClusterCredentials({ host: '10.0.0.1', port: 443, folder }, clock, log);
  await assert.rejects(none.access(), (error) => error instanceof ClusterError && error.code === 'unavailable');
});

/** An API server that knows one token, and one certificate. */
async function apiServer(t: TestContext, certificate: Certificate, token: () => string, port?: number) {
  return startHttpServer(
    t,
    (request, response) => {
      const accepted = request.headers.authorization === `Bearer ${token()}`;
      const status = { kind: 'Status', message: 'Unauthorized', reason: 'Unauthorized', code: 401 };
      response.writeHead(accepted ? 200 : 401).end(JSON.stringify(accepted ? { metadata: at } : status));
    },
    { certificate, ...(port ? { port } : {}) },
  );
}

test('a pod goes on while its token and the authority change', async (t) => {
  const [oldCertificate, newCertificate] = [selfSigned(), selfSigned()];
  let token = 'one';
  const { folder, write } = serviceAccount(t, token, oldCertificate.cert);
  const server = await apiServer(t, oldCertificate, () => token);
  const port = Number(server.url.port);
  const cluster = await createKubeCluster({ inCluster: { host: '127.0.0.1', port, folder }, log });
  t.after(() => cluster.close());
  assert.ok(await cluster.get(configMaps, at));

  token = 'two';
  write(token, oldCertificate.cert);
  assert.ok(await cluster.get(configMaps, at));
  assert.equal(server.connections(), 1);

  token = 'three';
  write(token, oldCertificate.cert + newCertificate.cert);
  assert.ok(await cluster.get(configMaps, at));
  await server.close();
  await apiServer(t, newCertificate, () => token, port);
  assert.ok(await cluster.get(configMaps, at));
});

test('a server that the authority does not know is not spoken to', async (t) => {
  const { folder } = serviceAccount(t, 'one', selfSigned().cert);
  const server = await apiServer(t, selfSigned(), () => 'one');
  const port = Number(server.url.port);
  const cluster = await createKubeCluster({ inCluster: { host: '127.0.0.1', port, folder }, log });
  t.after(() => cluster.close());
  await assert.rejects(
    cluster.get(configMaps, at),
    (error) => error instanceof ClusterError && error.code === 'unavailable' && /self-signed/.test(error.message),
  );
});
