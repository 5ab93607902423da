import type { Logger } from '../../shared/log.ts';
import type { VersionStatus } from '../model/version-status.ts';
import { attribute } from './attributes.ts';
import type { Tracing } from './span.ts';

/** How a version was warmed up. */
interface Outcome {
  readonly kind: string;
  readonly requests: number;
  readonly failures: readonly string[];
}

/** Tells the log and the traces what happens to versions. */
export function versionLog(log: Logger, tracing: Tracing | undefined) {
  const begin = (what: string, name: string, version: number) =>
    tracing?.span(`model ${what}`, { [attribute.modelName]: name, [attribute.modelVersion]: version });
  return {
    stateChanged(name: string, { version, state, errorCode, errorMessage }: VersionStatus) {
      const fields = { model: name, version, state, error_code: errorCode };
      const text = `STATUS CHANGE: Version ${version} of model ${name} status change. New status: ( "state": "${state}", "error_code": "${errorCode}" )`;
      if (errorCode !== 'OK') log.error({ ...fields, cause: errorMessage }, text);
      else log.info(errorMessage === 'OK' ? fields : { ...fields, cause: errorMessage }, text);
    },
    labelMoved(name: string, label: string, version: number) {
      log.info({ model: name, label, version }, `The label ${label} of model ${name} stands for version ${version}`);
    },
    loading(name: string, version: number, directory: string) {
      const span = begin('load', name, version);
      log.info({ model: name, version, directory }, 'Loading model version');
      return (error?: unknown) => span?.end(error);
    },
    warmedUp(name: string, version: number, { kind, requests, failures }: Outcome) {
      const fields = { model: name, version, kind, requests };
      if (failures.length === 0) log.debug(fields, 'Warmed the model version up');
      else log.warn({ ...fields, failures }, 'The model version serves without having been warmed up as it should');
    },
    unloading(name: string, version: number) {
      const span = begin('unload', name, version);
      return (error?: unknown) => {
        if (error === undefined) log.info({ model: name, version }, 'Unloaded model version');
        else log.error({ model: name, version, err: error }, 'The model version could not be unloaded');
        span?.end(error);
      };
    },
  };
}
