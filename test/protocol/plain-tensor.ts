import type { NumericPrecision, Precision } from '../../src/server/model/tensor.ts';

/** An element: a bigint for integers of 64 bits, a boolean for BOOL, a text or its bytes for STRING, else a number. */
export type Value = number | bigint | boolean | string | Buffer;

/** A tensor as no protocol has it. In a case with a mistake, there may be more or fewer values than the shape has. */
export interface PlainTensor {
  readonly precision: Precision;
  readonly shape: readonly number[];
  readonly values: readonly Value[];
}

const arrays = {
  FP16: Float16Array,
  FP32: Float32Array,
  FP64: Float64Array,
  I8: Int8Array,
  I16: Int16Array,
  I32: Int32Array,
  U8: Uint8Array,
  U16: Uint16Array,
  U32: Uint32Array,
} as const;

/** The values as they lie in memory. */
export function toBytes(precision: NumericPrecision, values: readonly Value[]): Buffer {
  return Buffer.from(toArray(precision, values).buffer);
}

function toArray(precision: NumericPrecision, values: readonly Value[]) {
  switch (precision) {
    case 'BOOL':
      return Uint8Array.from(values, Number);
    case 'BF16':
      return Uint16Array.from(values, (value) => toBfloat16(Number(value)));
    case 'I64':
      return BigInt64Array.from(values as bigint[]);
    case 'U64':
      return BigUint64Array.from(values as bigint[]);
    default:
      return arrays[precision].from(values as number[]);
  }
}

/** The upper half of a 32-bit float, rounded to the nearest. */
function toBfloat16(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0]!;
  return Number.isNaN(value) ? bits >>> 16 : (bits + 0x8000) >>> 16;
}

export function fromBytes(precision: NumericPrecision, bytes: Uint8Array): Value[] {
  // A copy, because the bytes need not be aligned where they lie.
  const { buffer } = new Uint8Array(bytes);
  switch (precision) {
    case 'BOOL':
      return Array.from(bytes, (byte) => byte !== 0);
    case 'BF16':
      return Array.from(new Uint16Array(buffer), (bits) => new Float32Array(Uint32Array.of(bits << 16).buffer)[0]!);
    case 'I64':
      return [...new BigInt64Array(buffer)];
    case 'U64':
      return [...new BigUint64Array(buffer)];
    default:
      return [...new arrays[precision](buffer)];
  }
}

/** The bytes of a STRING tensor's elements. */
export function toTexts(values: readonly Value[]): Buffer[] {
  return values.map((value) => Buffer.from(value as string));
}

/** The same tensor with its values rounded to its type, and texts by their bytes, a letter each: such as can be compared. */
export function comparable({ precision, shape, values }: PlainTensor): PlainTensor {
  const alike =
    precision === 'STRING'
      ? toTexts(values).map((text) => text.toString('latin1'))
      : fromBytes(precision, toBytes(precision, values));
  return { precision, shape, values: alike };
}

export function countOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
