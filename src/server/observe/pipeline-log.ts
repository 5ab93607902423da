import type { Logger } from '../../shared/log.ts';
import type { VersionStatus } from '../model/version-status.ts';

/** Tells the log what happens to pipelines. */
export function pipelineLog(log: Logger) {
  return {
    stateChanged(name: string, { state, errorCode, errorMessage }: VersionStatus) {
      const fields = { pipeline: name, state, error_code: errorCode };
      const text = `STATUS CHANGE: Pipeline ${name} status change. New status: ( "state": "${state}", "error_code": "${errorCode}" )`;
      if (errorCode === 'OK') log.info(fields, text);
      else log.error({ ...fields, cause: errorMessage }, text);
    },
    notClosed(name: string, error: unknown) {
      log.error({ pipeline: name, err: error }, 'The custom nodes of the pipeline could not be closed');
    },
  };
}
