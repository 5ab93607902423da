import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { selfSigned } from '../../../../test/support/certificates.ts';
import { FakeClock } from '../../../../test/support/fake-clock.ts';
import { startHttpServer } from '../../../../test/support/http-server.ts';
import { temporaryFolder } from '../../../../test/support/server.ts';
import { ClusterError } from '../cluster-error.ts';
import { configMaps } from '../kinds.ts';
import { createKubeCluster } from './create-kube-cluster.ts';
import { kubeconfigCredentials } from './kubeconfig.ts';

const log = pino({ level: 'silent' });
const base64 = (text: string) => Buffer.from(text).toString('base64');

/** A file with a context `name` for each of the users. */
function write(t: TestContext, users: Readonly<Record<string, object>>, cluster: object = {}, folder?: string): string {
  const file = join(folder ?? temporaryFolder(t), 'config');
  const names = Object.keys(users);
  const config = {
    clusters: [{ name: 'c', cluster: { server: 'https://api.example:6443/prefix', ...cluster } }],
    users: names.map((name) => ({ name, user: users[name] })),
    contexts: names.map((name) => ({ name, context: { cluster: 'c', user: name } })),
    'current-context': names[0],
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

test('certificates, tokens and passwords are what the file says', async (t) => {
  const users = {
    certificate: { 'client-certificate-data': base64('cert'), 'client-key-data': base64('key') },
    token: { token: 'secret' },
    password: { username: 'me', password: 'secret' },
  };
  const cluster = { 'certificate-authority-data': base64('ca'), 'tls-server-name': 'inner.example' };
  const kubeconfig = write(t, users, cluster);
  const clock = new FakeClock();
  const of = async (options: object) => (await kubeconfigCredentials({ kubeconfig, ...options }, clock, log)).access();
  const certificate = await of({});
  assert.equal(certificate.server.href, 'https://api.example:6443/prefix');
  assert.deepEqual(
    Object.entries(certificate.tls).map(([name, value]) => `${name}=${value}`),
    ['ca=ca', 'cert=cert', 'key=key', 'servername=inner.example'],
  );
  assert.deepEqual(certificate.headers, {});
  const headers = async (context: string) => (await of({ context })).headers;
  assert.deepEqual(await headers('token'), { authorization: 'Bearer secret' });
  assert.deepEqual(await headers('password'), { authorization: `Basic ${base64('me:secret')}` });
});

test('a file that is none, or has no such context, is unavailable', async (t) => {
  const kubeconfig = write(t, { one: {} });
  const clock = new FakeClock();
  for (const options of [{ kubeconfig: join(temporaryFolder(t), 'none') }, { kubeconfig, context: 'other' }]) {
    await assert.rejects(
      kubeconfigCredentials(options, clock, log),
      (error) => error instanceof ClusterError && error.code === 'unavailable' && /kubeconfig/.test(error.message),
    );
  }
});

test('the file is read anew after a minute or when it was refused, unless it is no good just then', async (t) => {
  const folder = temporaryFolder(t);
  const kubeconfig = write(t, { one: { token: 'first' } }, {}, folder);
  const clock = new FakeClock();
  const credentials = await kubeconfigCredentials({ kubeconfig }, clock, log);
  const token = async (refused?: boolean) => (await credentials.access(refused)).headers.authorization;
  assert.equal(await token(), 'Bearer first');
  write(t, { one: { token: 'second' } }, {}, folder);
  assert.equal(await token(), 'Bearer first');
  await clock.advance(60_000);
  assert.equal(await token(), 'Bearer second');
  write(t, { one: { token: 'third' } }, {}, folder);
  assert.equal(await token(true), 'Bearer third');
  writeFileSync(kubeconfig, '{"clusters": [');
  await clock.advance(60_000);
  assert.equal(await token(), 'Bearer third');
});

test('several files are one', async (t) => {
  const one = write(t, { one: { token: 'first' } });
  const other = write(t, { two: { token: 'second' } });
  const text = {
    clusters: [],
    users: [{ name: 'two', user: { token: 'second' } }],
    contexts: [{ name: 'two', context: { cluster: 'c', user: 'two' } }],
  };
  writeFileSync(other, JSON.stringify(text));
  const credentials = await kubeconfigCredentials(
    { kubeconfig: `${one}:${other}`, context: 'two' },
    new FakeClock(),
    log,
  );
  assert.equal((await credentials.access()).headers.authorization, 'Bearer second');
});

test('a program is asked for the token, again once that is refused', async (t) => {
  const folder = temporaryFolder(t);
  const program = join(folder, 'program.mjs');
  const runs = join(folder, 'runs');
  writeFileSync(
    program,
    `import { appendFileSync, readFileSync } from 'node:fs';
     appendFileSync(${JSON.stringify(runs)}, '.');
     const token = 'token-' + readFileSync(${JSON.stringify(runs)}, 'utf8').length;
     console.log(JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: { token } }));`,
  );
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: process.execPath, args: [program] };
  const certificate = selfSigned();
  let accepted = 'token-1';
  const server = await startHttpServer(
    t,
    (request, response) => {
      const isKnown = request.headers.authorization === `Bearer ${accepted}`;
      response.writeHead(isKnown ? 200 : 401).end(JSON.stringify({ metadata: { name: 'one' } }));
    },
    { certificate },
  );
  const cluster = { server: server.url.href, 'certificate-authority-data': base64(certificate.cert) };
  const kubeconfig = write(t, { one: { exec } }, cluster);
  const kube = await createKubeCluster({ kubeconfig, log });
  t.after(() => kube.close());
  const get = () => kube.get(configMaps, { namespace: 'ns', name: 'one' });
  assert.ok(await get());
  assert.ok(await get());
  accepted = 'token-2';
  assert.ok(await get());
  assert.ok(await get());
  assert.equal(server.connections(), 1);
});
