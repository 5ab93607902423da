import type { NumericPrecision } from '../../model/tensor.ts';
import type { NodeData } from '../node-module.ts';

/** The array that a node gets, and gives back, for each precision. */
export const arrays = {
  BOOL: Uint8Array,
  BF16: Uint16Array,
  FP16: Float16Array,
  FP32: Float32Array,
  FP64: Float64Array,
  I8: Int8Array,
  I16: Int16Array,
  I32: Int32Array,
  I64: BigInt64Array,
  U8: Uint8Array,
  U16: Uint16Array,
  U32: Uint32Array,
  U64: BigUint64Array,
} as const;

export type NumericData = Exclude<NodeData, readonly unknown[]>;

/** Bytes as the elements that they are; a copy only if they do not lie where such elements may. */
export function elementsOf(precision: NumericPrecision, bytes: Uint8Array): NumericData {
  const Elements = arrays[precision];
  const size = Elements.BYTES_PER_ELEMENT;
  const { buffer, byteOffset, byteLength } = byteOffsetFits(bytes, size) ? bytes : new Uint8Array(bytes);
  return new Elements(buffer as ArrayBuffer, byteOffset, byteLength / size);
}

export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}

function byteOffsetFits({ byteOffset }: Uint8Array, size: number): boolean {
  return byteOffset % size === 0;
}
