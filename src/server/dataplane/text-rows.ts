import { ServingError } from '../model/error.ts';
import type { NamedTensor } from '../model/inference.ts';
import { isStatic, type TensorInfo } from '../model/signature.ts';
import { countStrings, type Strings, stringAt, stringLength } from '../model/strings.ts';
import type { NumericTensor } from '../model/tensor.ts';
import type { TakeMemory } from '../observe/call-context.ts';

/**
 * Texts as models of numbers have them: U8 of rank 2, a text a row, filled up with zeros. Models from before OpenVINO had strings
 * take and give texts so, and clients send and get STRING tensors of rank 1, as with OpenVINO Model Server.
 */

/** An output is given as strings if its name says so. */
const suffix = '_string';

/** Bytes that the rows may take together: a single long text among many must not cost more than the largest message. */
const most = 1024 ** 3;

/** Rows without bytes are strings all the same, which nothing else bounds. */
const mostEmptyRows = 1_000_000;

export function takesTextRows({ precision, shape }: TensorInfo): boolean {
  return precision === 'U8' && shape?.length === 2;
}

/**
 * One row a text, each with at least one zero behind it, as wide as the longest needs; a model that fixes the width is given it.
 * @throws ServingError `invalid-argument`
 */
export function toTextRows(texts: Strings, { name, shape }: TensorInfo, take: TakeMemory): NumericTensor {
  const count = countStrings(texts);
  let longest = 1;
  for (let i = 0; i < count; i++) longest = Math.max(longest, stringLength(texts, i) + 1);
  const columns = shape![1]!;
  if (longest > columns.max) {
    throw new ServingError(
      'invalid-argument',
      `Invalid input shape - Expected: texts of at most ${columns.max - 1} bytes; Actual: ${longest - 1} bytes; input name: ${name}`,
    );
  }
  const width = isStatic(columns) ? columns.min : Math.max(longest, columns.min);
  const size = count * width;
  if (size > most) {
    throw new ServingError(
      'invalid-argument',
      `Maximum 2D array after string conversion exceeded 1GB - Expected: at most ${most} bytes; Actual: ${size} bytes; input name: ${name}`,
    );
  }
  take(size);
  const data = Buffer.alloc(size);
  for (let row = 0; row < count; row++) data.set(stringAt(texts, row), row * width);
  return { precision: 'U8', shape: [count, width], data };
}

/** The output as clients see it: rows of bytes as strings, each cut at its first zero, where the name asks for that. */
export function asClientsSee(output: NamedTensor): NamedTensor {
  const { name, tensor } = output;
  if (tensor.precision !== 'U8' || tensor.shape.length !== 2 || !name.endsWith(suffix)) return output;
  const [rows, width] = tensor.shape as [number, number];
  if (width === 0 && rows > mostEmptyRows) {
    throw new ServingError('internal', `Internal inference error - ${rows} empty strings in output ${name}`);
  }
  const ranges = new Uint32Array(2 * rows);
  for (let row = 0; row < rows; row++) {
    const begin = row * width;
    const end = tensor.data.subarray(begin, begin + width).indexOf(0);
    ranges[2 * row] = begin;
    ranges[2 * row + 1] = begin + (end < 0 ? width : end);
  }
  return { name, tensor: { precision: 'STRING', shape: [rows], strings: { bytes: tensor.data, ranges } } };
}
