/** What comes from files and may be another one from time to time. */
export interface Renewed<T> {
  readonly current: T;
  /** @param changed called with each one that takes the place of the one before */
  subscribe(changed: (value: T) => void): void;
}

/** A file as it was read. */
export interface FileContent {
  readonly path: string;
  readonly bytes: Buffer;
}
