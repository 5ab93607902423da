import type { Verdict } from './judge.ts';

/** How many pods' worth of questions a second all ModelServers together may cause while nothing happens: 5 to 10 % of a processor. */
const podsPerSecond = 50;

/** A question about one more model, over a connection that is there, costs so much less than to ask a pod at all. */
const modelsPerPod = 16;

/** What one look at a ModelServer asks for. */
export interface Questions {
  readonly pods: number;
  /** Of each pod. */
  readonly models: number;
}

/**
 * When to look at each ModelServer again. Kubernetes tells by itself what changes in it; what the servers load, they must be asked
 * for, and the more there is to ask, the more seldom.
 */
export class Pace {
  /** In pods' worth, by ModelServer. */
  readonly #costs = new Map<string, number>();
  #sum = 0;

  /**
   * @param key of the ModelServer that has just been looked at
   * @param population how many ModelServers there are, which have not all been looked at yet
   * @returns milliseconds until the next look
   */
  next(key: string, kind: Verdict['kind'], { pods, models }: Questions, population: number): number {
    this.forget(key);
    // To find that there is nobody to ask is some work too.
    const cost = Math.max(1, pods * (1 + models / modelsPerPod));
    this.#costs.set(key, cost);
    this.#sum += cost;
    const steady = Math.max(2_000, (Math.max(this.#sum, population) * 1000) / podsPerSecond);
    return kind === 'moving' ? Math.max(500, steady / 4) : steady;
  }

  /** It is gone. */
  forget(key: string): void {
    this.#sum -= this.#costs.get(key) ?? 0;
    this.#costs.delete(key);
    // Fractions do not add up to nothing.
    if (this.#costs.size === 0) this.#sum = 0;
  }
}
