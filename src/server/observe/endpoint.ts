/** A way to ask for a model, as the labels of metrics tell it. */
export interface Endpoint {
  /** Its place among all. */
  readonly index: number;
  readonly api: 'TensorFlowServing' | 'KServe';
  readonly interface: 'gRPC' | 'REST';
  readonly method: 'Predict' | 'GetModelMetadata' | 'GetModelStatus' | 'ModelInfer' | 'ModelMetadata' | 'ModelReady';
  /**
   * - `inference`: asks a version to run, and counts in the times of requests.
   * - `version`: asks for something of a version.
   * - `model`: asks for a model as a whole.
   */
  readonly kind: 'inference' | 'version' | 'model';
}

const tfsGrpc = { api: 'TensorFlowServing', interface: 'gRPC' } as const;
const kserveGrpc = { api: 'KServe', interface: 'gRPC' } as const;
const kserveRest = { api: 'KServe', interface: 'REST' } as const;
const tfsRest = { api: 'TensorFlowServing', interface: 'REST' } as const;

/** All that there are: each has its metrics from the beginning, for every version that is loaded, or every model. */
export const endpoints = {
  tfsGrpcPredict: { index: 0, ...tfsGrpc, method: 'Predict', kind: 'inference' },
  tfsGrpcMetadata: { index: 1, ...tfsGrpc, method: 'GetModelMetadata', kind: 'version' },
  tfsGrpcStatus: { index: 2, ...tfsGrpc, method: 'GetModelStatus', kind: 'model' },
  kserveGrpcInfer: { index: 3, ...kserveGrpc, method: 'ModelInfer', kind: 'inference' },
  kserveGrpcMetadata: { index: 4, ...kserveGrpc, method: 'ModelMetadata', kind: 'version' },
  kserveGrpcReady: { index: 5, ...kserveGrpc, method: 'ModelReady', kind: 'model' },
  tfsRestPredict: { index: 6, ...tfsRest, method: 'Predict', kind: 'inference' },
  tfsRestMetadata: { index: 7, ...tfsRest, method: 'GetModelMetadata', kind: 'version' },
  tfsRestStatus: { index: 8, ...tfsRest, method: 'GetModelStatus', kind: 'model' },
  kserveRestInfer: { index: 9, ...kserveRest, method: 'ModelInfer', kind: 'inference' },
  kserveRestMetadata: { index: 10, ...kserveRest, method: 'ModelMetadata', kind: 'version' },
  kserveRestReady: { index: 11, ...kserveRest, method: 'ModelReady', kind: 'model' },
} as const satisfies Readonly<Record<string, Endpoint>>;

/** By their places. */
export const allEndpoints: readonly Endpoint[] = Object.values(endpoints);
