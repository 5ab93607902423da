import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '../../../shared/clock.ts';
import type { Logger } from '../../../shared/log.ts';
import { ClusterError } from '../cluster-error.ts';
import { type Access, type Credentials, isSameIdentity, rereadMs } from './credentials.ts';

/** What Kubernetes tells a pod. */
export interface InClusterOptions {
  /** KUBERNETES_SERVICE_HOST. */
  readonly host: string;
  /** KUBERNETES_SERVICE_PORT. */
  readonly port: number;
  /** Where the ServiceAccount's files are. */
  readonly folder?: string;
}

const serviceAccountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/** A pod's own ServiceAccount. Its files are read anew after a minute, and when the API server has refused them. */
export function inClusterCredentials(options: InClusterOptions, clock: Clock, log: Logger): Credentials {
  const { host, port, folder = serviceAccountFolder } = options;
  const server = new URL(`https://${isIPv6(host) ? `[${host}]` : host}:${port}`);
  let current: { readonly access: Access; readonly until: number } | undefined;
  let reading: Promise<Access> | undefined;

  async function read(): Promise<Access> {
    try {
      const [token, ca] = await Promise.all([
        readFile(join(folder, 'token'), 'utf8'),
        readFile(join(folder, 'ca.crt')),
      ]);
      const before = current?.access.tls;
      const tls = before && isSameIdentity(before, { ca }) ? before : { ca };
      return { server, tls, headers: { authorization: `Bearer ${token.trim()}` } };
    } catch (error) {
      if (!current) {
        throw new ClusterError('unavailable', `The ServiceAccount cannot be read: ${(error as Error).message}`, {
          cause: error,
        });
      }
      log.warn({ err: error }, 'The ServiceAccount cannot be read; what was read before is used on');
      return current.access;
    }
  }

  return {
    async access(refused = false) {
      if (current && !refused && clock.now() < current.until) return current.access;
      reading ??= read().finally(() => {
        reading = undefined;
      });
      const access = await reading;
      current = { access, until: clock.now() + rereadMs };
      return access;
    },
  };
}
