import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { createAuthority } from '../support/certificates.ts';
import { pythonWith } from '../support/python.ts';
import { single, writeVersion } from '../support/repository.ts';
import { restFlags } from '../support/rest.ts';
import { startServer, temporaryFolder } from '../support/server.ts';

test('clients in Python show a certificate and a key, and get answers only with both', async (t) => {
  const environment = pythonWith('test/clients/requirements-triton.txt');
  if ('missing' in environment) return t.skip(environment.missing);
  const folder = temporaryFolder(t);
  writeVersion(join(folder, 'm'), 1);
  const [servers, clients] = [createAuthority(), createAuthority()];
  const [own, client] = [servers.issue(), clients.issue()];
  const files = {
    'server-ca.crt': servers.cert,
    'tls.crt': own.cert,
    'tls.key': own.key,
    'ca.crt': clients.cert,
    'client.crt': client.cert,
    'client.key': client.key,
    keys: 'of-the-tests\n',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const rest = await restFlags();
  const tls = ['grpc', 'rest'].flatMap((kind) => [
    ...[`--${kind}_certificate_path`, join(folder, 'tls.crt'), `--${kind}_key_path`, join(folder, 'tls.key')],
    ...[`--${kind}_ca_path`, join(folder, 'ca.crt')],
  ]);
  const server = await startServer(t, [
    ...single(join(folder, 'm')),
    ...rest.flags,
    ...tls,
    ...['--api_key_file', join(folder, 'keys')],
  ]);
  const script = join(import.meta.dirname, 'secure_check.py');
  const addresses = [`localhost:${server.port}`, `localhost:${rest.port}`];
  const { stdout } = await promisify(execFile)(environment.python, [script, ...addresses, folder, 'of-the-tests']);
  assert.equal(stdout, 'all answers are right\n');
});
