import { type Clock, systemClock } from '../../../shared/clock.ts';
import type { Logger } from '../../../shared/log.ts';
import { Connection } from './connection.ts';
import { type InClusterOptions, inClusterCredentials } from './in-cluster.ts';
import { type KubeCall, KubeCluster } from './kube-cluster.ts';
import { type KubeconfigOptions, kubeconfigCredentials } from './kubeconfig.ts';
import { RateLimit } from './rate-limit.ts';

export interface KubeClusterOptions extends KubeconfigOptions {
  /** A pod's own access; taken if no kubeconfig is given. Without either, what kubectl would take. */
  readonly inCluster?: InClusterOptions;
  readonly log: Logger;
  readonly clock?: Clock;
  /** For metrics and spans. */
  readonly onCall?: (call: KubeCall) => void;
  /** Milliseconds that a call may take, or a watch to begin. */
  readonly timeoutMs?: number;
  /** Calls, not watches: so many a second in the long run, and so many at once. */
  readonly callsPerSecond?: number;
  readonly burst?: number;
  /** Up to a slash, it is the manager of what is written other than by apply. */
  readonly userAgent?: string;
}

/**
 * Reads where the API server is and what to show it; does not call it yet.
 * @throws ClusterError `unavailable`: that cannot be read
 */
export async function createKubeCluster(options: KubeClusterOptions): Promise<KubeCluster> {
  const { inCluster, log, clock = systemClock, onCall = () => {} } = options;
  // Twice client-go's old defaults and more: one operator does the work of many controllers.
  const { timeoutMs = 30_000, callsPerSecond = 50, burst = 100, userAgent = 'modelserver-operator' } = options;
  const credentials =
    inCluster && options.kubeconfig === undefined
      ? inClusterCredentials(inCluster, clock, log)
      : await kubeconfigCredentials(options, clock, log);
  await credentials.access();
  return new KubeCluster({
    connection: new Connection(credentials, { clock, timeoutMs, userAgent }),
    limit: new RateLimit(clock, { perSecond: callsPerSecond, burst }),
    clock,
    onCall,
  });
}
