import type { Logger } from '../../shared/log.ts';
import { annotation } from '../api/names.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import { pods as podKind } from '../cluster/kinds.ts';
import type { PodFacts } from './pod-facts.ts';

/** The pods that may have started with another config than this. One that started with it needs no telling. */
export function ignorantPods(pods: readonly PodFacts[], before: string | undefined, now: string): PodFacts[] {
  const hasChanged = before !== undefined && before !== now;
  return pods.filter(
    ({ annotations: { [annotation.config]: told } }) => told !== now && (told !== undefined || hasChanged),
  );
}

/**
 * Lets the pods' kubelets know that their ConfigMap has changed: a kubelet looks at a pod's volumes anew when the pod changes,
 * else only about once a minute. A pod that cannot be told gets the change then.
 */
export async function tellPods(
  pods: readonly PodFacts[],
  namespace: string,
  configRevision: string,
  { cluster, log, signal }: { cluster: Cluster; log: Logger; signal: AbortSignal },
): Promise<void> {
  await Promise.all(
    pods.map(async ({ name, uid }) => {
      const patch = { metadata: { uid, annotations: { [annotation.config]: configRevision } } };
      try {
        await cluster.merge(podKind, { namespace, name }, patch, { signal });
      } catch (error) {
        if (!(error instanceof ClusterError)) throw error;
        // Gone, replaced, or not ours to change: none of these is in the way of the rest.
        log.debug({ pod: name, code: error.code }, 'A pod was not told of its new config');
      }
    }),
  );
}
