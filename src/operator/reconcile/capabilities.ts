import type { Clock } from '../../shared/clock.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { podMonitors } from '../cluster/kinds.ts';

export interface Capabilities {
  /** Whether the Prometheus operator's PodMonitor is there. */
  readonly podMonitors: boolean;
  /** Whether pods may mount OCI images, as far as the version tells: by default since 1.35, as a choice since 1.33. */
  readonly imageVolumes: 'yes' | 'maybe' | 'no';
}

/** How long an answer holds: a cluster is upgraded, and gets new kinds, seldom. */
const holdsMs = 60_000;

/** Asks the cluster what it can do, once a minute at most. */
export function capabilityProbe(cluster: Cluster, clock: Clock): (signal: AbortSignal) => Promise<Capabilities> {
  let known: { readonly until: number; readonly capabilities: Capabilities } | undefined;
  return async (signal) => {
    if (known && clock.now() < known.until) return known.capabilities;
    const [serves, { major, minor }] = await Promise.all([
      cluster.serves(podMonitors, { signal }),
      cluster.version({ signal }),
    ]);
    const imageVolumes = major > 1 || minor >= 35 ? 'yes' : minor >= 33 ? 'maybe' : 'no';
    const capabilities: Capabilities = { podMonitors: serves, imageVolumes };
    known = { until: clock.now() + holdsMs, capabilities };
    return capabilities;
  };
}
