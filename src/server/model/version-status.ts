/** Public states of a version in its life, in the order in which it goes through them. */
export type VersionState = 'START' | 'LOADING' | 'AVAILABLE' | 'UNLOADING' | 'END';

/** What GetModelStatus tells of one version. */
export interface VersionStatus {
  readonly version: number;
  readonly state: VersionState;
  readonly errorCode: 'OK' | 'UNKNOWN' | 'FAILED_PRECONDITION';
  /** `OK`, or the cause of the failure. */
  readonly errorMessage: string;
}
