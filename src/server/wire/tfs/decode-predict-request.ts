import type { InferRequest, InputTensor, TakeMemory } from '../../model/inference.ts';
import { checkNames } from '../protobuf/bounds.ts';
import { joinPieces } from '../protobuf/join-pieces.ts';
import { ProtoReader, wireType } from '../protobuf/reader.ts';
import { type ModelSpec, readModelSpec, servableOf } from './decode-model-spec.ts';
import { decodeTensorProto } from './decode-tensor-proto.ts';

const missing: InputTensor = {
  precision: 'INVALID (DataType 0)',
  shape: [],
  payload: { kind: 'bytes', bytes: Buffer.alloc(0) },
};

/**
 * A `tensorflow.serving.PredictRequest`. Tensors are views over the message.
 * @param take called with the bytes of whatever is not a view over the message
 * @throws ServingError `invalid-argument` if the bytes are no such message, and what `take` throws
 */
export function decodePredictRequest(message: Uint8Array, take: TakeMemory): InferRequest {
  const reader = new ProtoReader(message);
  const spec: ModelSpec = { name: '' };
  const inputs = new Map<string, InputTensor>();
  const outputFilter: string[] = [];
  while (!reader.done) {
    const tag = reader.tag();
    switch (tag) {
      case (1 << 3) | wireType.bytes:
        readModelSpec(reader.message(), spec);
        break;
      case (2 << 3) | wireType.bytes:
        readEntry(reader.message(), inputs, take);
        checkNames(inputs.size, 'inputs');
        break;
      case (3 << 3) | wireType.bytes:
        outputFilter.push(reader.string());
        checkNames(outputFilter.length, 'names in output_filter');
        break;
      default:
        reader.skip(tag);
    }
  }
  const request = { servable: servableOf(spec), inputs, outputFilter };
  return spec.signatureName ? { ...request, signatureName: spec.signatureName } : request;
}

const valueField = 2;

function readEntry(reader: ProtoReader, inputs: Map<string, InputTensor>, take: TakeMemory): void {
  const begin = reader.position;
  let name = '';
  let value: ProtoReader | undefined;
  let inPieces = false;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === ((1 << 3) | wireType.bytes)) name = reader.string();
    else if (tag === ((valueField << 3) | wireType.bytes)) {
      inPieces = value !== undefined;
      value = reader.message();
    } else reader.skip(tag);
  }
  if (inPieces) value = joinPieces(new ProtoReader(reader.bytes, begin, reader.end), valueField, take);
  inputs.set(name, value ? decodeTensorProto(value, take) : missing);
}
