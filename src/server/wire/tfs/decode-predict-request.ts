import { ServingError } from '../../model/error.ts';
import type { InferRequest, InputTensor, TakeMemory } from '../../model/inference.ts';
import { ProtoReader, wireType } from '../protobuf/reader.ts';
import { type ModelSpec, readModelSpec, servableOf } from './decode-model-spec.ts';
import { decodeTensorProto } from './decode-tensor-proto.ts';

const missing: InputTensor = {
  precision: 'INVALID (DataType 0)',
  shape: [],
  payload: { kind: 'bytes', bytes: Buffer.alloc(0) },
};

/** More inputs or outputs than any model has: names cost many times their bytes, which a message may hold a gigabyte of. */
const mostNames = 65_536;

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
        if (inputs.size > mostNames) throw tooMany('inputs');
        break;
      case (3 << 3) | wireType.bytes:
        outputFilter.push(reader.string());
        if (outputFilter.length > mostNames) throw tooMany('names in output_filter');
        break;
      default:
        reader.skip(tag);
    }
  }
  const request = { servable: servableOf(spec), inputs, outputFilter };
  return spec.signatureName ? { ...request, signatureName: spec.signatureName } : request;
}

function tooMany(what: string): ServingError {
  return new ServingError('invalid-argument', `Too many ${what} - Expected: at most ${mostNames}; Actual: more`);
}

function readEntry(reader: ProtoReader, inputs: Map<string, InputTensor>, take: TakeMemory): void {
  const begin = reader.position;
  let name = '';
  let value: ProtoReader | undefined;
  let inPieces = false;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === ((1 << 3) | wireType.bytes)) name = reader.string();
    else if (tag === valueTag) {
      inPieces = value !== undefined;
      value = reader.message();
    } else reader.skip(tag);
  }
  if (inPieces) value = new ProtoReader(joinPieces(new ProtoReader(reader.bytes, begin, reader.end), take));
  inputs.set(name, value ? decodeTensorProto(value, take) : missing);
}

const valueTag = (2 << 3) | wireType.bytes;

/** Pieces of one message, one behind the other, are that message. No known encoder writes pieces; protobuf allows them. */
function joinPieces(entry: ProtoReader, take: TakeMemory): Buffer {
  take(entry.end - entry.position);
  const joined = Buffer.allocUnsafe(entry.end - entry.position);
  let length = 0;
  while (!entry.done) {
    const tag = entry.tag();
    if (tag !== valueTag) {
      entry.skip(tag);
      continue;
    }
    const size = entry.length();
    const begin = entry.advance(size);
    entry.bytes.copy(joined, length, begin, begin + size);
    length += size;
  }
  return joined.subarray(0, length);
}
