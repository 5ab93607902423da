import type { KubeObject } from '../cluster/kube-object.ts';
import { microTime } from './micro-time.ts';

export interface Lease extends KubeObject {
  readonly spec?: LeaseSpec;
}

export interface LeaseSpec {
  /** Empty or absent if nobody holds it. */
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  /** How often it has passed from one to another. */
  readonly leaseTransitions?: number;
}

export interface Claim {
  readonly identity: string;
  readonly durationMs: number;
  /** Milliseconds since 1970, for the people who read it. */
  readonly wallTime: number;
}

/** The lease in the hands of `identity`: taken from whoever had it, or renewed. */
export function claim(spec: LeaseSpec | undefined, { identity, durationMs, wallTime }: Claim): LeaseSpec {
  const now = microTime(wallTime);
  const renewed = { holderIdentity: identity, leaseDurationSeconds: Math.ceil(durationMs / 1000), renewTime: now };
  if (spec === undefined) return { ...renewed, acquireTime: now, leaseTransitions: 0 };
  const transitions = spec.leaseTransitions ?? 0;
  if (spec.holderIdentity === identity) {
    return { ...renewed, acquireTime: spec.acquireTime ?? now, leaseTransitions: transitions };
  }
  return { ...renewed, acquireTime: now, leaseTransitions: transitions + 1 };
}

/** The lease in nobody's hands, so that the next one need not wait for its end. */
export function release(spec: LeaseSpec, wallTime: number): LeaseSpec {
  const now = microTime(wallTime);
  return { ...spec, holderIdentity: '', leaseDurationSeconds: 1, acquireTime: now, renewTime: now };
}

/** Watches a lease from afar. It trusts no clock but its own: the lease lasts from when it was last seen to change. */
export class LeaseObserver {
  readonly #identity: string;
  readonly #durationMs: number;
  #seen = '';
  #since = Number.NEGATIVE_INFINITY;

  /**
   * @param identity who wants to know
   * @param durationMs how long a lease lasts that does not say it
   */
  constructor(identity: string, durationMs: number) {
    this.#identity = identity;
    this.#durationMs = durationMs;
  }

  /**
   * Whether someone else still holds it.
   * @param now by the observer's clock, after the lease was read
   */
  isHeldByOther({ spec = {} }: Lease, now: number): boolean {
    const seen = JSON.stringify(spec);
    if (seen !== this.#seen) {
      this.#seen = seen;
      this.#since = now;
    }
    const { holderIdentity, leaseDurationSeconds } = spec;
    if (!holderIdentity || holderIdentity === this.#identity) return false;
    const lasts = leaseDurationSeconds === undefined ? this.#durationMs : leaseDurationSeconds * 1000;
    return now < this.#since + lasts;
  }
}
