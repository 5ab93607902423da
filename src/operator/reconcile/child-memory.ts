import { backoff } from '../../shared/backoff.ts';
import type { Clock } from '../../shared/clock.ts';
import { contentHash } from '../../shared/content-hash.ts';
import { annotation } from '../api/names.ts';
import type { KubeObject } from '../cluster/kube-object.ts';
import type { Trouble } from './pod-facts.ts';

interface Outcome {
  /** What was applied, and what was there then. */
  readonly wanted: string;
  readonly live: string;
  /** Absent if the API server took it. */
  readonly refusal?: { readonly trouble: Trouble; readonly tries: number; readonly until: number };
}

/** Milliseconds before what was refused is tried again: at first, and at most. A quota may grow, a policy go. */
const retry = { first: 1_000, most: 60_000, factor: 2, jitter: 0 };

/**
 * What came of applying children where the children do not show it: the API server took something and wrote it in its own
 * words, or admission changed it, so that applying it again would change nothing; or it refused. It holds as long as neither
 * what is wanted nor what is there changes. A process that has just begun remembers nothing, and applies once.
 */
export class ChildMemory {
  readonly #clock: Clock;
  /** By owner, then by child. */
  readonly #outcomes = new Map<string, Map<string, Outcome>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many owners something is remembered of. */
  get size(): number {
    return this.#outcomes.size;
  }

  /** @param live what came of it */
  accept(owner: string, child: string, wanted: KubeObject, live: KubeObject): void {
    this.#remember(owner, child, { wanted: hashOf(wanted), live: contentOf(live) });
  }

  wasAccepted(owner: string, child: string, wanted: KubeObject, live: KubeObject): boolean {
    const outcome = this.#find(owner, child, wanted, live);
    return outcome !== undefined && !outcome.refusal;
  }

  /** @param live what was there, and still is */
  refuse(owner: string, child: string, wanted: KubeObject, live: KubeObject | undefined, trouble: Trouble): void {
    const tries = (this.#find(owner, child, wanted, live)?.refusal?.tries ?? 0) + 1;
    const until = this.#clock.now() + backoff(tries, retry);
    const refusal = { trouble, tries, until };
    this.#remember(owner, child, { wanted: hashOf(wanted), live: contentOf(live), refusal });
  }

  /** Why it would be refused, if it was a short while ago. */
  refusal(owner: string, child: string, wanted: KubeObject, live: KubeObject | undefined): Trouble | undefined {
    const refusal = this.#find(owner, child, wanted, live)?.refusal;
    return refusal && this.#clock.now() < refusal.until ? refusal.trouble : undefined;
  }

  forgetChild(owner: string, child: string): void {
    const outcomes = this.#outcomes.get(owner);
    outcomes?.delete(child);
    if (outcomes?.size === 0) this.#outcomes.delete(owner);
  }

  forgetOwner(owner: string): void {
    this.#outcomes.delete(owner);
  }

  #remember(owner: string, child: string, outcome: Outcome): void {
    const outcomes = this.#outcomes.get(owner) ?? new Map<string, Outcome>();
    this.#outcomes.set(owner, outcomes.set(child, outcome));
  }

  #find(owner: string, child: string, wanted: KubeObject, live: KubeObject | undefined): Outcome | undefined {
    const outcome = this.#outcomes.get(owner)?.get(child);
    return outcome?.wanted === hashOf(wanted) && outcome.live === contentOf(live) ? outcome : undefined;
  }
}

function hashOf({ metadata }: KubeObject): string {
  return metadata.annotations?.[annotation.applied] ?? '';
}

/** All of it but what changes by itself. */
function contentOf(live: (KubeObject & { readonly status?: unknown }) | undefined): string {
  if (!live) return '';
  const { status: _, metadata, ...rest } = live;
  const { resourceVersion: __, generation: ___, ...lasting } = metadata;
  return contentHash([lasting, rest]);
}
