import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

export interface Certificate {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
}

/** A new certificate for 127.0.0.1 that is its own authority, for ten years around now. */
export function selfSigned(): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ecdsaWithSha256 = sequence(tlv(0x06, '2a8648ce3d040302'));
  // Authorities are told apart by their names.
  const commonName = Buffer.from(`test ${randomBytes(8).toString('hex')}`);
  const name = sequence(tlv(0x31, sequence(tlv(0x06, '550403'), tlv(0x0c, commonName))));
  const year = new Date().getUTCFullYear();
  const date = (at: number) => tlv(0x18, Buffer.from(`${at}0101000000Z`));
  const extension = (id: string, value: Buffer) => sequence(tlv(0x06, id), tlv(0x04, value));
  const body = sequence(
    tlv(0xa0, tlv(0x02, '02')),
    tlv(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    name,
    sequence(date(year - 5), date(year + 5)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(
      0xa3,
      sequence(extension('551d13', sequence(tlv(0x01, 'ff'))), extension('551d11', sequence(tlv(0x87, '7f000001')))),
    ),
  );
  const signature = tlv(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', body, privateKey)]));
  const der = sequence(body, ecdsaWithSha256, signature);
  const lines = der
    .toString('base64')
    .match(/.{1,64}/g)!
    .join('\n');
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
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
