import type { Verdict } from './judge.ts';

/** How many pods' worth of questions a second all ModelServers together may cause while nothing happens. */
const asksPerSecond = 50;

/**
 * Milliseconds until the next look at a ModelServer. Kubernetes tells by itself what changes in it; what the servers load, they
 * must be asked for.
 * @param population how many ModelServers there are
 */
export function nextLook(kind: Verdict['kind'], population: number): number {
  const steady = Math.max(2_000, (population * 1000) / asksPerSecond);
  switch (kind) {
    case 'moving':
      return Math.max(500, steady / 4);
    default:
      return steady;
  }
}
