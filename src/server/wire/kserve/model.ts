import { isStatic, type Signature, type TensorInfo } from '../../model/signature.ts';
import { type Fields, messageType } from '../protobuf/message-types.ts';
import { ProtoReader, wireType } from '../protobuf/reader.ts';
import { datatype } from './datatype.ts';

const file = 'grpc_predict_v2.proto';
const ready = messageType(file, 'inference.ModelReadyResponse');
const metadata = messageType(file, 'inference.ModelMetadataResponse');

/** What runs every model. */
export const platform = 'OpenVINO';

/** What ModelReady and ModelMetadata ask for. The version is not yet looked at: an unknown name is told first. */
export interface ModelReference {
  readonly name: string;
  readonly version: string;
}

/** @throws ServingError `invalid-argument` */
export function decodeModelReference(message: Uint8Array): ModelReference {
  const reader = new ProtoReader(message);
  let name = '';
  let version = '';
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === ((1 << 3) | wireType.bytes)) name = reader.string();
    else if (tag === ((2 << 3) | wireType.bytes)) version = reader.string();
    else reader.skip(tag);
  }
  return { name, version };
}

export function encodeModelReadyResponse(isReady: boolean): Uint8Array {
  return ready.encode({ ready: isReady });
}

/** @param versions those that are available */
export function encodeModelMetadataResponse(
  name: string,
  versions: readonly number[],
  { inputs, outputs }: Signature,
): Uint8Array {
  return metadata.encode({
    name,
    versions: versions.map(String),
    platform,
    inputs: inputs.map(tensorMetadata),
    outputs: outputs.map(tensorMetadata),
  });
}

/** The same as JSON. */
export function encodeModelMetadataJson(
  name: string,
  versions: readonly number[],
  { inputs, outputs }: Signature,
): string {
  return JSON.stringify({
    name,
    versions: versions.map(String),
    platform,
    inputs: inputs.map(tensorMetadata),
    outputs: outputs.map(tensorMetadata),
  });
}

function tensorMetadata(info: TensorInfo): Fields {
  return { name: info.name, datatype: datatype[info.precision], shape: dimensions(info) };
}

/**
 * Sizes as KServe tells them, be it in messages or in JSON: -1 for any that is not fixed, ranges among them. A rank that is open cannot be
 * told; there are no sizes then.
 */
export function dimensions({ shape }: TensorInfo): number[] {
  return (shape ?? []).map((size) => (isStatic(size) ? size.min : -1));
}
