import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { createAuthority } from '../../../test/support/certificates.ts';
import { readCredentials } from './credentials.ts';

const authority = createAuthority();
const from = new Date('2026-01-02T03:04:05Z');
const to = new Date('2036-01-02T03:04:05Z');
const own = authority.issue({ from, to });
const other = authority.issue({ to: new Date('2030-01-01T00:00:00Z') });

const file = (path: string, text: string) => ({ path, bytes: Buffer.from(text) });
const read = (certificate: string, key: string, authorities?: string) =>
  readCredentials({
    certificate: file('tls.crt', certificate),
    key: file('tls.key', key),
    authorities: authorities === undefined ? undefined : file('ca.crt', authorities),
  });

test('a pair tells its serial number and its times', () => {
  const { serial, validFrom, expiresAt, asksClients, authoritiesExpireAt, context } = read(own.cert, own.key);
  assert.equal(serial, own.serial);
  assert.deepEqual([validFrom, expiresAt], [from.getTime(), to.getTime()]);
  assert.deepEqual([asksClients, authoritiesExpireAt], [false, undefined]);
  assert.equal(context.minVersion, 'TLSv1.2');
});

test('a chain lasts as long as what expires first, authorities as long as what expires last', () => {
  const chain = read(own.cert + other.cert, own.key, other.cert + own.cert);
  assert.equal(chain.expiresAt, Date.parse('2030-01-01T00:00:00Z'));
  assert.equal(chain.authoritiesExpireAt, to.getTime());
  assert.equal(chain.asksClients, true);
});

test('certificate and key may be in one file, with other text around them', () => {
  const both = `Bag Attributes\n  friendlyName: x\n${own.key}${own.cert}`;
  assert.equal(read(both, both).serial, own.serial);
});

const locked = createPrivateKey(own.key)
  .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' })
  .toString();
const weak = generateKeyPairSync('rsa', { modulusLength: 512 }).privateKey.export({ type: 'pkcs8', format: 'pem' });

const wrong: readonly [
  what: string,
  certificate: string,
  key: string,
  authorities: string | undefined,
  text: RegExp,
][] = [
  ['no certificate', '', own.key, undefined, /^tls\.crt holds no certificate - Expected: PEM/],
  ['half a certificate', own.cert.slice(0, 200), own.key, undefined, /^tls\.crt holds no certificate/],
  ['a torn chain', `${own.cert}${own.cert.replace('MII', 'MIJ')}`, own.key, undefined, /^tls\.crt: certificate 2 of 2/],
  ['no key', own.cert, '', undefined, /^tls\.key: the key cannot be read - /],
  ['half a key', own.cert, own.key.slice(0, 100), undefined, /^tls\.key: the key cannot be read - /],
  ['a locked key', own.cert, locked, undefined, /^tls\.key: the key cannot be read - it has a passphrase/],
  ["another's key", own.cert, other.key, undefined, /^tls\.crt and tls\.key do not belong together/],
  ['a weak key', own.cert, weak.toString(), undefined, /^tls\.crt and tls\.key do not belong together/],
  ['no authorities', own.cert, own.key, '', /^ca\.crt holds no certificate/],
];

for (const [what, certificate, key, authorities, text] of wrong) {
  test(`${what} is told, without what the key holds`, () => {
    assert.throws(
      () => read(certificate, key, authorities),
      (error: Error) => {
        assert.match(error.message, text);
        const secret = key.split('\n').filter((line) => line.length > 20 && !line.includes('---'));
        for (const line of secret) assert.ok(!error.message.includes(line));
        return true;
      },
    );
  });
}
