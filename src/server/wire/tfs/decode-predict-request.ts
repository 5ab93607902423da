import type { InferRequest, InputTensor, ServableSpec } from '../../model/inference.ts';
import { ProtoReader, wireType } from '../protobuf/reader.ts';
import { type ModelSpec, readModelSpec } from './decode-model-spec.ts';
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

/** Version 0 and an empty label ask for nothing. */
export function servableOf(spec: ModelSpec): ServableSpec {
  if (spec.version) return { name: spec.name, version: spec.version };
  return spec.label ? { name: spec.name, label: spec.label } : { name: spec.name };
}

function readEntry(reader: ProtoReader, inputs: Map<string, InputTensor>): void {
  let name = '';
  /** Pieces of the value, of which there is more than one only in messages that nobody's encoder writes. */
  let value: Buffer | undefined;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === ((1 << 3) | wireType.bytes)) name = reader.string();
    else if (tag === ((2 << 3) | wireType.bytes)) {
      const piece = reader.view();
      // Two pieces of one message, one behind the other, are that message.
      value = value ? Buffer.concat([value, piece]) : piece;
    } else reader.skip(tag);
  }
  inputs.set(name, value ? decodeTensorProto(new ProtoReader(value)) : missing);
}
