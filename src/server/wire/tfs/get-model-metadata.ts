import { ServingError } from '../../model/error.ts';
import type { ServableSpec } from '../../model/inference.ts';
import { isStatic, type Signature, type TensorInfo } from '../../model/signature.ts';
import { type Fields, messageType } from '../protobuf/message-types.ts';
import { ProtoReader, wireType } from '../protobuf/reader.ts';
import { dataType } from './data-type.ts';
import { type ModelSpec, readModelSpec, servableOf } from './decode-model-spec.ts';

const file = 'tensorflow_serving/apis/get_model_metadata.proto';
const response = messageType(file, 'tensorflow.serving.GetModelMetadataResponse');
const signatureDefMap = messageType(file, 'tensorflow.serving.SignatureDefMap');

/** The one signature that a served model has. */
export const defaultSignature = 'serving_default';

/** @throws ServingError `invalid-argument` if it names no model or asks for anything but the signatures */
export function decodeGetModelMetadataRequest(message: Uint8Array): ServableSpec {
  const reader = new ProtoReader(message);
  let fields = 0;
  let field = '';
  let spec: ModelSpec | undefined;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === ((1 << 3) | wireType.bytes)) spec = readModelSpec(reader.message(), spec ?? { name: '' });
    else if (tag === ((2 << 3) | wireType.bytes)) {
      fields++;
      field = reader.string();
    } else reader.skip(tag);
  }
  if (!spec) throw new ServingError('invalid-argument', 'model_spec missing in request');
  if (fields !== 1 || field !== 'signature_def') {
    throw new ServingError('invalid-argument', 'Invalid signature name');
  }
  return servableOf(spec);
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
