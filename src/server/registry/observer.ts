import type { LoadedModel } from '../engine/engine.ts';
import type { WarmUpOutcome } from '../engine/warm-up.ts';
import type { VersionStatus } from '../model/version-status.ts';

/** Who is told what happens to versions: logs, spans, metrics. Never throws. */
export interface RegistryObserver {
  /** A version's public status is another one now. */
  stateChanged(name: string, status: VersionStatus): void;
  /** A label stands for another version now, or for its first. */
  labelMoved?(name: string, label: string, version: number): void;
  /** @returns called at the end of the load, with the error if it failed */
  loading(name: string, version: number, directory: string): (error?: unknown) => void;
  /** Called when a version that was loaded has been run before it serves. */
  warmedUp?(name: string, version: number, outcome: WarmUpOutcome): void;
  /** Called when a load has succeeded, before requests find the model; it may take the place of an older load of the version. */
  loaded?(name: string, version: number, model: LoadedModel): void;
  /** @returns called when its memory has been given back, with the error if that failed */
  unloading(name: string, version: number): (error?: unknown) => void;
}

/** Tells each of them, in this order. */
export function observers(...all: readonly RegistryObserver[]): RegistryObserver {
  return {
    stateChanged(name, status) {
      for (const observer of all) observer.stateChanged(name, status);
    },
    labelMoved(name, label, version) {
      for (const observer of all) observer.labelMoved?.(name, label, version);
    },
    loading(name, version, directory) {
      const ends = all.map((observer) => observer.loading(name, version, directory));
      return (error) => {
        for (const end of ends) end(error);
      };
    },
    loaded(name, version, model) {
      for (const observer of all) observer.loaded?.(name, version, model);
    },
    warmedUp(name, version, outcome) {
      for (const observer of all) observer.warmedUp?.(name, version, outcome);
    },
    unloading(name, version) {
      const ends = all.map((observer) => observer.unloading(name, version));
      return (error) => {
        for (const end of ends) end(error);
      };
    },
  };
}
