import type { Precision } from '../../model/tensor.ts';

/** `tensorflow.DataType` by the names of the contract. */
export const dataType: Readonly<Record<Precision, number>> = {
  FP32: 1,
  FP64: 2,
  I32: 3,
  U8: 4,
  I16: 5,
  I8: 6,
  STRING: 7,
  I64: 9,
  BOOL: 10,
  BF16: 14,
  U16: 17,
  FP16: 19,
  U32: 22,
  U64: 23,
};

const precisions = new Map(Object.entries(dataType).map(([precision, number]) => [number, precision as Precision]));

/** @returns undefined for data types that no model takes */
export function precisionOf(number: number): Precision | undefined {
  return precisions.get(number);
}

export type ValueField = 'float' | 'double' | 'int' | 'string' | 'int64' | 'bool' | 'half' | 'uint32' | 'uint64';

/** Which of TensorProto's `*_val` fields carries the elements of a data type. */
export const valueField: Readonly<Record<Precision, ValueField>> = {
  FP32: 'float',
  FP64: 'double',
  I32: 'int',
  I16: 'int',
  I8: 'int',
  U16: 'int',
  U8: 'int',
  STRING: 'string',
  I64: 'int64',
  BOOL: 'bool',
  FP16: 'half',
  BF16: 'half',
  U32: 'uint32',
  U64: 'uint64',
};
