import type { Readable } from 'node:stream';

/** An object as a listing has it. */
export interface StoredObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Another one whenever the object is written. */
  readonly tag: string;
  /** When it was written, in milliseconds since 1970 by the store's clock. */
  readonly modifiedAt: number;
}

/** One bucket of an object store, to be read only. Every method rejects with the signal's reason once that is aborted. */
export interface ObjectStore {
  /**
   * All objects whose keys begin with the prefix, in any order, as many at a time as the store gives out.
   * @throws StoreError
   */
  list(prefix: string, options: { readonly signal: AbortSignal }): AsyncIterable<StoredObject>;
  /**
   * The bytes of an object, just as it was listed. The stream fails with what befalls the connection.
   * @throws StoreError `changed` if it has been written or removed since
   */
  read(object: StoredObject, options: { readonly signal: AbortSignal }): Promise<Readable>;
  close(): void;
}

/**
 * - `not-found`: there is no such bucket.
 * - `denied`: the store knows us not, or not well enough.
 * - `changed`: the object is not any more as it was listed.
 * - `unavailable`: anything else, which may pass.
 */
export type StoreErrorCode = 'not-found' | 'denied' | 'changed' | 'unavailable';

/** Why a store does not do what it is asked to. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
