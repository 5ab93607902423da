import type { Precision } from '../../model/tensor.ts';

/** The C API's `ov_element_type_e`, whose numbers are its own. */
const codeOf: Readonly<Record<Precision, number>> = {
  BOOL: 1,
  BF16: 2,
  FP16: 3,
  FP32: 4,
  FP64: 5,
  I8: 7,
  I16: 8,
  I32: 9,
  I64: 10,
  U8: 16,
  U16: 17,
  U32: 18,
  U64: 19,
  STRING: 23,
};

const precisionOf = new Map(Object.entries(codeOf).map(([precision, code]) => [code, precision as Precision]));

export function elementTypeCode(precision: Precision): number {
  return codeOf[precision];
}

/** @returns undefined for element types that no served protocol can carry */
export function precisionFromCode(code: number): Precision | undefined {
  return precisionOf.get(code);
}
