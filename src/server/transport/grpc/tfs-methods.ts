import { type Answer, type Dataplane, signatureName } from '../../dataplane/dataplane.ts';
import { ServingError } from '../../model/error.ts';
import type { InferRequest } from '../../model/inference.ts';
import type { CallContext } from '../../observe/call-context.ts';
import { decodePredictRequest } from '../../wire/tfs/decode-predict-request.ts';
import { encodePredictResponse } from '../../wire/tfs/encode-predict-response.ts';
import { decodeGetModelMetadataRequest, encodeGetModelMetadataResponse } from '../../wire/tfs/get-model-metadata.ts';
import { decodeGetModelStatusRequest, encodeGetModelStatusResponse } from '../../wire/tfs/get-model-status.ts';
import type { Methods } from './methods.ts';

/** The TensorFlow Serving API. What is declared there and not here (Classify, Regress, …) is answered UNIMPLEMENTED. */
export function tfsMethods(dataplane: Dataplane): Methods {
  return {
    unary: {
      'tensorflow.serving.PredictionService/Predict': (message, call) => predict(dataplane, message, call),
      'tensorflow.serving.PredictionService/GetModelMetadata': (message, call) => {
        const { servable, signature } = dataplane.metadata(decodeGetModelMetadataRequest(message), call);
        return encodeGetModelMetadataResponse(servable, signature);
      },
      'tensorflow.serving.ModelService/GetModelStatus': (message, call) =>
        encodeGetModelStatusResponse(dataplane.status(decodeGetModelStatusRequest(message), call)),
    },
    streaming: {},
  };
}

function predict(dataplane: Dataplane, message: Uint8Array, call: CallContext): Uint8Array | Promise<Uint8Array> {
  const request = decode(message, call);
  let answer: Answer | Promise<Answer>;
  try {
    answer = dataplane.infer(request, call);
  } catch (error) {
    throw asPredictError(error);
  }
  if (answer instanceof Promise) {
    return answer.then(
      (ready) => encode(ready, call),
      (error) => {
        throw asPredictError(error);
      },
    );
  }
  return encode(answer, call);
}

function decode(message: Uint8Array, call: CallContext): InferRequest {
  const decoding = call.span?.child('decode');
  try {
    const request = decodePredictRequest(message, call.takeMemory);
    decoding?.end();
    return request;
  } catch (error) {
    decoding?.end(error);
    throw error;
  }
}

function encode(answer: Answer, call: CallContext): Uint8Array {
  const encoding = call.span?.child('encode');
  try {
    const { name, version } = answer.servable;
    return encodePredictResponse({ name, version, signatureName, outputs: answer.outputs });
  } finally {
    answer.release();
    encoding?.end();
  }
}

/** Predict looks for a model and then for a pipeline, and says so. */
function asPredictError(error: unknown): unknown {
  if (!(error instanceof ServingError) || error.code !== 'servable-not-found') return error;
  return new ServingError(error.code, 'Pipeline with requested name is not found');
}
