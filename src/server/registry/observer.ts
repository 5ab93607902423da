import type { VersionStatus } from '../model/version-status.ts';

/** Who is told what happens to versions: logs, spans, metrics. Never throws. */
export interface RegistryObserver {
  /** A version's public status is another one now. */
  stateChanged(name: string, status: VersionStatus): void;
  /** A label stands for another version now, or for its first. */
  labelMoved(name: string, label: string, version: number): void;
  /** @returns called at the end of the load, with the error if it failed */
  loading(name: string, version: number, directory: string): (error?: unknown) => void;
  /** @returns called when its memory has been given back, with the error if that failed */
  unloading(name: string, version: number): (error?: unknown) => void;
}
