import { copyString, countStrings, type Strings, stringAt, stringLength, totalLength } from '../../model/strings.ts';
import { elementTypeCode } from './element-type.ts';
import { addressOf, type Handle, handleFrom, type Library, memoryAt, nativeShape } from './library.ts';

/**
 * The elements of a string tensor are C++ strings of libstdc++, 32 bytes each: the address of the characters, their number,
 * then either the characters themselves (up to 15) or a capacity. The C API has no function that reads them.
 */
const stringBytes = 32;
const charactersAt = 16;
const mostInside = 15;

/** A tensor with copies of the strings; to be freed by the caller. Any byte may occur in them, 0 as well. */
export function createStringTensor(library: Library, shape: readonly number[], strings: Strings): Handle {
  const count = countStrings(strings);
  if (count === 0) {
    return handleFrom(library, (out) => library.tensorCreate(elementTypeCode('STRING'), nativeShape(shape), out));
  }
  // The C API takes strings that end at the first 0. Where one of the client's holds a 0, it is given another byte in its place;
  // then the true characters are written over them.
  const terminated = Buffer.alloc(totalLength(strings) + count);
  // Addresses in halves, since a BigInt for each would cost more than the string. They are far below 2^53.
  const addresses = new Uint32Array(2 * count);
  const withZeros: number[] = [];
  const base = Number(addressOf(terminated));
  let at = 0;
  for (let i = 0; i < count; i++) {
    const end = at + stringLength(strings, i);
    addresses[2 * i] = (base + at) % 2 ** 32;
    addresses[2 * i + 1] = (base + at) / 2 ** 32;
    copyString(strings, i, terminated, at);
    const zero = terminated.indexOf(0, at);
    if (zero >= 0 && zero < end) {
      withZeros.push(i);
      terminated.fill(1, at, end);
    }
    at = end + 1;
  }
  const tensor = handleFrom(library, (out) => library.tensorOfStrings(addresses, count, nativeShape(shape), out));
  if (withZeros.length > 0) {
    const heads = headsOf(library, tensor, count);
    for (const i of withZeros) characters(heads, i).set(stringAt(strings, i));
  }
  return tensor;
}

/** Copies of a tensor's strings. */
export function readStrings(library: Library, tensor: Handle, count: number): Strings {
  const ranges = new Uint32Array(2 * count);
  if (count === 0) return { bytes: Buffer.alloc(0), ranges };
  const heads = headsOf(library, tensor, count);
  let end = 0;
  for (let i = 0; i < count; i++) {
    ranges[2 * i] = end;
    end += lengthOf(heads, i);
    ranges[2 * i + 1] = end;
  }
  const bytes = Buffer.allocUnsafe(end);
  for (let i = 0; i < count; i++) if (lengthOf(heads, i) > 0) bytes.set(characters(heads, i), ranges[2 * i]);
  return { bytes, ranges };
}

function headsOf(library: Library, tensor: Handle, count: number): DataView {
  const data = handleFrom(library, (out) => library.tensorData(tensor, out));
  const { buffer, byteOffset, byteLength } = memoryAt(data, count * stringBytes);
  return new DataView(buffer, byteOffset, byteLength);
}

function lengthOf(heads: DataView, i: number): number {
  return Number(heads.getBigUint64(i * stringBytes + 8, true));
}

/** The characters of the i-th string, where they lie. */
function characters(heads: DataView, i: number): Uint8Array {
  const length = lengthOf(heads, i);
  // A view of foreign memory costs a microsecond, and short strings need none.
  if (length <= mostInside)
    return new Uint8Array(heads.buffer, heads.byteOffset + i * stringBytes + charactersAt, length);
  return memoryAt(heads.getBigUint64(i * stringBytes, true), length);
}
