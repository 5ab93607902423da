import { ServingError } from '../model/error.ts';
import type { Comparison, Condition } from '../model/pipeline.ts';
import { printShape } from '../model/signature.ts';
import { elementCount, type NumericTensor, type Tensor } from '../model/tensor.ts';

const compare: Readonly<Record<Comparison, (actual: number, value: number) => boolean>> = {
  equals: (actual, value) => actual === value,
  at_least: (actual, value) => actual >= value,
  at_most: (actual, value) => actual <= value,
};

/**
 * Whether a node is to run.
 * @param tensor of one number; true is 1
 * @throws ServingError `failed-precondition` for any other tensor
 */
export function holds({ comparison, value }: Omit<Condition, 'from'>, tensor: Tensor, node: string): boolean {
  if (tensor.precision === 'STRING' || elementCount(tensor.shape) !== 1) {
    throw new ServingError(
      'failed-precondition',
      `Condition of a node cannot be tested - Node: ${node}; Expected: one number; Actual: ${tensor.precision} ${printShape(tensor.shape)}`,
    );
  }
  return compare[comparison](numberOf(tensor), value);
}

/** 64-bit integers become the nearest number that there is. */
function numberOf({ precision, data }: NumericTensor): number {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  switch (precision) {
    case 'BOOL':
    case 'U8':
      return view.getUint8(0);
    case 'I8':
      return view.getInt8(0);
    case 'U16':
      return view.getUint16(0, true);
    case 'I16':
      return view.getInt16(0, true);
    case 'U32':
      return view.getUint32(0, true);
    case 'I32':
      return view.getInt32(0, true);
    case 'U64':
      return Number(view.getBigUint64(0, true));
    case 'I64':
      return Number(view.getBigInt64(0, true));
    case 'FP16':
      return view.getFloat16(0, true);
    case 'FP32':
      return view.getFloat32(0, true);
    case 'FP64':
      return view.getFloat64(0, true);
    case 'BF16': {
      // Its bits are the first half of those of an FP32.
      const wide = new DataView(new ArrayBuffer(4));
      wide.setUint16(2, view.getUint16(0, true), true);
      return wide.getFloat32(0, true);
    }
  }
}
