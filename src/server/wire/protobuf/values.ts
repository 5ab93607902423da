import type { Payload, TakeMemory } from '../../model/inference.ts';
import { bytesPerElement, type NumericPrecision, type Precision } from '../../model/tensor.ts';
import { ProtoReader, wireType } from './reader.ts';

/**
 * The values of a repeated field, as they lie in a message: packed in runs, each in a field of its own, or both. A message may hold
 * millions of them: none gets an object.
 */
export class RepeatedField {
  readonly bytes: Buffer;
  readonly #begin: number;
  readonly #end: number;
  readonly #number: number;

  /**
   * @param message as far as it has not been read; it is not moved
   * @param number of the field
   */
  constructor(message: ProtoReader, number: number) {
    this.bytes = message.bytes;
    this.#begin = message.position;
    this.#end = message.end;
    this.#number = number;
  }

  /**
   * Visits the field's contents where it is packed, or one value where that stands alone.
   * @param alone wire type of a single value; that of a string is no other than that of packed values
   */
  forEach(alone: number, visit: (begin: number, end: number) => void): void {
    const reader = new ProtoReader(this.bytes, this.#begin, this.#end);
    while (!reader.done) {
      const tag = reader.tag();
      const packed = (tag & 7) === wireType.bytes;
      if (tag >>> 3 !== this.#number || !(packed || (tag & 7) === alone)) {
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

/**
 * Elements of a tensor that stand in a repeated field, laid out as in memory; packed floats are so already.
 * @param take called with the bytes of whatever is not a view over the message
 * @returns undefined if there are none; strings are never undefined
 */
export function readValues(field: RepeatedField, precision: Precision, take: TakeMemory): Payload | undefined {
  if (precision === 'STRING') return stringValues(field, take);
  if (precision === 'FP32') return fixedValues(field, wireType.fixed32, 4, take);
  if (precision === 'FP64') return fixedValues(field, wireType.fixed64, 8, take);
  return varintValues(field, precision, take);
}

function stringValues(field: RepeatedField, take: TakeMemory): Payload {
  let count = 0;
  field.forEach(wireType.bytes, () => {
    count++;
  });
  take(count * Uint32Array.BYTES_PER_ELEMENT * 2);
  const ranges = new Uint32Array(2 * count);
  let at = 0;
  field.forEach(wireType.bytes, (begin, end) => {
    ranges[at++] = begin;
    ranges[at++] = end;
  });
  return { kind: 'strings', strings: { bytes: field.bytes, ranges } };
}

/** Packed floats are the tensor's bytes already: one run is a view, several are put one behind the other. */
function fixedValues(field: RepeatedField, alone: number, size: number, take: TakeMemory): Payload | undefined {
  let only: Buffer | undefined;
  let pieces = 0;
  let total = 0;
  field.forEach(alone, (begin, end) => {
    // Half an element at the end of a run is an end in the middle of a value.
    new ProtoReader(field.bytes, begin, end).advance(Math.ceil((end - begin) / size) * size);
    pieces++;
    total += end - begin;
    only = field.bytes.subarray(begin, end);
  });
  if (!only) return undefined;
  if (pieces === 1) return { kind: 'values', bytes: only, count: total / size };
  take(total);
  const bytes = Buffer.allocUnsafe(total);
  let at = 0;
  field.forEach(alone, (begin, end) => {
    field.bytes.copy(bytes, at, begin, end);
    at += end - begin;
  });
  return { kind: 'values', bytes, count: total / size };
}

/** Integers are laid out at their element's size; what does not fit is cut to its low bits, as in C++. */
function varintValues(field: RepeatedField, precision: NumericPrecision, take: TakeMemory): Payload | undefined {
  const size = bytesPerElement[precision];
  let pieces = 0;
  let most = 0;
  field.forEach(wireType.varint, (begin, end) => {
    pieces++;
    // Each value ends with the first byte below 128.
    for (let at = begin; at < end; at++) if (field.bytes[at]! < 0x80) most++;
  });
  if (pieces === 0) return undefined;
  take(most * size);
  const buffer = new ArrayBuffer(most * size);
  const view = new DataView(buffer);
  let count = 0;
  field.forEach(wireType.varint, (begin, end) => {
    const values = new ProtoReader(field.bytes, begin, end);
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
