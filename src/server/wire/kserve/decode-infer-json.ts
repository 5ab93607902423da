import { ServingError } from '../../model/error.ts';
import type { InputTensor, Payload, ServableSpec, TakeMemory } from '../../model/inference.ts';
import { bytesPerElement, elementCount, type Precision } from '../../model/tensor.ts';
import { type JsonElements, numbersOf, Texts } from '../json/json-elements.ts';
import { JsonReader } from '../json/json-reader.ts';
import { NotNdarray } from '../json/not-ndarray.ts';
import { addDimension, checkNames } from '../protobuf/bounds.ts';
import { BinaryTail } from './binary-tail.ts';
import { precisionOf } from './datatype.ts';
import type { ModelInferRequest } from './decode-model-infer-request.ts';
import { SequenceParameters } from './sequence-parameters.ts';

export interface InferJsonRequest extends ModelInferRequest {
  /** Whether an output is to be given as bytes behind the JSON. */
  readonly isBinary: (output: string) => boolean;
}

/** An input before its elements have been read. */
interface Input {
  name: string | undefined;
  datatype: string | undefined;
  readonly shape: number[];
  /** Where its elements begin in the JSON, if they are there. */
  dataAt: number | undefined;
  /** How many bytes of them lie behind the JSON, if it says so. */
  binarySize: number | undefined;
}

/**
 * The body of an inference over REST: JSON, and behind that, with the binary extension, the elements of inputs. Tensors that are given so
 * are views over the body; texts stay in it, and it is written over.
 * @param headerLength `Inference-Header-Content-Length`: how many bytes the JSON takes, if that is not all of them
 * @param take called with the bytes of whatever is not a view over the body
 * @throws ServingError `invalid-argument`, and what `take` throws
 */
export function decodeInferJson(
  body: Buffer,
  headerLength: string | undefined,
  servable: ServableSpec,
  take: TakeMemory,
): InferJsonRequest {
  const tail = new BinaryTail(body, headerLength);
  const reader = new JsonReader(body, 0, tail.begin);
  let id = '';
  let inputs: Input[] | undefined;
  let allBinary = false;
  const outputFilter: string[] = [];
  const binary = new Map<string, boolean>();
  const sequence = new SequenceParameters();
  if (reader.kind() !== 'object') {
    reader.skip();
    throw invalid('Request body should be JSON object');
  }
  reader.object((name) => {
    if (name === 'id') id = text(reader, 'id');
    else if (name === 'inputs') inputs = readInputs(reader);
    else if (name === 'outputs') readOutputs(reader, outputFilter, binary);
    else if (name === 'parameters') {
      readParameters(reader, (parameter) => {
        if (parameter === 'binary_data_output') allBinary = reader.boolean();
        else if (!sequence.readJson(parameter, reader)) reader.skip();
      });
    } else reader.skip();
  });
  reader.finish();
  if (!inputs?.length) throw invalid('Invalid JSON structure, missing inputs');
  const tensors = new Map<string, InputTensor>();
  for (const input of inputs) {
    const { name, datatype } = input;
    if (name === undefined || datatype === undefined) throw unreadable('a name and a datatype', 'an input without');
    if (tensors.has(name)) {
      throw invalid(`Invalid number of inputs - Expected: each input once; Actual: ${name} twice`);
    }
    tensors.set(name, tensorOf(input, datatype, reader, tail, inputs.length, take));
  }
  tail.finish();
  const isBinary = (output: string) => binary.get(output) ?? allBinary;
  const request = { servable, id, inputs: tensors, outputFilter, dialect: 'KServe', isBinary } as const;
  return sequence.step ? { ...request, sequence: sequence.step } : request;
}

function readInputs(reader: JsonReader): Input[] {
  const inputs: Input[] = [];
  objects(reader, 'inputs', () => {
    const input: Input = { name: undefined, datatype: undefined, shape: [], dataAt: undefined, binarySize: undefined };
    reader.object((member) => {
      if (member === 'name') input.name = text(reader, 'name');
      else if (member === 'datatype') input.datatype = text(reader, 'datatype');
      else if (member === 'shape') readShape(reader, input.shape);
      else if (member === 'data') {
        // Of which type they are may be said further on. KServe's client gives null for none.
        input.dataAt = reader.kind() === 'null' ? undefined : reader.position;
        reader.skip();
      } else if (member === 'parameters') {
        readParameters(reader, (parameter) => {
          if (parameter === 'binary_data_size') input.binarySize = readBinarySize(reader);
          else reader.skip();
        });
      } else reader.skip();
    });
    inputs.push(input);
    checkNames(inputs.length, 'inputs');
  });
  return inputs;
}

function readOutputs(reader: JsonReader, names: string[], binary: Map<string, boolean>): void {
  objects(reader, 'outputs', () => {
    let name: string | undefined;
    let isBinary: boolean | undefined;
    reader.object((member) => {
      if (member === 'name') name = text(reader, 'name');
      else if (member === 'parameters') {
        readParameters(reader, (parameter) => {
          if (parameter === 'binary_data') isBinary = reader.boolean();
          else reader.skip();
        });
      } else reader.skip();
    });
    if (name === undefined) throw unreadable('a name', 'an output without');
    names.push(name);
    checkNames(names.length, 'outputs');
    if (isBinary !== undefined) binary.set(name, isBinary);
  });
}

function objects(reader: JsonReader, what: string, read: () => void): void {
  if (reader.kind() !== 'array') throw unexpected(reader, `${what} in an array`);
  reader.array(() => {
    if (reader.kind() !== 'object') throw unexpected(reader, `${what} as objects`);
    read();
  });
}

function readParameters(reader: JsonReader, read: (name: string) => void): void {
  if (reader.kind() === 'object') reader.object(read);
  else throw unexpected(reader, 'parameters as an object');
}

function text(reader: JsonReader, what: string): string {
  if (reader.kind() === 'string') return reader.string();
  throw unexpected(reader, `${what} as a string`);
}

function readShape(reader: JsonReader, shape: number[]): void {
  if (reader.kind() !== 'array') throw unexpected(reader, 'a shape as an array');
  shape.length = 0;
  reader.array(() => {
    const number = reader.kind() === 'number' ? reader.number() : undefined;
    const size = number?.isWhole ? number.toInteger() : undefined;
    if (size === undefined) throw unreadable('sizes as integers', 'another');
    addDimension(shape, Number(size));
  });
}

function readBinarySize(reader: JsonReader): number {
  const number = reader.kind() === 'number' ? reader.number() : undefined;
  const size = number?.isWhole ? number.toInteger() : undefined;
  if (typeof size === 'number' && size >= 0) return size;
  throw invalid('binary_data_size parameter is invalid and cannot be parsed');
}

function tensorOf(
  { name, shape, dataAt, binarySize }: Input,
  datatype: string,
  reader: JsonReader,
  tail: BinaryTail,
  inputs: number,
  take: TakeMemory,
): InputTensor {
  const precision = precisionOf(datatype);
  if (dataAt !== undefined && binarySize !== undefined) {
    throw invalid(`Request contains values both in binary data and in content value - Input with both: ${name}`);
  }
  if (dataAt === undefined && tail.isThere) {
    const size = binarySize ?? sizeOf(precision, shape) ?? (inputs === 1 ? tail.left : undefined);
    if (size === undefined) {
      throw invalid(
        `binary_data_size parameter is invalid and cannot be parsed - Expected: one for ${name}; Actual: none`,
      );
    }
    const bytes = tail.next(size);
    const payload: Payload = precision === 'STRING' ? { kind: 'packed', bytes } : { kind: 'bytes', bytes };
    return { precision: precision ?? 'INVALID', datatype, shape, payload };
  }
  if (binarySize !== undefined) tail.next(binarySize);
  // No name of ours stands for what KServe has no name for.
  if (!precision) return { precision: 'INVALID', datatype, shape, payload: noValues };
  const payload = dataAt === undefined ? noValues : readData(reader, dataAt, precision, shape, take);
  return { precision, datatype, shape, payload };
}

const noValues: Payload = { kind: 'values', bytes: Buffer.alloc(0), count: 0 };

/** Bytes of elements whose number and type say it. */
function sizeOf(precision: Precision | undefined, shape: readonly number[]): number | undefined {
  if (!precision || precision === 'STRING') return undefined;
  const count = elementCount(shape);
  return count === undefined || count < 0 ? undefined : count * bytesPerElement[precision];
}

/** Elements as they come: in one array or nested, they are those of the shape. */
function readData(
  reader: JsonReader,
  at: number,
  precision: Precision,
  shape: readonly number[],
  take: TakeMemory,
): Payload {
  const most = Math.ceil((reader.end - at) / 2);
  const expected = Math.max(0, Math.min(elementCount(shape) ?? 0, most));
  const elements: JsonElements =
    precision === 'STRING' ? new Texts(reader.bytes, expected, take) : numbersOf(precision, expected, take);
  const read = () => {
    const kind = reader.kind();
    if (kind === 'array') {
      if (!reader.openArray()) return;
      do read();
      while (reader.nextElement());
      return;
    }
    const fits =
      precision === 'STRING' ? kind === 'string' : kind === 'number' || (precision === 'BOOL' && kind === 'boolean');
    if (!fits) throw unexpected(reader, "elements of the input's type");
    elements.append(reader);
  };
  try {
    reader.readAt(at, read);
  } catch (error) {
    throw error instanceof NotNdarray ? unreadable("elements of the input's type", error.actual) : error;
  }
  const payload = elements.payload();
  return payload.kind === 'bytes' ? { kind: 'values', bytes: payload.bytes, count: elements.count } : payload;
}

/** What is next is no JSON, or something else than was expected. */
function unexpected(reader: JsonReader, expected: string): ServingError {
  const kind = reader.kind();
  reader.skip();
  return unreadable(expected, `a ${kind}`);
}

function unreadable(expected: string, actual: string): ServingError {
  return invalid(
    `Could not parse input content. Not valid ndarray detected - Expected: ${expected}; Actual: ${actual}`,
  );
}

function invalid(message: string): ServingError {
  return new ServingError('invalid-argument', message);
}
