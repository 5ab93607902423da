import { type Dataplane, signatureName } from '../../dataplane/dataplane.ts';
import { toServingError } from '../../model/error.ts';
import { decodePredictRequest } from '../../wire/tfs/decode-predict-request.ts';
import { encodePredictResponse } from '../../wire/tfs/encode-predict-response.ts';
import { decodeGetModelMetadataRequest, encodeGetModelMetadataResponse } from '../../wire/tfs/get-model-metadata.ts';
import { decodeGetModelStatusRequest, encodeGetModelStatusResponse } from '../../wire/tfs/get-model-status.ts';
import { decodeReloadConfigRequest, encodeReloadConfigResponse } from '../../wire/tfs/reload-config.ts';
import type { ModelControl } from '../model-control.ts';
import { type ConfigRefusal, tellRevisions, toldOfConfig } from '../told-of-config.ts';
import { inferMethod } from './infer-method.ts';
import type { Methods } from './methods.ts';

/** The TensorFlow Serving API. What is declared there and not here (Classify, Regress, …) is answered UNIMPLEMENTED. */
export function tfsMethods(dataplane: Dataplane, config: ConfigRefusal, control: ModelControl): Methods {
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
      'tensorflow.serving.ModelService/HandleReloadConfigRequest': async (message) => {
        const models = decodeReloadConfigRequest(message);
        try {
          // Without a config it means what it means to OpenVINO Model Server: look whether the config file has changed.
          await (models ? control.replace(models) : control.reload());
          return encodeReloadConfigResponse(undefined);
        } catch (error) {
          const known = toServingError(error);
          if (known.code === 'internal') throw error;
          return encodeReloadConfigResponse(known);
        }
      },
    },
  };
}
