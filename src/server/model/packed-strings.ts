import { ServingError } from './error.ts';
import type { TakeMemory } from './inference.ts';
import { copyString, countStrings, type Strings, stringLength, totalLength } from './strings.ts';

/**
 * Strings one behind the other in one run of bytes, each behind its length (4 bytes, little-endian): how KServe carries BYTES
 * tensors in `raw_input_contents`, `raw_output_contents` and its binary extension of REST.
 */

const lengthBytes = 4;

/** How many bytes the strings take when they are packed. */
export function packedSize(strings: Strings): number {
  return countStrings(strings) * lengthBytes + totalLength(strings);
}

/** Packs strings into a buffer, from `at` on. @returns where they end */
export function packStrings(strings: Strings, target: Buffer, at: number): number {
  let position = at;
  for (let i = 0; i < countStrings(strings); i++) {
    const length = stringLength(strings, i);
    target.writeUInt32LE(length, position);
    copyString(strings, i, target, position + lengthBytes);
    position += lengthBytes + length;
  }
  return position;
}

/**
 * The strings as views over the packed bytes.
 * @param input name of the input whose elements they are, for the texts of errors
 * @param take called with the bytes of whatever is not a view
 * @throws ServingError `invalid-argument` if the lengths do not add up, and what `take` throws
 */
export function unpackStrings(packed: Uint8Array, input: string, take: TakeMemory): Strings {
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  const count = countPacked(bytes, input);
  take(count * Uint32Array.BYTES_PER_ELEMENT * 2);
  const ranges = new Uint32Array(2 * count);
  let at = 0;
  for (let i = 0; i < ranges.length; i += 2) {
    const begin = at + lengthBytes;
    at = begin + bytes.readUInt32LE(at);
    ranges[i] = begin;
    ranges[i + 1] = at;
  }
  return { bytes, ranges };
}

function countPacked(bytes: Buffer, input: string): number {
  const size = bytes.byteLength;
  let count = 0;
  let at = 0;
  for (; at + lengthBytes <= size; count++) {
    const length = bytes.readUInt32LE(at);
    if (length > size - at - lengthBytes) {
      throw broken(`Batch length metadata exceeded buffer size, buffer size: ${size}, batch length: ${length}`, input);
    }
    at += lengthBytes + length;
  }
  if (at !== size) throw broken(`Processed bytes: ${at} do not equal to buffer size: ${size}`, input);
  return count;
}

function broken(details: string, input: string): ServingError {
  return new ServingError(
    'invalid-argument',
    `Invalid content size of tensor proto - ${details}; input name: ${input}`,
  );
}
