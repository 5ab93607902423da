import { ServingError } from '../../model/error.ts';
import type { InputTensor, Payload, TakeMemory } from '../../model/inference.ts';
import { bytesPerElement, type NumericPrecision } from '../../model/tensor.ts';
import { ProtoReader, wireType } from '../protobuf/reader.ts';
import { precisionOf, type ValueField, valueField } from './data-type.ts';

/** Field numbers of TensorProto. */
const field = { dtype: 1, shape: 2, content: 4 } as const;

/** Field numbers of the values. */
const valuesAt: Readonly<Record<ValueField, number>> = {
  float: 5,
  double: 6,
  int: 7,
  string: 8,
  int64: 10,
  bool: 11,
  half: 13,
  uint32: 16,
  uint64: 17,
};

const nothing = Buffer.alloc(0);

/**
 * Reads a TensorProto. Fields may come in any order, so values are passed over at first and read once it is known of what kind
 * they are. A message may hold millions of them: none gets an object of its own.
 * @param take called with the bytes of whatever is not a view over the message
 */
export function decodeTensorProto(reader: ProtoReader, take: TakeMemory): InputTensor {
  const begin = reader.position;
  let dtype = 0;
  const shape: number[] = [];
  let content: Uint8Array = nothing;
  let others = false;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === ((field.dtype << 3) | wireType.varint)) dtype = reader.int32();
    else if (tag === ((field.shape << 3) | wireType.bytes)) readShape(reader.message(), shape);
    else if (tag === ((field.content << 3) | wireType.bytes)) content = reader.view();
    else {
      reader.skip(tag);
      others = true;
    }
  }
  const payload: Payload = { kind: 'bytes', bytes: content };
  const precision = precisionOf(dtype);
  if (!precision) return { precision: `INVALID (DataType ${dtype})`, shape, payload };
  // `tensor_content` wins over values, as in TensorFlow.
  if (precision !== 'STRING' && (!others || content.byteLength > 0)) return { precision, shape, payload };
  const runs = new Runs(reader.bytes, begin, reader.end, valueField[precision]);
  if (precision === 'STRING') return { precision, shape, payload: stringValues(runs, take) };
  return { precision, shape, payload: numericValues(runs, precision, take) ?? payload };
}

/** Where the values of one kind lie in a message: a packed field's contents, or one value that stands alone. */
class Runs {
  readonly bytes: Buffer;
  readonly #begin: number;
  readonly #end: number;
  readonly #kind: ValueField;

  constructor(bytes: Buffer, begin: number, end: number, kind: ValueField) {
    this.bytes = bytes;
    this.#begin = begin;
    this.#end = end;
    this.#kind = kind;
  }

  forEach(visit: (begin: number, end: number) => void): void {
    const reader = new ProtoReader(this.bytes, this.#begin, this.#end);
    const number = valuesAt[this.#kind];
    while (!reader.done) {
      const tag = reader.tag();
      const packed = (tag & 7) === wireType.bytes;
      if (tag >>> 3 !== number || !(packed || (tag & 7) === aloneAs(this.#kind))) {
        reader.skip(tag);
      } else if (packed) {
        const length = reader.length();
        visit(reader.advance(length), reader.position);
      } else {
        const begin = reader.position;
        reader.skip(tag);
        visit(begin, reader.position);
      }
    }
  }
}

/** The wire type of a value that is not packed; that of a string is no other than that of packed values. */
function aloneAs(kind: ValueField): number {
  if (kind === 'string') return wireType.bytes;
  if (kind === 'float') return wireType.fixed32;
  if (kind === 'double') return wireType.fixed64;
  return wireType.varint;
}

/**
 * Dimensions of a shape that comes in several pieces add up, as repeated fields of merged messages do.
 * @param shape what earlier pieces said; written to
 * @throws ServingError `invalid-argument`
 */
function readShape(reader: ProtoReader, shape: number[]): void {
  while (!reader.done) {
    const tag = reader.tag();
    if (tag !== ((2 << 3) | wireType.bytes)) reader.skip(tag);
    else if (shape.length === mostDimensions) throw tooManyDimensions();
    else shape.push(readSize(reader.message()));
  }
}

/** As many as a TensorFlow shape can have: each takes two bytes of the message, and there may be a gigabyte of it. */
const mostDimensions = 254;

function tooManyDimensions(): ServingError {
  return new ServingError(
    'invalid-argument',
    `Invalid number of shape dimensions - Expected: at most ${mostDimensions}; Actual: more`,
  );
}

function readSize(reader: ProtoReader): number {
  let size = 0;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === ((1 << 3) | wireType.varint)) size = reader.int64();
    else reader.skip(tag);
  }
  return size;
}

function stringValues(runs: Runs, take: TakeMemory): Payload {
  let count = 0;
  runs.forEach(() => {
    count++;
  });
  take(count * Uint32Array.BYTES_PER_ELEMENT * 2);
  const ranges = new Uint32Array(2 * count);
  let at = 0;
  runs.forEach((begin, end) => {
    ranges[at++] = begin;
    ranges[at++] = end;
  });
  return { kind: 'strings', strings: { bytes: runs.bytes, ranges } };
}

/** @returns undefined if there is none */
function numericValues(runs: Runs, precision: NumericPrecision, take: TakeMemory): Payload | undefined {
  const kind = valueField[precision];
  return kind === 'float' || kind === 'double'
    ? fixedValues(runs, bytesPerElement[precision], take)
    : varintValues(runs, precision, take);
}

/** Packed floats are the tensor's bytes already: one run is a view, several are put one behind the other. */
function fixedValues(runs: Runs, size: number, take: TakeMemory): Payload | undefined {
  let only: Buffer | undefined;
  let pieces = 0;
  let total = 0;
  runs.forEach((begin, end) => {
    // Half an element at the end of a run is an end in the middle of a value.
    new ProtoReader(runs.bytes, begin, end).advance(Math.ceil((end - begin) / size) * size);
    pieces++;
    total += end - begin;
    only = runs.bytes.subarray(begin, end);
  });
  if (!only) return undefined;
  if (pieces === 1) return { kind: 'values', bytes: only, count: total / size };
  take(total);
  const bytes = Buffer.allocUnsafe(total);
  let at = 0;
  runs.forEach((begin, end) => {
    runs.bytes.copy(bytes, at, begin, end);
    at += end - begin;
  });
  return { kind: 'values', bytes, count: total / size };
}

/** Integers are laid out at their element's size; what does not fit is cut to its low bits, as in TensorFlow. */
function varintValues(runs: Runs, precision: NumericPrecision, take: TakeMemory): Payload | undefined {
  const size = bytesPerElement[precision];
  let pieces = 0;
  let most = 0;
  runs.forEach((begin, end) => {
    pieces++;
    // Each value ends with the first byte below 128.
    for (let at = begin; at < end; at++) if (runs.bytes[at]! < 0x80) most++;
  });
  if (pieces === 0) return undefined;
  take(most * size);
  const buffer = new ArrayBuffer(most * size);
  const view = new DataView(buffer);
  let count = 0;
  runs.forEach((begin, end) => {
    const values = new ProtoReader(runs.bytes, begin, end);
    while (!values.done) {
      const at = count * size;
      if (size === 8) values.int64Into(view, at);
      else if (size === 4) view.setInt32(at, values.int32(), true);
      else if (size === 2) view.setInt16(at, values.int32(), true);
      else view.setInt8(at, precision === 'BOOL' ? Number(values.int64() !== 0) : values.int32());
      count++;
    }
  });
  return { kind: 'values', bytes: Buffer.from(buffer), count };
}
