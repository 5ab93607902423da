/**
 * - `not-found`, `already-exists`: the object.
 * - `conflict`: it changed meanwhile, or another manager owns a field of it.
 * - `gone`: the resource version is too old to go on from; list anew.
 * - `invalid`: the API server refuses what was sent; the same again will be refused again.
 * - `forbidden`: RBAC, a quota or an admission policy says no.
 * - `terminating`: the namespace is being deleted, and takes nothing new.
 * - `throttled`: too many requests; after `retryAfterMs`.
 * - `unavailable`: no answer, or one that says that the API server cannot answer now.
 */
export type ClusterErrorCode =
  | 'not-found'
  | 'already-exists'
  | 'conflict'
  | 'gone'
  | 'invalid'
  | 'forbidden'
  | 'terminating'
  | 'throttled'
  | 'unavailable';

/** The one error that a cluster's calls end with, but for an aborted signal's reason. */
export class ClusterError extends Error {
  readonly code: ClusterErrorCode;
  /** Milliseconds that the API server asks to wait. */
  readonly retryAfterMs: number | undefined;

  constructor(code: ClusterErrorCode, message: string, options: { retryAfterMs?: number; cause?: unknown } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : {});
    this.name = 'ClusterError';
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }
}
