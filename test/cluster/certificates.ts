import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface CertificateRequest {
  /** Common name: the user, for Kubernetes. */
  readonly user: string;
  readonly groups?: readonly string[];
  /** Names and addresses of a server, as openssl writes them: `DNS:localhost`, `IP:127.0.0.1`. Without them it is a client's. */
  readonly serves?: readonly string[];
}

/** Two certificate authorities, a key for ServiceAccount tokens, and whatever is asked of them: `NAME.crt` and `NAME.key`. */
export class Certificates {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async create(directory: string): Promise<Certificates> {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const certificates = new Certificates(directory);
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    writeFileSync(certificates.path('service-account.key'), privateKey.export({ type: 'sec1', format: 'pem' }));
    writeFileSync(certificates.path('service-account.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
    await Promise.all([certificates.#authority('ca'), certificates.#authority('front-proxy-ca')]);
    return certificates;
  }

  path(file: string): string {
    return join(this.directory, file);
  }

  async issue(name: string, request: CertificateRequest, authority = 'ca'): Promise<void> {
    const { user, groups = [], serves } = request;
    const subject = [...groups.map((group) => `/O=${group}`), `/CN=${user}`].join('');
    const use = serves ? 'serverAuth' : 'clientAuth';
    await this.#openssl(name, subject, [
      ...['-CA', this.path(`${authority}.crt`), '-CAkey', this.path(`${authority}.key`)],
      ...['-addext', 'basicConstraints=critical,CA:FALSE'],
      ...['-addext', 'keyUsage=critical,digitalSignature,keyEncipherment', '-addext', `extendedKeyUsage=${use}`],
      ...(serves ? ['-addext', `subjectAltName=${serves.join(',')}`] : []),
    ]);
  }

  /** Writes a kubeconfig for a client certificate that has been issued, beside it. @returns its path */
  kubeconfig(name: string, server: string, file = `${name}.kubeconfig`): string {
    const base64 = (path: string) => readFileSync(this.path(path)).toString('base64');
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': base64('ca.crt') } }],
      users: [
        {
          name,
          user: { 'client-certificate-data': base64(`${name}.crt`), 'client-key-data': base64(`${name}.key`) },
        },
      ],
      contexts: [{ name: 'test', context: { cluster: 'test', user: name } }],
      'current-context': 'test',
    };
    writeFileSync(this.path(file), JSON.stringify(config, undefined, 2), { mode: 0o600 });
    return this.path(file);
  }

  async #authority(name: string): Promise<void> {
    await this.#openssl(name, `/CN=${name}`, [
      ...['-addext', 'keyUsage=critical,digitalSignature,keyCertSign,cRLSign'],
      ...['-addext', 'basicConstraints=critical,CA:TRUE'],
    ]);
  }

  async #openssl(name: string, subject: string, parameters: readonly string[]): Promise<void> {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', this.path(`${name}.key`)];
    const request = ['req', '-x509', ...key, '-out', this.path(`${name}.crt`), '-subj', subject, '-days', '30'];
    await promisify(execFile)('openssl', [...request, ...parameters]);
  }
}
