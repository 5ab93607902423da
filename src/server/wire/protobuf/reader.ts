import { isUtf8 } from 'node:buffer';
import { ServingError } from '../../model/error.ts';

export const wireType = { varint: 0, fixed64: 1, bytes: 2, groupStart: 3, groupEnd: 4, fixed32: 5 } as const;

/** As deep as protobuf's own parsers go. */
const deepestNesting = 100;

/**
 * Reads the protobuf wire format from a range of a buffer. Nothing is copied; whatever the bytes are, the outcome is a value or
 * a ServingError `invalid-argument`, after at most one look at each byte.
 */
export class ProtoReader {
  readonly bytes: Buffer;
  position: number;
  readonly end: number;

  constructor(bytes: Uint8Array, position = 0, end = bytes.byteLength) {
    this.bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.position = position;
    this.end = end;
  }

  get done(): boolean {
    return this.position >= this.end;
  }

  /** The next field's tag: `number << 3 | wire type`. */
  tag(): number {
    const tag = this.uint32();
    if (tag >>> 3 === 0) throw malformed(this.position, 'field number 0');
    return tag;
  }

  /** The low 32 bits of a varint, unsigned. */
  uint32(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#byte();
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw malformed(this.position, 'a varint of more than 10 bytes');
  }

  int32(): number {
    return this.uint32() | 0;
  }

  /** A 64-bit varint, signed. Beyond 2^53 the nearest number that a double holds: never a safe integer. */
  int64(): number {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#byte();
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high |= bits >> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) return high * 4_294_967_296 + (low >>> 0);
    }
    throw malformed(this.position, 'a varint of more than 10 bytes');
  }

  /** Writes a 64-bit varint as 8 bytes, little-endian. */
  int64Into(target: DataView, offset: number): void {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#byte();
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high |= bits >> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) {
        target.setInt32(offset, low, true);
        target.setInt32(offset + 4, high, true);
        return;
      }
    }
    throw malformed(this.position, 'a varint of more than 10 bytes');
  }

  /** The length of a length-delimited field: as many bytes follow. */
  length(): number {
    const length = this.uint32();
    if (length > this.end - this.position) {
      throw malformed(this.position, `a field of ${length} bytes where ${this.end - this.position} are left`);
    }
    return length;
  }

  /** A view over a length-delimited field. */
  view(): Buffer {
    const begin = this.advance(this.length());
    return this.bytes.subarray(begin, this.position);
  }

  string(): string {
    const begin = this.advance(this.length());
    const text = this.bytes.toString('utf8', begin, this.position);
    // A replacement character may be the text's own, or stand for bytes that are no UTF-8.
    if (text.includes('\ufffd') && !isUtf8(this.bytes.subarray(begin, this.position))) {
      throw malformed(begin, 'a string that is not UTF-8');
    }
    return text;
  }

  /** A reader over an embedded message; this one goes on behind it. */
  message(): ProtoReader {
    const begin = this.advance(this.length());
    return new ProtoReader(this.bytes, begin, this.position);
  }

  /** Moves `count` bytes on. @returns where they began */
  advance(count: number): number {
    const begin = this.position;
    if (count > this.end - begin) throw malformed(begin, 'an end in the middle of a value');
    this.position += count;
    return begin;
  }

  /** Passes over the value of a field that nobody reads. */
  skip(tag: number, depth = 0): void {
    switch (tag & 7) {
      case wireType.varint:
        this.uint32();
        return;
      case wireType.fixed64:
        this.advance(8);
        return;
      case wireType.bytes:
        this.advance(this.length());
        return;
      case wireType.groupStart:
        if (depth >= deepestNesting) throw malformed(this.position, `groups nested deeper than ${deepestNesting}`);
        for (;;) {
          const inner = this.tag();
          if ((inner & 7) === wireType.groupEnd) {
            if (inner >>> 3 !== tag >>> 3) throw malformed(this.position, 'the end of a group that was not begun');
            return;
          }
          this.skip(inner, depth + 1);
        }
      case wireType.fixed32:
        this.advance(4);
        return;
      default:
        throw malformed(this.position, `wire type ${tag & 7}`);
    }
  }

  #byte(): number {
    if (this.position >= this.end) throw malformed(this.position, 'an end in the middle of a value');
    return this.bytes[this.position++]!;
  }
}

/** @param position in the message, in bytes */
function malformed(position: number, found: string): ServingError {
  return new ServingError(
    'invalid-argument',
    `Malformed protobuf message - Expected: valid wire format; Actual: ${found} at byte ${position}`,
  );
}
