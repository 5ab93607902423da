import type { InferRequest, InputTensor } from '../../model/inference.ts';
import { ProtoReader, wireType } from '../protobuf/reader.ts';
import { type ModelSpec, readModelSpec, servableOf } from './decode-model-spec.ts';
import { decodeTensorProto } from './decode-tensor-proto.ts';

const missing: InputTensor = { precision: 'DataType 0', shape: [], payload: { kind: 'bytes', bytes: Buffer.alloc(0) } };

/**
 * A `tensorflow.serving.PredictRequest`. Tensors are views over the message.
 * @throws ServingError `invalid-argument` if the bytes are no such message
 */
export function decodePredictRequest(message: Uint8Array): InferRequest {
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
        readEntry(reader.message(), inputs);
        break;
      case (3 << 3) | wireType.bytes:
        outputFilter.push(reader.string());
        break;
      default:
        reader.skip(tag);
    }
  }
  const request = { servable: servableOf(spec), inputs, outputFilter };
  return spec.signatureName ? { ...request, signatureName: spec.signatureName } : request;
}

function readEntry(reader: ProtoReader, inputs: Map<string, InputTensor>): void {
  let name = '';
  /** Of the value, which comes in more than one piece only in messages that nobody's encoder writes. */
  const pieces: Buffer[] = [];
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === ((1 << 3) | wireType.bytes)) name = reader.string();
    else if (tag === ((2 << 3) | wireType.bytes)) pieces.push(reader.view());
    else reader.skip(tag);
  }
  const [first] = pieces;
  // Pieces of one message, one behind the other, are that message.
  const value = pieces.length > 1 ? Buffer.concat(pieces) : first;
  inputs.set(name, value ? decodeTensorProto(new ProtoReader(value)) : missing);
}
