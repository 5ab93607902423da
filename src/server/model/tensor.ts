import type { Strings } from './strings.ts';

/**
 * Element types by the names that the contract prints. `STRING` elements are byte strings of any length; all others have a
 * fixed size. An element type that OpenVINO has and no served protocol can carry (I4, U1, NF4, …) has no name here: a model
 * with such an input or output does not load.
 */
export const bytesPerElement = {
  BOOL: 1,
  BF16: 2,
  FP16: 2,
  FP32: 4,
  FP64: 8,
  I8: 1,
  I16: 2,
  I32: 4,
  I64: 8,
  U8: 1,
  U16: 2,
  U32: 4,
  U64: 8,
} as const;

export type NumericPrecision = keyof typeof bytesPerElement;
export type Precision = NumericPrecision | 'STRING';

/** Sizes of the dimensions, outermost first; `[]` is a scalar. Every size is a safe integer ≥ 0. */
export type Shape = readonly number[];

/**
 * Elements in row-major order, little-endian, one after the other: `data.byteLength` is the shape's element count times the
 * element's size. `data` may be a view into a larger buffer, at any offset (it need not be aligned to the element's size).
 */
export interface NumericTensor {
  readonly precision: NumericPrecision;
  readonly shape: Shape;
  readonly data: Uint8Array;
}

/** As many strings as the shape has elements. */
export interface StringTensor {
  readonly precision: 'STRING';
  readonly shape: Shape;
  readonly strings: Strings;
}

export type Tensor = NumericTensor | StringTensor;

/**
 * How many elements a shape has: 1 for a scalar, 0 if a dimension is 0.
 * @returns undefined if the count is not a safe integer (a shape that a client made up)
 */
export function elementCount(shape: Shape): number | undefined {
  let count = 1;
  for (const size of shape) count *= size;
  return Number.isSafeInteger(count) ? count : undefined;
}
