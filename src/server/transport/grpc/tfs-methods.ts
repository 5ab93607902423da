import { type Dataplane, signatureName } from '../../dataplane/dataplane.ts';
import type { VersionStatus } from '../../model/version-status.ts';
import { decodePredictRequest } from '../../wire/tfs/decode-predict-request.ts';
import { encodePredictResponse } from '../../wire/tfs/encode-predict-response.ts';
import { decodeGetModelMetadataRequest, encodeGetModelMetadataResponse } from '../../wire/tfs/get-model-metadata.ts';
import { decodeGetModelStatusRequest, encodeGetModelStatusResponse } from '../../wire/tfs/get-model-status.ts';
import { inferMethod } from './infer-method.ts';
import type { Methods } from './methods.ts';

/**
 * The TensorFlow Serving API. What is declared there and not here (Classify, Regress, …) is answered UNIMPLEMENTED.
 * @param configProblems why what the config file says now is not in force
 */
export function tfsMethods(dataplane: Dataplane, configProblems: () => readonly string[]): Methods {
  return {
    unary: {
      'tensorflow.serving.PredictionService/Predict': inferMethod(dataplane, {
        decode: decodePredictRequest,
        encode: ({ servable: { name, version }, outputs }) =>
          encodePredictResponse({ name, version, signatureName, outputs }),
        // It looks for a model and then for a pipeline, and says so.
        notFound: 'Pipeline with requested name is not found',
      }),
      'tensorflow.serving.PredictionService/GetModelMetadata': (message, call) => {
        const { servable, signature } = dataplane.metadata(decodeGetModelMetadataRequest(message), call);
        return encodeGetModelMetadataResponse(servable, signature);
      },
      'tensorflow.serving.ModelService/GetModelStatus': (message, call) => {
        const statuses = dataplane.status(decodeGetModelStatusRequest(message), call);
        return encodeGetModelStatusResponse(toldOfConfig(statuses, configProblems()));
      },
    },
  };
}

/** A file with problems has as many as one likes; the log has all of them. */
const mostProblems = 3;

/**
 * What serves by a config that the file does not say any more tells so, as a version does whose changed files do not load: a
 * caller who looks only at the states would take the new config for served.
 */
function toldOfConfig(statuses: readonly VersionStatus[], problems: readonly string[]): readonly VersionStatus[] {
  if (problems.length === 0) return statuses;
  const more = problems.length > mostProblems ? [`and ${problems.length - mostProblems} more`] : [];
  const told = [...problems.slice(0, mostProblems), ...more].join('; ');
  const errorMessage = `The config file has problems; what it said before stays in force - ${told}`;
  return statuses.map((status) =>
    status.state === 'AVAILABLE' && status.errorCode === 'OK'
      ? { ...status, errorCode: 'UNKNOWN', errorMessage }
      : status,
  );
}
