import type { Precision } from '../../model/tensor.ts';

/** KServe's names of element types. */
export const datatype: Readonly<Record<Precision, string>> = {
  BOOL: 'BOOL',
  BF16: 'BF16',
  FP16: 'FP16',
  FP32: 'FP32',
  FP64: 'FP64',
  I8: 'INT8',
  I16: 'INT16',
  I32: 'INT32',
  I64: 'INT64',
  U8: 'UINT8',
  U16: 'UINT16',
  U32: 'UINT32',
  U64: 'UINT64',
  STRING: 'BYTES',
};

const precisions = new Map(Object.entries(datatype).map(([precision, name]) => [name, precision as Precision]));

/** @returns undefined for names that KServe does not have, ours among them */
export function precisionOf(name: string): Precision | undefined {
  return precisions.get(name);
}
