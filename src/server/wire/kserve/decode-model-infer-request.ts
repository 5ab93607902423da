import { ServingError } from '../../model/error.ts';
import type { InferRequest, InputTensor, Payload, TakeMemory } from '../../model/inference.ts';
import { addDimension, checkNames } from '../protobuf/bounds.ts';
import { joinPieces } from '../protobuf/join-pieces.ts';
import { ProtoReader, wireType } from '../protobuf/reader.ts';
import { precisionOf } from './datatype.ts';
import { decodeContents } from './infer-tensor-contents.ts';
import { parseVersion } from './model-version.ts';
import { SequenceParameters } from './sequence-parameters.ts';

export interface ModelInferRequest extends InferRequest {
  /** Comes back in the answer. */
  readonly id: string;
}

/** An input before it is known where its elements are. */
interface Input {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly contents: ProtoReader | undefined;
}

/**
 * An `inference.ModelInferRequest`. Tensors are views over the message. Of its parameters those are read that
 * tell a sequence; those of its inputs are passed over.
 * @param take called with the bytes of whatever is not a view over the message
 * @throws ServingError `invalid-argument` if the bytes are no such message, and what `take` throws
 */
export function decodeModelInferRequest(message: Uint8Array, take: TakeMemory): ModelInferRequest {
  const reader = new ProtoReader(message);
  let name = '';
  let version = '';
  let id = '';
  const inputs: Input[] = [];
  const outputFilter: string[] = [];
  const raw: Buffer[] = [];
  let sequence: SequenceParameters | undefined;
  while (!reader.done) {
    const tag = reader.tag();
    switch (tag) {
      case (1 << 3) | wireType.bytes:
        name = reader.string();
        break;
      case (2 << 3) | wireType.bytes:
        version = reader.string();
        break;
      case (3 << 3) | wireType.bytes:
        id = reader.string();
        break;
      case (4 << 3) | wireType.bytes:
        sequence ??= new SequenceParameters();
        sequence.readEntry(reader.message());
        break;
      case (5 << 3) | wireType.bytes:
        inputs.push(readInput(reader.message(), take));
        checkNames(inputs.length, 'inputs');
        break;
      case (6 << 3) | wireType.bytes:
        outputFilter.push(readName(reader.message()));
        checkNames(outputFilter.length, 'outputs');
        break;
      case (7 << 3) | wireType.bytes:
        raw.push(reader.view());
        checkNames(raw.length, 'raw_input_contents');
        break;
      default:
        reader.skip(tag);
    }
  }
  const number = parseVersion(version);
  const plain = {
    id,
    // Version 0 asks for none.
    servable: number ? { name, version: number } : { name },
    inputs: tensorsOf(inputs, raw, take),
    outputFilter,
    dialect: 'KServe' as const,
  };
  const request = sequence?.step ? { ...plain, sequence: sequence.step } : plain;
  const fault = raw.length > 0 ? faultOf(inputs, raw.length) : undefined;
  return fault ? { ...request, fault } : request;
}

/** The request's id, for an answer to a message that cannot be read or whose request has failed; empty if there is none. */
export function requestIdOf(message: Uint8Array): string {
  const reader = new ProtoReader(message);
  let id = '';
  try {
    while (!reader.done) {
      const tag = reader.tag();
      if (tag === ((3 << 3) | wireType.bytes)) id = reader.string();
      else reader.skip(tag);
    }
  } catch {
    // What comes behind cannot be read.
  }
  return id;
}

const contentsField = 5;

function readInput(reader: ProtoReader, take: TakeMemory): Input {
  const begin = reader.position;
  let name = '';
  let datatype = '';
  const shape: number[] = [];
  let contents: ProtoReader | undefined;
  let inPieces = false;
  while (!reader.done) {
    const tag = reader.tag();
    switch (tag) {
      case (1 << 3) | wireType.bytes:
        name = reader.string();
        break;
      case (2 << 3) | wireType.bytes:
        datatype = reader.string();
        break;
      case (3 << 3) | wireType.bytes: {
        const packed = reader.message();
        while (!packed.done) addDimension(shape, packed.int64());
        break;
      }
      case (3 << 3) | wireType.varint:
        addDimension(shape, reader.int64());
        break;
      case (contentsField << 3) | wireType.bytes:
        inPieces = contents !== undefined;
        contents = reader.message();
        break;
      default:
        reader.skip(tag);
    }
  }
  if (inPieces) contents = joinPieces(new ProtoReader(reader.bytes, begin, reader.end), contentsField, take);
  return { name, datatype, shape, contents };
}

function readName(reader: ProtoReader): string {
  let name = '';
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === ((1 << 3) | wireType.bytes)) name = reader.string();
    else reader.skip(tag);
  }
  return name;
}

function tensorsOf(inputs: readonly Input[], raw: readonly Buffer[], take: TakeMemory): Map<string, InputTensor> {
  const tensors = new Map<string, InputTensor>();
  for (let i = 0; i < inputs.length; i++) {
    const { name, datatype, shape, contents } = inputs[i]!;
    if (tensors.has(name)) {
      throw new ServingError(
        'invalid-argument',
        `Invalid number of inputs - Expected: each input once; Actual: ${name} twice`,
      );
    }
    const precision = precisionOf(datatype);
    // No name of ours stands for what KServe has no name for.
    if (!precision) tensors.set(name, { precision: 'INVALID', datatype, shape, payload: nothing });
    else if (raw.length > 0) tensors.set(name, { precision, datatype, shape, payload: rawPayload(precision, raw[i]) });
    else tensors.set(name, { precision, datatype, shape, payload: decodeContents(contents, precision, take) });
  }
  return tensors;
}

const nothing: Payload = { kind: 'bytes', bytes: Buffer.alloc(0) };

function rawPayload(precision: string, bytes: Buffer | undefined): Payload {
  if (!bytes) return nothing;
  return precision === 'STRING' ? { kind: 'packed', bytes } : { kind: 'bytes', bytes };
}

/** Elements may be in `raw_input_contents` or in `contents`, for all inputs alike. */
function faultOf(inputs: readonly Input[], raw: number): ServingError | undefined {
  const both = inputs.find(({ contents }) => contents && !contents.done);
  if (both) {
    return new ServingError(
      'invalid-argument',
      `Passing buffers both in ModelInferRequest::InferInputTensor::contents and in ModelInferRequest::raw_input_contents is not allowed - Input with contents: ${both.name}`,
    );
  }
  if (raw === inputs.length) return undefined;
  return new ServingError(
    'invalid-argument',
    `Invalid number of raw_input_contents - Expected: ${inputs.length}, as many as inputs; Actual: ${raw}`,
  );
}
