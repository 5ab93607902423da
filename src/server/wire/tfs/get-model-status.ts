import type { ServableSpec } from '../../model/inference.ts';
import type { VersionStatus } from '../../model/version-status.ts';
import { messageType } from '../protobuf/message-types.ts';
import { specFromFields } from './model-spec-fields.ts';

const file = 'tensorflow_serving/apis/get_model_status.proto';
const request = messageType(file, 'tensorflow.serving.GetModelStatusRequest');
const response = messageType(file, 'tensorflow.serving.GetModelStatusResponse');

/** @throws ServingError `invalid-argument` */
export function decodeGetModelStatusRequest(message: Uint8Array): ServableSpec {
  return specFromFields(request.decode(message).model_spec) ?? { name: '' };
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
