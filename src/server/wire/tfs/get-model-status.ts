import type { ServableSpec } from '../../model/inference.ts';
import type { VersionStatus } from '../../model/version-status.ts';
import { messageType } from '../protobuf/message-types.ts';
import { ProtoReader, wireType } from '../protobuf/reader.ts';
import { type ModelSpec, readModelSpec, servableOf } from './decode-model-spec.ts';

const response = messageType(
  'tensorflow_serving/apis/get_model_status.proto',
  'tensorflow.serving.GetModelStatusResponse',
);

/** @throws ServingError `invalid-argument` */
export function decodeGetModelStatusRequest(message: Uint8Array): ServableSpec {
  const reader = new ProtoReader(message);
  const spec: ModelSpec = { name: '' };
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === ((1 << 3) | wireType.bytes)) readModelSpec(reader.message(), spec);
    else reader.skip(tag);
  }
  return servableOf(spec);
}

export function encodeGetModelStatusResponse(statuses: readonly VersionStatus[]): Uint8Array {
  return response.encode({
    model_version_status: statuses.map(({ version, state, errorCode, errorMessage }) => ({
      version,
      state,
      status: { error_code: errorCode, error_message: errorMessage },
    })),
  });
}
