import { accepts, printShape, type TensorInfo } from '../../model/signature.ts';
import { bytesPerElement, elementCount, type Tensor } from '../../model/tensor.ts';
import { arrays } from './elements.ts';
import type { GivenTensor } from './messages.ts';

/**
 * An output that a node gave, held against what the node has said of it. Nothing of it is trusted: what runs beside a module may have
 * been changed by it.
 * @throws Error that says what is wrong with it
 */
export function readOutput(given: GivenTensor, { name, precision, shape: expected }: TensorInfo): Tensor {
  const { shape, array, bytes, ranges } = given;
  const wanted = precision === 'STRING' ? 'strings' : arrays[precision].name;
  if (shape === undefined && array === undefined) {
    throw new Error(`Custom node output is missing - Expected: ${name}`);
  }
  if (!isShape(shape)) throw new Error(`the shape of output ${name} - Expected: a list of sizes`);
  if (expected && !(shape.length === expected.length && expected.every((size, i) => accepts(size, shape[i]!)))) {
    throw new Error(
      `Custom node has produced tensor with not matching shape - Expected: ${printShape(expected)}; Actual: ${printShape(shape)}; output name: ${name}`,
    );
  }
  if (array !== wanted || !(bytes instanceof Uint8Array)) {
    const actual = array ?? 'something else';
    throw new Error(`the data of output ${name} - Expected: ${describe(wanted)}; Actual: ${actual}`);
  }
  const count = elementCount(shape);
  const size = precision === 'STRING' ? 1 : bytesPerElement[precision];
  const actual = precision === 'STRING' ? stringCount(bytes, ranges) : bytes.byteLength / size;
  if (actual !== count) {
    throw new Error(
      `Custom node output has invalid content size - Expected: ${count} elements for the shape ${printShape(shape)}; Actual: ${actual}; output name: ${name}`,
    );
  }
  if (precision !== 'STRING') return { precision, shape, data: bytes };
  const { buffer, byteOffset, byteLength } = bytes;
  return { precision, shape, strings: { bytes: Buffer.from(buffer, byteOffset, byteLength), ranges: ranges! } };
}

function describe(wanted: string): string {
  return wanted === 'strings' ? 'a list of byte strings or texts' : `a ${wanted}`;
}

function isShape(shape: unknown): shape is readonly number[] {
  return Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && size >= 0);
}

/** @returns NaN if the ranges do not lie in the bytes */
function stringCount(bytes: Uint8Array, ranges: Uint32Array | undefined): number {
  if (!(ranges instanceof Uint32Array) || ranges.length % 2 !== 0) return Number.NaN;
  let end = 0;
  for (const place of ranges) {
    if (place < end || place > bytes.byteLength) return Number.NaN;
    end = place;
  }
  return ranges.length / 2;
}
