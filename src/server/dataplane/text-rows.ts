import { ServingError } from '../model/error.ts';
import type { NamedTensor } from '../model/inference.ts';
import { isStatic, type TensorInfo } from '../model/signature.ts';
import type { NumericTensor } from '../model/tensor.ts';

/**
 * Texts as models of numbers have them: U8 of rank 2, a text a row, filled up with zeros. Models from before OpenVINO had strings
 * take and give texts so, and clients send and get STRING tensors of rank 1, as with OpenVINO Model Server.
 */

/** An output is given as strings if its name says so. */
const suffix = '_string';

/** Bytes that the rows may take together: a single long text among many must not cost more than the largest message. */
const most = 1024 ** 3;

export function takesTextRows({ precision, shape }: TensorInfo): boolean {
  return precision === 'U8' && shape?.length === 2;
}

/**
 * One row a text, each with at least one zero behind it, as wide as the longest needs; a model that fixes the width is given it.
 * @throws ServingError `invalid-argument`
 */
export function toTextRows(texts: readonly Uint8Array[], { name, shape }: TensorInfo): NumericTensor {
  const longest = texts.reduce((length, text) => Math.max(length, text.byteLength), 0) + 1;
  const columns = shape![1]!;
  if (longest > columns.max) {
    throw new ServingError(
      'invalid-argument',
      `Invalid input shape - Expected: texts of at most ${columns.max - 1} bytes; Actual: ${longest - 1} bytes; input name: ${name}`,
    );
  }
  const width = isStatic(columns) ? columns.min : Math.max(longest, columns.min);
  const size = texts.length * width;
  if (size > most) {
    throw new ServingError(
      'invalid-argument',
      `Maximum 2D array after string conversion exceeded 1GB - Expected: at most ${most} bytes; Actual: ${size} bytes; input name: ${name}`,
    );
  }
  const data = Buffer.alloc(size);
  texts.forEach((text, row) => {
    data.set(text, row * width);
  });
  return { precision: 'U8', shape: [texts.length, width], data };
}

/** The output as clients see it: rows of bytes as strings, each cut at its first zero, where the name asks for that. */
export function asClientsSee(output: NamedTensor): NamedTensor {
  const { name, tensor } = output;
  if (tensor.precision !== 'U8' || tensor.shape.length !== 2 || !name.endsWith(suffix)) return output;
  const [rows, width] = tensor.shape as [number, number];
  const strings = Array.from({ length: rows }, (_, row) => {
    const bytes = tensor.data.subarray(row * width, (row + 1) * width);
    const end = bytes.indexOf(0);
    return end < 0 ? bytes : bytes.subarray(0, end);
  });
  return { name, tensor: { precision: 'STRING', shape: [rows], strings } };
}
