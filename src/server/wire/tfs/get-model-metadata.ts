import { ServingError } from '../../model/error.ts';
import type { ServableSpec } from '../../model/inference.ts';
import { isStatic, type Signature, type TensorInfo } from '../../model/signature.ts';
import { type Fields, messageType } from '../protobuf/message-types.ts';
import { dataType } from './data-type.ts';
import { specFromFields } from './model-spec-fields.ts';

const file = 'tensorflow_serving/apis/get_model_metadata.proto';
const request = messageType(file, 'tensorflow.serving.GetModelMetadataRequest');
const response = messageType(file, 'tensorflow.serving.GetModelMetadataResponse');
const signatureDefMap = messageType(file, 'tensorflow.serving.SignatureDefMap');

/** The one signature that a served model has. */
export const defaultSignature = 'serving_default';

/** @throws ServingError `invalid-argument` if it names no model or asks for anything but the signatures */
export function decodeGetModelMetadataRequest(message: Uint8Array): ServableSpec {
  const { model_spec, metadata_field } = request.decode(message) as { model_spec?: Fields; metadata_field?: string[] };
  const spec = specFromFields(model_spec);
  if (!spec) throw new ServingError('invalid-argument', 'model_spec missing in request');
  if (metadata_field?.length !== 1 || metadata_field[0] !== 'signature_def') {
    throw new ServingError('invalid-argument', 'Invalid signature name');
  }
  return spec;
}

/** @param servable the version that was asked */
export function encodeGetModelMetadataResponse(
  servable: { readonly name: string; readonly version: number },
  signature: Signature,
): Uint8Array {
  const { inputs, outputs } = signature;
  const value = signatureDefMap.encode({
    signature_def: { [defaultSignature]: { inputs: tensorInfos(inputs), outputs: tensorInfos(outputs) } },
  });
  return response.encode({
    model_spec: { name: servable.name, version: { value: servable.version } },
    metadata: { signature_def: { type_url: 'type.googleapis.com/tensorflow.serving.SignatureDefMap', value } },
  });
}

function tensorInfos(infos: readonly TensorInfo[]): Fields {
  return Object.fromEntries(
    infos.map(({ name, precision, shape }) => [
      name,
      { name, dtype: dataType[precision], tensor_shape: shape ? { dim: shape.map(dim) } : { unknown_rank: true } },
    ]),
  );
}

/** Ranges are told as any size: the message has no way to say more. */
function dim(size: { readonly min: number; readonly max: number }): Fields {
  return { size: isStatic(size) ? size.min : -1 };
}
