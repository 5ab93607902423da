import type { Dataplane } from '../../dataplane/dataplane.ts';
import type { ServableSpec } from '../../model/inference.ts';
import { decodeModelInferRequest, requestIdOf } from '../../wire/kserve/decode-model-infer-request.ts';
import {
  encodeModelInferResponse,
  encodeModelStreamInferError,
  encodeModelStreamInferResponse,
  type ModelInferResponse,
} from '../../wire/kserve/encode-model-infer-response.ts';
import {
  decodeModelReference,
  encodeModelMetadataResponse,
  encodeModelReadyResponse,
} from '../../wire/kserve/model.ts';
import { parseVersion } from '../../wire/kserve/model-version.ts';
import {
  decodeRepositoryIndexRequest,
  encodeRepositoryIndexResponse,
  repositoryIndex,
} from '../../wire/kserve/repository-index.ts';
import { decodeRepositoryModelRequest } from '../../wire/kserve/repository-model.ts';
import {
  encodeServerLiveResponse,
  encodeServerMetadataResponse,
  encodeServerReadyResponse,
} from '../../wire/kserve/server.ts';
import type { ModelControl } from '../model-control.ts';
import { inferMethod } from './infer-method.ts';
import type { Methods, UnaryMethod } from './methods.ts';

export interface KServeOptions {
  /** What the server is told to be, for ServerMetadata. */
  readonly serverVersion: string;
  /** Aborted when the server is about to end: it is not ready then. */
  readonly ending: AbortSignal;
  /** What loads and unloads models. */
  readonly control: ModelControl;
}

/** RepositoryModelLoadResponse, and that for unloading. */
const emptyMessage = new Uint8Array();

/** KServe's v2 protocol. What Triton adds and is not here (statistics, shared memory, …) is answered UNIMPLEMENTED. */
export function kserveMethods(dataplane: Dataplane, { serverVersion, ending, control }: KServeOptions): Methods {
  return {
    unary: {
      'inference.GRPCInferenceService/ServerLive': () => encodeServerLiveResponse(),
      'inference.GRPCInferenceService/ServerReady': () =>
        encodeServerReadyResponse(!ending.aborted && (dataplane.readiness()?.isReady ?? false)),
      'inference.GRPCInferenceService/ServerMetadata': () => encodeServerMetadataResponse(serverVersion),
      'inference.GRPCInferenceService/ModelReady': (message, call) =>
        encodeModelReadyResponse(dataplane.isAvailable(referred(dataplane, message), call)),
      'inference.GRPCInferenceService/ModelMetadata': (message, call) => {
        const { servable, signature } = dataplane.metadata(referred(dataplane, message), call);
        return encodeModelMetadataResponse(servable.name, dataplane.availableVersions(servable.name), signature);
      },
      'inference.GRPCInferenceService/ModelInfer': inferWith(dataplane, encodeModelInferResponse),
      'inference.GRPCInferenceService/RepositoryIndex': (message) =>
        encodeRepositoryIndexResponse(repositoryIndex(dataplane.statuses(), decodeRepositoryIndexRequest(message))),
      'inference.GRPCInferenceService/RepositoryModelLoad': async (message) => {
        await control.load(decodeRepositoryModelRequest('load', message));
        return emptyMessage;
      },
      'inference.GRPCInferenceService/RepositoryModelUnload': async (message) => {
        await control.unload(decodeRepositoryModelRequest('unload', message));
        return emptyMessage;
      },
    },
    exchanges: {
      'inference.GRPCInferenceService/ModelStreamInfer': {
        answer: inferWith(dataplane, encodeModelStreamInferResponse),
        refuse: (message, error) => encodeModelStreamInferError(error.message, requestIdOf(message)),
      },
    },
  };
}

function inferWith(dataplane: Dataplane, encode: (response: ModelInferResponse) => Uint8Array): UnaryMethod {
  return inferMethod(dataplane, {
    decode: decodeModelInferRequest,
    encode: ({ servable: { name, version }, outputs, sequenceId }, { id }) =>
      encode({ name, version, id, outputs, sequenceId }),
    // It looks for a model, for a pipeline and then for a graph, and says so.
    notFound: 'Mediapipe graph definition with requested name is not found',
  });
}

/** What ModelReady and ModelMetadata are asked about; unlike for an inference, 0 is a version that there is not. */
function referred(dataplane: Dataplane, message: Uint8Array): ServableSpec {
  const { name, version: text } = decodeModelReference(message);
  dataplane.checkName(name);
  const version = parseVersion(text);
  return version === undefined ? { name } : { name, version };
}
