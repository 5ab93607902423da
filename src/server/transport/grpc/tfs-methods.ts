import { type Dataplane, signatureName } from '../../dataplane/dataplane.ts';
import { decodePredictRequest } from '../../wire/tfs/decode-predict-request.ts';
import { encodePredictResponse } from '../../wire/tfs/encode-predict-response.ts';
import { decodeGetModelMetadataRequest, encodeGetModelMetadataResponse } from '../../wire/tfs/get-model-metadata.ts';
import { decodeGetModelStatusRequest, encodeGetModelStatusResponse } from '../../wire/tfs/get-model-status.ts';
import { type ConfigRefusal, tellRevisions, toldOfConfig } from '../told-of-config.ts';
import { inferMethod } from './infer-method.ts';
import type { Methods } from './methods.ts';

/** The TensorFlow Serving API. What is declared there and not here (Classify, Regress, …) is answered UNIMPLEMENTED. */
export function tfsMethods(dataplane: Dataplane, config: ConfigRefusal): Methods {
  return {
    unary: {
      'tensorflow.serving.PredictionService/Predict': inferMethod(dataplane, {
        decode: decodePredictRequest,
        encode: ({ servable: { name, version }, outputs, sequenceId }) =>
          encodePredictResponse({ name, version, signatureName, outputs, sequenceId }),
        // It looks for a model and then for a pipeline, and says so.
        notFound: 'Pipeline with requested name is not found',
      }),
      'tensorflow.serving.PredictionService/GetModelMetadata': (message, call) => {
        const { servable, signature } = dataplane.metadata(decodeGetModelMetadataRequest(message), call);
        return encodeGetModelMetadataResponse(servable, signature);
      },
      'tensorflow.serving.ModelService/GetModelStatus': (message, call) => {
        const spec = decodeGetModelStatusRequest(message);
        const statuses = dataplane.status(spec, call);
        tellRevisions(call, dataplane.revisionInForce(spec.name), config.refused());
        return encodeGetModelStatusResponse(toldOfConfig(statuses, config.problems()));
      },
    },
  };
}
