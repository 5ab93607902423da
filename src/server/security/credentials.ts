import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { FileContent } from './renewed.ts';

/** What a server shows its clients, and whom of them it believes. */
export interface Credentials {
  /** What Node makes TLS of: the same for gRPC and REST. */
  readonly context: SecureContextOptions;
  /** Whether clients must show a certificate. */
  readonly asksClients: boolean;
  /** Of the server's own certificate, in hexadecimal digits. */
  readonly serial: string;
  /** Since 1970, in milliseconds, as are all times here. */
  readonly validFrom: number;
  /** When the first certificate of the server's chain expires. */
  readonly expiresAt: number;
  /** When the last of the clients' authorities expires: then no client can show anything that counts. */
  readonly authoritiesExpireAt: number | undefined;
}

export interface CredentialFiles {
  /** The server's certificate, and behind it those that lead to its authority. PEM. */
  readonly certificate: FileContent;
  /** PEM, without a passphrase. */
  readonly key: FileContent;
  /** Authorities of the clients' certificates. PEM. */
  readonly authorities?: FileContent | undefined;
}

/** Forward secret and authenticated, all of them: what HTTP/2 forbids is not among them. */
const ciphers = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

const block = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Of a key with a passphrase, whatever form it has. */
const locked = /BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED/;

/**
 * Makes sure that the files can be served with, before anything is.
 * @throws Error that says what is wrong with which file, and nothing of what a key holds
 */
export function readCredentials({ certificate, key, authorities }: CredentialFiles): Credentials {
  const chain = readCertificates(certificate);
  const trusted = authorities && readCertificates(authorities);
  const privateKey = readKey(key);
  const [own] = chain as [X509Certificate];
  if (!own.checkPrivateKey(privateKey)) {
    throw new Error(`${certificate.path} and ${key.path} do not belong together: the key is another certificate's`);
  }
  const context: SecureContextOptions = {
    cert: certificate.bytes,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    ...(authorities && { ca: authorities.bytes }),
    ciphers,
    minVersion: 'TLSv1.2',
  };
  try {
    createSecureContext(context);
  } catch (error) {
    throw new Error(`${certificate.path} and ${key.path} cannot be used - ${(error as Error).message}`);
  }
  return {
    context,
    asksClients: authorities !== undefined,
    serial: own.serialNumber,
    validFrom: own.validFromDate.getTime(),
    expiresAt: Math.min(...chain.map(({ validToDate }) => validToDate.getTime())),
    authoritiesExpireAt: trusted && Math.max(...trusted.map(({ validToDate }) => validToDate.getTime())),
  };
}

function readCertificates({ path, bytes }: FileContent): X509Certificate[] {
  const blocks = bytes.toString('latin1').match(block) ?? [];
  if (blocks.length === 0) throw new Error(`${path} holds no certificate - Expected: PEM, -----BEGIN CERTIFICATE-----`);
  return blocks.map((pem, i) => {
    try {
      return new X509Certificate(pem);
    } catch (error) {
      throw new Error(`${path}: certificate ${i + 1} of ${blocks.length} cannot be read - ${(error as Error).message}`);
    }
  });
}

function readKey({ path, bytes }: FileContent): KeyObject {
  try {
    return createPrivateKey(bytes);
  } catch (error) {
    const cause = locked.test(bytes.toString('latin1'))
      ? 'it has a passphrase, which is not supported'
      : (error as Error).message;
    throw new Error(`${path}: the key cannot be read - ${cause}`);
  }
}
