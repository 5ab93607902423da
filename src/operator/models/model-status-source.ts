/** The states of the TensorFlow Serving API. */
export type VersionState = 'START' | 'LOADING' | 'AVAILABLE' | 'UNLOADING' | 'END';

/** What a server tells of one version of a model. */
export interface VersionAnswer {
  readonly version: number;
  readonly state: VersionState;
  /** The server's own: `UNKNOWN` and a message where a version does not load, or where a served one's new files do not. */
  readonly errorCode: string;
  readonly errorMessage: string;
}

/**
 * - `versions`: what the server says; none if it knows the model and has no version of it. `config` is absent where the server
 *   does not tell by which config it serves: one of an image of before, or of another make.
 * - `unknown-model`: the server has no model of that name (yet).
 * - `unreachable`: no answer, or none of use; `reason` says why.
 */
export type ModelAnswer =
  | { readonly kind: 'versions'; readonly versions: readonly VersionAnswer[]; readonly config?: ConfigAnswer }
  | { readonly kind: 'unknown-model' }
  | { readonly kind: 'unreachable'; readonly reason: string };

/** By which config.json an answer is: the revisions of texts, as this side makes them too. */
export interface ConfigAnswer {
  /** By what it says the model is served, or fails as the versions tell; `none` where there was no such config yet. */
  readonly inForce: string;
  /** What the file says now and the server does not take, for it has problems. */
  readonly refused?: string;
}

/** Asks the pods' servers what they serve. */
export interface ModelStatusSource {
  /** GetModelStatus for each of the models, from one pod. Never rejects but with the signal's reason. */
  ask(pod: PodAddress, models: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, ModelAnswer>>;
  /** Lets go of all connections. */
  close(): void;
}

export interface PodAddress {
  /** An IP address. */
  readonly host: string;
  readonly port: number;
}
