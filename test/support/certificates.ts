import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** PEM, both. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface IssueOptions {
  readonly commonName?: string;
  /** A year around now unless told. */
  readonly from?: Date;
  readonly to?: Date;
}

/** An authority of the tests. */
export interface Authority {
  /** Its own certificate. PEM. */
  readonly cert: string;
  /** A certificate for 127.0.0.1 and localhost, for a server or a client. */
  issue(options?: IssueOptions): Certificate & { readonly serial: string };
}

const ecdsaWithSha256 = sequence(tlv(0x06, '2a8648ce3d040302'));
const halfAYear = 182 * 24 * 3_600_000;

/** A new certificate for 127.0.0.1 that is its own authority. */
export function selfSigned(): Certificate {
  const { publicKey, privateKey } = newKey();
  // Authorities are told apart by their names.
  const name = distinguished(`test ${randomBytes(8).toString('hex')}`);
  const { cert } = certificate({ subject: name, issuer: name, publicKey, signer: privateKey, isAuthority: true });
  return { cert, key: pem(privateKey) };
}

/** A new one, which no other test trusts. */
export function createAuthority(): Authority {
  const { publicKey, privateKey } = newKey();
  const name = distinguished(`test authority ${randomBytes(8).toString('hex')}`);
  const { cert } = certificate({ subject: name, issuer: name, publicKey, signer: privateKey, isAuthority: true });
  return {
    cert,
    issue({ commonName = 'test', ...times } = {}) {
      const own = newKey();
      const subject = distinguished(commonName);
      const issued = certificate({ subject, issuer: name, publicKey: own.publicKey, signer: privateKey, ...times });
      return { ...issued, key: pem(own.privateKey) };
    },
  };
}

interface Contents extends IssueOptions {
  readonly subject: Buffer;
  readonly issuer: Buffer;
  readonly publicKey: KeyObject;
  readonly signer: KeyObject;
  readonly isAuthority?: boolean;
}

function certificate({ subject, issuer, publicKey, signer, isAuthority = false, from, to }: Contents) {
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(8)]);
  const now = Date.now();
  const body = sequence(
    tlv(0xa0, tlv(0x02, '02')),
    tlv(0x02, serial),
    ecdsaWithSha256,
    issuer,
    sequence(time(from ?? new Date(now - halfAYear)), time(to ?? new Date(now + halfAYear))),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(
      0xa3,
      sequence(
        extension('551d13', isAuthority ? sequence(tlv(0x01, 'ff')) : sequence()),
        extension('551d11', sequence(tlv(0x87, '7f000001'), tlv(0x82, Buffer.from('localhost')))),
      ),
    ),
  );
  const signature = tlv(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', body, signer)]));
  const lines = sequence(body, ecdsaWithSha256, signature)
    .toString('base64')
    .match(/.{1,64}/g)!
    .join('\n');
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    serial: serial.toString('hex').toUpperCase(),
  };
}

function newKey() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function distinguished(commonName: string): Buffer {
  return sequence(tlv(0x31, sequence(tlv(0x06, '550403'), tlv(0x0c, Buffer.from(commonName)))));
}

/** GeneralizedTime. */
function time(date: Date): Buffer {
  return tlv(0x18, Buffer.from(`${date.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`));
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(tlv(0x06, id), tlv(0x04, value));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tlv(0x30, Buffer.concat(parts));
}

/** DER: tag, length, value. @param value in hex if a string */
function tlv(tag: number, value: Buffer | string): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'hex') : value;
  const { length } = bytes;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), bytes]);
}
