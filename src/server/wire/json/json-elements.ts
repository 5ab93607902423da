import type { Payload, TakeMemory } from '../../model/inference.ts';
import type { NumericPrecision } from '../../model/tensor.ts';
import { toBfloat16 } from './bfloat16.ts';
import type { JsonReader } from './json-reader.ts';
import { NotNdarray } from './not-ndarray.ts';

/** How many elements there is room for at first, unless more or fewer are expected. */
const usualRoom = 16;

/** Elements of a tensor, collected one by one, laid out as they lie in memory. */
export interface JsonElements {
  readonly count: number;
  /** Reads one more element. */
  append(reader: JsonReader): void;
  payload(): Payload;
}

/** @param expected how many there will be, as far as anyone knows */
export function numbersOf(precision: NumericPrecision, expected: number, take: TakeMemory): JsonElements {
  switch (precision) {
    case 'FP32':
      return new Numbers(Float32Array, (reader) => reader.number().toFloat(), expected, take);
    case 'FP64':
      return new Numbers(Float64Array, (reader) => reader.number().toDouble(), expected, take);
    case 'FP16':
      return new Numbers(Float16Array, (reader) => reader.number().toDouble(), expected, take);
    case 'BF16':
      return new Numbers(Uint16Array, (reader) => toBfloat16(reader.number().toDouble()), expected, take);
    case 'BOOL':
      return new Numbers(Uint8Array, boolean, expected, take);
    case 'I64':
    case 'U64':
      return new WideIntegers(expected, take);
    case 'I32':
    case 'U32':
      return new Numbers(Int32Array, integer, expected, take);
    case 'I16':
    case 'U16':
      return new Numbers(Int16Array, integer, expected, take);
    case 'I8':
    case 'U8':
      return new Numbers(Int8Array, integer, expected, take);
  }
}

type Room = Float64Array | Float32Array | Float16Array | Int32Array | Int16Array | Uint16Array | Int8Array | Uint8Array;
type RoomConstructor = new (buffer: ArrayBuffer) => Room;

/** Whatever a number of JavaScript holds. Integers that do not fit are cut to their low bits, as in OpenVINO Model Server. */
class Numbers implements JsonElements {
  count = 0;
  readonly #make: RoomConstructor & { readonly BYTES_PER_ELEMENT: number };
  readonly #read: (reader: JsonReader) => number;
  readonly #take: TakeMemory;
  #room: Room;

  constructor(
    make: RoomConstructor & { readonly BYTES_PER_ELEMENT: number },
    read: (reader: JsonReader) => number,
    expected: number,
    take: TakeMemory,
  ) {
    this.#make = make;
    this.#read = read;
    this.#take = take;
    take(expected * make.BYTES_PER_ELEMENT);
    this.#room = new make(new ArrayBuffer(expected * make.BYTES_PER_ELEMENT));
  }

  append(reader: JsonReader): void {
    const value = this.#read(reader);
    if (this.count === this.#room.length) {
      this.#room = new this.#make(grown(this.#room.buffer as ArrayBuffer, this.#make.BYTES_PER_ELEMENT, this.#take));
    }
    this.#room[this.count++] = value;
  }

  payload(): Payload {
    return { kind: 'bytes', bytes: Buffer.from(this.#room.buffer, 0, this.count * this.#make.BYTES_PER_ELEMENT) };
  }
}

/** Integers of 64 bits, without loss. */
class WideIntegers implements JsonElements {
  count = 0;
  readonly #take: TakeMemory;
  #room: DataView;

  constructor(expected: number, take: TakeMemory) {
    this.#take = take;
    take(expected * 8);
    this.#room = new DataView(new ArrayBuffer(expected * 8));
  }

  append(reader: JsonReader): void {
    const value = reader.number().toInteger();
    if (value === undefined) throw noInteger();
    const at = this.count * 8;
    if (at === this.#room.byteLength) this.#room = new DataView(grown(this.#room.buffer as ArrayBuffer, 8, this.#take));
    if (typeof value === 'bigint') this.#room.setBigInt64(at, value, true);
    else {
      this.#room.setInt32(at, value, true);
      this.#room.setInt32(at + 4, Math.floor(value / 2 ** 32), true);
    }
    this.count++;
  }

  payload(): Payload {
    return { kind: 'bytes', bytes: Buffer.from(this.#room.buffer, 0, this.count * 8) };
  }
}

/** Strings, or bytes as Base64: `"text"`, `{"b64": "…"}`. They stay in the message, which is written over. */
export class Texts implements JsonElements {
  count = 0;
  readonly #bytes: Buffer;
  readonly #take: TakeMemory;
  #ranges: Uint32Array<ArrayBuffer>;

  constructor(bytes: Buffer, expected: number, take: TakeMemory) {
    this.#bytes = bytes;
    this.#take = take;
    take(expected * 8);
    this.#ranges = new Uint32Array(2 * expected);
  }

  append(reader: JsonReader): void {
    const length = reader.kind() === 'string' ? reader.stringInPlace() : base64Of(reader);
    if (2 * this.count === this.#ranges.length) {
      this.#ranges = new Uint32Array(grown(this.#ranges.buffer, 8, this.#take));
    }
    this.#ranges[2 * this.count] = reader.stringBegin;
    this.#ranges[2 * this.count + 1] = reader.stringBegin + length;
    this.count++;
  }

  payload(): Payload {
    return { kind: 'strings', strings: { bytes: this.#bytes, ranges: this.#ranges.subarray(0, 2 * this.count) } };
  }
}

/** @returns how many bytes */
function base64Of(reader: JsonReader): number {
  let length = -1;
  let begin = 0;
  reader.object((name) => {
    if (name !== 'b64' || length >= 0 || reader.kind() !== 'string')
      throw new NotNdarray('an object other than {"b64": "…"}');
    length = reader.base64InPlace();
    begin = reader.stringBegin;
  });
  if (length < 0) throw new NotNdarray('an object other than {"b64": "…"}');
  // Names are strings too.
  reader.stringBegin = begin;
  return length;
}

function boolean(reader: JsonReader): number {
  if (reader.kind() === 'boolean') return Number(reader.boolean());
  return reader.number().toDouble() === 0 ? 0 : 1;
}

function integer(reader: JsonReader): number {
  const value = reader.number().toInteger();
  if (value === undefined) throw noInteger();
  return typeof value === 'bigint' ? Number(BigInt.asIntN(32, value)) : value;
}

/** The same bytes with more room behind them. */
function grown(buffer: ArrayBuffer, size: number, take: TakeMemory): ArrayBuffer {
  const bytes = Math.max(2 * buffer.byteLength, usualRoom * size);
  take(bytes - buffer.byteLength);
  return buffer.transfer(bytes);
}

function noInteger(): NotNdarray {
  return new NotNdarray('a number that is no integer of 64 bits');
}
