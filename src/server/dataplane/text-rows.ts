import { ServingError } from '../model/error.ts';
import type { NamedTensor, TakeMemory } from '../model/inference.ts';
import { isStatic, type TensorInfo } from '../model/signature.ts';
import { copyString, countStrings, type Strings, stringLength } from '../model/strings.ts';
import type { NumericTensor } from '../model/tensor.ts';

/**
 * Texts as models of numbers have them: U8 of rank 2, a text a row, filled up with zeros. Models from before OpenVINO had strings
 * take and give texts so, and clients send and get STRING tensors of rank 1, as with OpenVINO Model Server.
 */

/** An output is given as strings if its name says so. */
const suffix = '_string';

/** Bytes that the rows may take together: a single long text among many must not cost more than the largest message. */
const mostBytes = 1024 ** 3;

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
  if (size > mostBytes) {
    throw new ServingError(
      'invalid-argument',
      `Maximum 2D array after string conversion exceeded 1GB - Expected: at most ${mostBytes} bytes; Actual: ${size} bytes; input name: ${name}`,
    );
  }
  take(size);
  const data = Buffer.alloc(size);
  for (let row = 0; row < count; row++) copyString(texts, row, data, row * width);
  return { precision: 'U8', shape: [count, width], data };
}

/** Whether clients see an output as strings: rows of bytes, where the name asks for that. */
export function givesTextRows({ name, tensor }: NamedTensor): boolean {
  return tensor.precision === 'U8' && tensor.shape.length === 2 && name.endsWith(suffix);
}

/**
 * The rows as strings, each cut at its first zero. Nothing is copied.
 * @throws ServingError `invalid-argument`
 */
export function fromTextRows({ name, tensor }: NamedTensor, take: TakeMemory): NamedTensor {
  const { data, shape } = tensor as NumericTensor;
  const [rows, width] = shape as [number, number];
  if (width === 0 && rows > mostEmptyRows) {
    throw new ServingError(
      'invalid-argument',
      `Too many empty strings - Expected: at most ${mostEmptyRows}; Actual: ${rows}; output name: ${name}`,
    );
  }
  take(rows * Uint32Array.BYTES_PER_ELEMENT * 2);
  const ranges = new Uint32Array(2 * rows);
  for (let row = 0; row < rows; row++) {
    const begin = row * width;
    let end = begin;
    while (end < begin + width && data[end] !== 0) end++;
    ranges[2 * row] = begin;
    ranges[2 * row + 1] = end;
  }
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return { name, tensor: { precision: 'STRING', shape: [rows], strings: { bytes, ranges } } };
}
