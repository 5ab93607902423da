import { type Endpoint, endpoints } from '../../observe/endpoint.ts';
import { measured } from '../../observe/measured.ts';
import type { Meters } from '../../observe/meter.ts';
import type { Methods } from './methods.ts';

const measuredEndpoints: Readonly<Record<string, Endpoint>> = {
  'tensorflow.serving.PredictionService/Predict': endpoints.tfsGrpcPredict,
  'tensorflow.serving.PredictionService/GetModelMetadata': endpoints.tfsGrpcMetadata,
  'tensorflow.serving.ModelService/GetModelStatus': endpoints.tfsGrpcStatus,
};

/** The same methods, of which those are measured that ask for models. */
export function measuredMethods({ unary, streaming }: Methods, meters: Meters): Methods {
  const wrapped = Object.entries(unary).map(([name, method]) => {
    const endpoint = measuredEndpoints[name];
    return [name, endpoint ? measured(endpoint, meters, method) : method];
  });
  return { unary: Object.fromEntries(wrapped), streaming };
}
