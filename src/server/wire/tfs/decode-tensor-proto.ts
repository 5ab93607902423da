import type { InputTensor, Payload } from '../../model/inference.ts';
import { bytesPerElement, type NumericPrecision } from '../../model/tensor.ts';
import { ProtoReader, wireType } from '../protobuf/reader.ts';
import { precisionOf, type ValueField, valueField } from './data-type.ts';

/** Field numbers of TensorProto. */
const field = { dtype: 1, shape: 2, content: 4 } as const;

const valueFields = new Map<number, ValueField>([
  [5, 'float'],
  [6, 'double'],
  [7, 'int'],
  [8, 'string'],
  [10, 'int64'],
  [11, 'bool'],
  [13, 'half'],
  [16, 'uint32'],
  [17, 'uint64'],
]);

const nothing = Buffer.alloc(0);

/** Where a run of values lies in the message: a packed field's contents, or one value that stands alone. */
interface Run {
  readonly begin: number;
  readonly end: number;
}

/** Reads one TensorProto after another; what a tensor is made of is gathered first, since fields may come in any order. */
export function decodeTensorProto(reader: ProtoReader): InputTensor {
  let dtype = 0;
  const shape: number[] = [];
  let content: Uint8Array = nothing;
  let values: Map<ValueField, Run[]> | undefined;
  while (!reader.done) {
    const tag = reader.tag();
    const number = tag >>> 3;
    if (tag === ((field.dtype << 3) | wireType.varint)) dtype = reader.int32();
    else if (tag === ((field.shape << 3) | wireType.bytes)) readShape(reader.message(), shape);
    else if (tag === ((field.content << 3) | wireType.bytes)) content = reader.view();
    else {
      const kind = valueFields.get(number);
      if (!kind || !fits(kind, tag & 7)) {
        reader.skip(tag);
        continue;
      }
      values ??= new Map();
      const runs = values.get(kind) ?? [];
      if (runs.length === 0) values.set(kind, runs);
      runs.push(readRun(reader, tag));
    }
  }
  const precision = precisionOf(dtype);
  if (!precision) return { precision: `DataType ${dtype}`, shape, payload: { kind: 'bytes', bytes: content } };
  const runs = values?.get(valueField[precision]) ?? [];
  return { precision, shape, payload: payloadOf(reader, precision, content, runs) };
}

/** Values come packed in one field, or one by one. */
function fits(kind: ValueField, wire: number): boolean {
  if (wire === wireType.bytes) return true;
  if (kind === 'string') return false;
  if (kind === 'float') return wire === wireType.fixed32;
  if (kind === 'double') return wire === wireType.fixed64;
  return wire === wireType.varint;
}

function readRun(reader: ProtoReader, tag: number): Run {
  if ((tag & 7) === wireType.bytes) {
    const length = reader.length();
    const begin = reader.advance(length);
    return { begin, end: begin + length };
  }
  const begin = reader.position;
  reader.skip(tag);
  return { begin, end: reader.position };
}

/**
 * Dimensions of a shape that comes in several pieces add up, as repeated fields of merged messages do.
 * @param shape what earlier pieces said; written to, for a message may hold more pieces than can each be copied
 */
function readShape(reader: ProtoReader, shape: number[]): void {
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === ((2 << 3) | wireType.bytes)) shape.push(readSize(reader.message()));
    else reader.skip(tag);
  }
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

/** The elements as they came: `tensor_content` wins over values, as in TensorFlow. */
function payloadOf(
  reader: ProtoReader,
  precision: NumericPrecision | 'STRING',
  content: Uint8Array,
  runs: readonly Run[],
): Payload {
  if (precision === 'STRING') {
    return { kind: 'strings', strings: runs.map(({ begin, end }) => reader.bytes.subarray(begin, end)) };
  }
  if (content.byteLength > 0 || runs.length === 0) return { kind: 'bytes', bytes: content };
  const size = bytesPerElement[precision];
  if (valueField[precision] === 'float' || valueField[precision] === 'double') return fixedValues(reader, runs, size);
  return varintValues(reader, runs, precision);
}

/** Packed floats are the tensor's bytes already: one run is a view, several are put one behind the other. */
function fixedValues(reader: ProtoReader, runs: readonly Run[], size: number): Payload {
  const pieces = runs.map(({ begin, end }) => {
    const whole = new ProtoReader(reader.bytes, begin, end);
    whole.advance(Math.ceil((end - begin) / size) * size);
    return reader.bytes.subarray(begin, end);
  });
  const bytes = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  return { kind: 'values', bytes, count: bytes.byteLength / size };
}

/** Integers are laid out at their element's size; what does not fit is cut to its low bits, as in TensorFlow. */
function varintValues(reader: ProtoReader, runs: readonly Run[], precision: NumericPrecision): Payload {
  const size = bytesPerElement[precision];
  let most = 0;
  for (const { begin, end } of runs) most += end - begin;
  const buffer = new ArrayBuffer(most * size);
  const view = new DataView(buffer);
  let count = 0;
  for (const { begin, end } of runs) {
    const values = new ProtoReader(reader.bytes, begin, end);
    while (!values.done) {
      const at = count++ * size;
      if (size === 8) values.int64Into(view, at);
      else if (size === 4) view.setInt32(at, values.int32(), true);
      else if (size === 2) view.setInt16(at, values.int32(), true);
      else view.setInt8(at, precision === 'BOOL' ? Number(values.int64() !== 0) : values.int32());
    }
  }
  return { kind: 'values', bytes: Buffer.from(buffer, 0, count * size), count };
}
