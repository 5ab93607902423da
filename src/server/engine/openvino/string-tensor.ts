import { copyString, countStrings, type Strings, stringAt, stringLength, totalLength } from '../../model/strings.ts';
import { elementTypeCode } from './element-type.ts';
import { addressOf, type Handle, handleFrom, type Library, memoryAt, nativeShape } from './library.ts';

/**
 * The elements of a string tensor are C++ strings of libstdc++, 32 bytes each: the address of the characters, their number,
 * then either the characters themselves (up to 15) or a capacity. The C API has no function that reads them.
 */
const stringBytes = 32;
const charactersAt = 16;

/** A tensor with copies of the strings; to be freed by the caller. Any byte may occur in them, 0 as well. */
export function createStringTensor(library: Library, shape: readonly number[], strings: Strings): Handle {
  const count = countStrings(strings);
  if (count === 0) {
    return handleFrom(library, (out) => library.tensorCreate(elementTypeCode('STRING'), nativeShape(shape), out));
  }
  // The C API takes addresses of strings that end at the first 0. Addresses and strings lie in one buffer, which the call itself
  // keeps alive. Where one of the client's strings holds a 0, the runtime is given another byte in its place; then the true
  // characters are written over them.
  const addressBytes = 8 * count;
  const memory = Buffer.alloc(addressBytes + totalLength(strings) + count);
  const base = Number(addressOf(memory));
  const withZeros: number[] = [];
  let at = addressBytes;
  for (let i = 0; i < count; i++) {
    const end = at + stringLength(strings, i);
    // In halves, since a BigInt for each would cost more than the string; addresses are far below 2^53.
    memory.writeUInt32LE((base + at) % 2 ** 32, 8 * i);
    memory.writeUInt32LE(Math.floor((base + at) / 2 ** 32), 8 * i + 4);
    copyString(strings, i, memory, at);
    if (memory.indexOf(0, at) < end) {
      withZeros.push(i);
      memory.fill(1, at, end);
    }
    at = end + 1;
  }
  const tensor = handleFrom(library, (out) => library.tensorOfStrings(memory, count, nativeShape(shape), out));
  if (withZeros.length > 0) {
    const heads = headsOf(library, tensor, count);
    for (const i of withZeros) charactersOf(heads, i).set(stringAt(strings, i));
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
  for (let i = 0; i < count; i++) if (lengthOf(heads, i) > 0) bytes.set(charactersOf(heads, i), ranges[2 * i]);
  return { bytes, ranges };
}

/** The memory of a string tensor's elements, and where it lies. */
interface Heads {
  readonly view: DataView;
  readonly address: number;
}

function headsOf(library: Library, tensor: Handle, count: number): Heads {
  const data = handleFrom(library, (out) => library.tensorData(tensor, out));
  const { buffer, byteOffset, byteLength } = memoryAt(data, count * stringBytes);
  return { view: new DataView(buffer, byteOffset, byteLength), address: Number(data) };
}

function lengthOf({ view }: Heads, i: number): number {
  return numberAt(view, i * stringBytes + 8);
}

/**
 * The characters of the i-th string, where they lie. A short string may lie elsewhere than in its head: one that has been long
 * keeps the memory that it had then.
 */
function charactersOf(heads: Heads, i: number): Uint8Array {
  const { view } = heads;
  const head = i * stringBytes;
  const address = numberAt(view, head);
  const length = lengthOf(heads, i);
  // A view of foreign memory costs a microsecond, and what lies in the head needs none.
  if (address === heads.address + head + charactersAt) {
    return new Uint8Array(view.buffer, view.byteOffset + head + charactersAt, length);
  }
  return memoryAt(BigInt(address), length);
}

/** A 64-bit address or length, both of which are far below 2^53. */
function numberAt(view: DataView, offset: number): number {
  return view.getUint32(offset, true) + view.getUint32(offset + 4, true) * 2 ** 32;
}
