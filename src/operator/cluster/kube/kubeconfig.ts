import type { Agent, RequestOptions } from 'node:https';
import { delimiter } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from '../../../shared/clock.ts';
import type { Logger } from '../../../shared/log.ts';
import { ClusterError } from '../cluster-error.ts';
import { type Access, type Credentials, rereadMs, type TlsIdentity } from './credentials.ts';

export interface KubeconfigOptions {
  /** A file, or several as KUBECONFIG lists them; what kubectl would take if absent. */
  readonly kubeconfig?: string;
  /** Its current context if absent. */
  readonly context?: string;
}

/**
 * All that a kubeconfig may ask for: certificates, tokens, programs that are run, proxies. The library that knows all that
 * takes 80 MB of memory: it is loaded for those who have a kubeconfig, not for a pod.
 * @throws ClusterError `unavailable`: there is none, or it cannot be used
 */
export async function kubeconfigCredentials(
  options: KubeconfigOptions,
  clock: Clock,
  log: Logger,
): Promise<Credentials> {
  const { KubeConfig } = await import('@kubernetes/client-node');

  function load(): { readonly config: KubeConfig; readonly until: number } {
    const config = new KubeConfig();
    const files = options.kubeconfig?.split(delimiter).filter((file) => file !== '') ?? [];
    if (files.length === 0) config.loadFromDefault();
    for (const [index, file] of files.entries()) {
      const one = index === 0 ? config : new KubeConfig();
      one.loadFromFile(file);
      if (index > 0) config.mergeConfig(one, true);
    }
    if (options.context !== undefined) config.setCurrentContext(options.context);
    if (!config.getCurrentCluster()) throw new Error(`there is no context "${config.getCurrentContext()}"`);
    return { config, until: clock.now() + rereadMs };
  }

  let current: { readonly config: KubeConfig; readonly until: number };
  try {
    current = load();
  } catch (error) {
    throw unusable(error);
  }

  /** It may be being written just now. */
  function reload(): typeof current {
    try {
      return load();
    } catch (error) {
      log.warn({ err: error }, 'The kubeconfig cannot be read; what was read before is used on');
      return { ...current, until: clock.now() + rereadMs };
    }
  }

  let cached: Access | undefined;
  return {
    async access(refused = false) {
      const user = current.config.getCurrentUser();
      // Programs, and those who ask a server for tokens, know for themselves how long those last.
      const knowsTime = Boolean(user?.exec ?? user?.authProvider);
      if (refused || (!knowsTime && clock.now() >= current.until)) {
        current = reload();
        cached = undefined;
      }
      if (cached && !knowsTime) return cached;
      cached = await accessOf(current.config);
      return cached;
    },
  };
}

async function accessOf(config: KubeConfig): Promise<Access> {
  const cluster = config.getCurrentCluster()!;
  const options: RequestOptions = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    throw unusable(error);
  }
  const { auth, headers, agent } = options;
  const { ca, cert, key, servername, rejectUnauthorized } = options;
  const given = Object.entries({ ca, cert, key, servername, rejectUnauthorized }).filter(([, value]) => value != null);
  return {
    server: new URL(cluster.server),
    tls: Object.fromEntries(given) as TlsIdentity,
    headers: {
      ...(auth ? { authorization: `Basic ${Buffer.from(auth).toString('base64')}` } : {}),
      ...Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)])),
    },
    ...(cluster.proxyUrl ? { agent: agent as Agent } : {}),
  };
}

function unusable(error: unknown): ClusterError {
  const message = `The kubeconfig cannot be used: ${error instanceof Error ? error.message : error}`;
  return new ClusterError('unavailable', message, { cause: error });
}
