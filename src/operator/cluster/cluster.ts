import type { Kind, KubeObject } from './kube-object.ts';

/** A Kubernetes API server. Every call ends with a `ClusterError` where it fails, and with the signal's reason where that is aborted. */
export interface Cluster {
  /** @returns undefined if there is no such object, or no such kind */
  get<T extends KubeObject>(kind: Kind, at: ObjectKey, options?: CallOptions): Promise<T | undefined>;

  /** One page. Without `continue`, what is as new as the API server's own memory, which a watch can go on from. */
  list<T extends KubeObject>(kind: Kind, options: ListOptions): Promise<Page<T>>;

  /**
   * Calls back for each event after `resourceVersion`, in order, until the API server ends the watch (resolves), it breaks,
   * or the signal is aborted (both reject). A resource version that is too old rejects with `gone`, whether the answer or an
   * event says so.
   */
  watch<T extends KubeObject>(
    kind: Kind,
    options: WatchOptions,
    onEvent: (event: WatchEvent<T>) => void,
  ): Promise<void>;

  /**
   * Server-side apply, by force unless told otherwise: the object has these fields afterwards, and the fields that `manager`
   * applied before and left out now are gone. Creates the object if there is none. Nothing changes, the resource version
   * neither, if nothing is to.
   */
  apply<T extends KubeObject>(kind: Kind, object: T, options: ApplyOptions): Promise<T>;

  /** Creates it. @throws `already-exists` */
  create<T extends KubeObject>(kind: Kind, object: T, options?: CallOptions): Promise<T>;

  /** Replaces it as a whole. @throws `conflict` unless it is still at the resource version that `object` carries */
  replace<T extends KubeObject>(kind: Kind, object: T, options?: CallOptions): Promise<T>;

  /** JSON merge patch (RFC 7396). With `metadata.uid` in it, only if the object is still the same one (`conflict`). */
  merge<T extends KubeObject>(kind: Kind, at: ObjectKey, patch: object, options?: CallOptions): Promise<T>;

  /** Deletes it, if it is still the one of that uid; what it owns goes in the background. No error if it is gone already. */
  delete(kind: Kind, at: ObjectKey & { readonly uid: string }, options?: CallOptions): Promise<void>;

  /** Whether the API server serves this kind now; it may come and go with its CustomResourceDefinition. */
  serves(kind: Kind, options?: CallOptions): Promise<boolean>;

  /** Of the API server: 1 and 34 for v1.34.4. */
  version(options?: CallOptions): Promise<{ readonly major: number; readonly minor: number }>;
}

export interface ObjectKey {
  /** Absent for kinds that lie in no namespace. */
  readonly namespace?: string;
  readonly name: string;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface ListOptions extends CallOptions {
  /** All of them if absent. */
  readonly namespace?: string;
  /** As in `kubectl -l`. */
  readonly labelSelector?: string;
  readonly limit?: number;
  /** What the page before gave. */
  readonly continue?: string;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Where a watch goes on from; the same on all pages of one list. */
  readonly resourceVersion: string;
  /** Absent on the last page. */
  readonly continue?: string;
}

export interface WatchOptions extends CallOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly resourceVersion: string;
  /** After how long the API server is to end the watch. */
  readonly timeoutSeconds: number;
}

/** `bookmark` brings nothing but a newer resource version to go on from. */
export type WatchEvent<T> =
  | { readonly type: 'added' | 'modified' | 'deleted'; readonly object: T }
  | { readonly type: 'bookmark'; readonly resourceVersion: string };

export interface ApplyOptions extends CallOptions {
  /** Who owns the fields. */
  readonly manager: string;
  /** False: nothing is changed (`conflict`) where a field belongs to somebody else, and would be another. */
  readonly force?: boolean;
  readonly subresource?: 'status';
}
