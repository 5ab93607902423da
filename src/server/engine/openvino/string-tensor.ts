import { elementTypeCode } from './element-type.ts';
import { addressOf, type Handle, handleFrom, type Library, memoryAt, nativeShape } from './library.ts';

/**
 * The elements of a string tensor are C++ strings of libstdc++, 32 bytes each: the address of the characters, their number,
 * then either the characters themselves (up to 15) or a capacity. The C API has no function that reads them.
 */
const stringBytes = 32;

/** A tensor with copies of the strings; to be freed by the caller. Any byte may occur in them, 0 as well. */
export function createStringTensor(library: Library, shape: readonly number[], strings: readonly Uint8Array[]): Handle {
  if (strings.length === 0) {
    return handleFrom(library, (out) => library.tensorCreate(elementTypeCode('STRING'), nativeShape(shape), out));
  }
  // The C API takes strings that end at the first 0. It is given strings of the right length without one; then the true
  // characters are written over them.
  const placeholders = Buffer.alloc(
    strings.reduce((sum, string) => sum + string.byteLength + 1, 0),
    1,
  );
  const addresses = new BigUint64Array(strings.length);
  const base = addressOf(placeholders);
  let offset = 0;
  strings.forEach((string, i) => {
    addresses[i] = base + BigInt(offset);
    offset += string.byteLength;
    placeholders[offset++] = 0;
  });
  const tensor = handleFrom(library, (out) =>
    library.tensorOfStrings(addresses, strings.length, nativeShape(shape), out),
  );
  elements(library, tensor, strings.length).forEach((memory, i) => {
    memory.set(strings[i]!);
  });
  return tensor;
}

/** Copies of a tensor's strings. */
export function readStrings(library: Library, tensor: Handle, count: number): Uint8Array[] {
  return elements(library, tensor, count).map((memory) => memory.slice());
}

function elements(library: Library, tensor: Handle, count: number): Uint8Array[] {
  const data = handleFrom(library, (out) => library.tensorData(tensor, out));
  const heads = memoryAt(data, count * stringBytes);
  const view = new DataView(heads.buffer, heads.byteOffset, heads.byteLength);
  return Array.from({ length: count }, (_, i) => {
    const address = view.getBigUint64(i * stringBytes, true);
    const length = view.getBigUint64(i * stringBytes + 8, true);
    return memoryAt(address, Number(length));
  });
}
