import { type Endpoint, endpoints } from '../../observe/endpoint.ts';
import { measured } from '../../observe/measured.ts';
import type { Meters } from '../../observe/meter.ts';
import type { Methods, UnaryMethod } from './methods.ts';

const measuredEndpoints: Readonly<Record<string, Endpoint>> = {
  'tensorflow.serving.PredictionService/Predict': endpoints.tfsGrpcPredict,
  'tensorflow.serving.PredictionService/GetModelMetadata': endpoints.tfsGrpcMetadata,
  'tensorflow.serving.ModelService/GetModelStatus': endpoints.tfsGrpcStatus,
  'inference.GRPCInferenceService/ModelInfer': endpoints.kserveGrpcInfer,
  'inference.GRPCInferenceService/ModelStreamInfer': endpoints.kserveGrpcInfer,
  'inference.GRPCInferenceService/ModelMetadata': endpoints.kserveGrpcMetadata,
  'inference.GRPCInferenceService/ModelReady': endpoints.kserveGrpcReady,
};

/** The same methods, of which those are measured that ask for models; of a stream, each message is. */
export function measuredMethods({ unary, streaming, exchanges }: Required<Methods>, meters: Meters): Required<Methods> {
  const wrap = (name: string, method: UnaryMethod) => {
    const endpoint = measuredEndpoints[name];
    return endpoint ? measured(endpoint, meters, method) : method;
  };
  return {
    unary: Object.fromEntries(Object.entries(unary).map(([name, method]) => [name, wrap(name, method)])),
    streaming,
    exchanges: Object.fromEntries(
      Object.entries(exchanges).map(([name, { answer, refuse }]) => [name, { answer: wrap(name, answer), refuse }]),
    ),
  };
}
