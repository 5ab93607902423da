/** As many bytes as a varint has at most. */
const longestVarint = 10;

/** Reads the fields of a protobuf message one after the other, out of a range of a buffer. Whatever the bytes are, it ends. */
export class WireReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  #position: number;
  /** Where the value of the present field lies; of a number, the value itself is kept. */
  #begin = 0;
  #value = 0;
  #isBytes = false;

  constructor(bytes: Buffer, begin = 0, end = bytes.byteLength) {
    this.#bytes = bytes;
    this.#position = begin;
    this.#end = end;
  }

  /**
   * Goes on to the next field.
   * @returns its number; 0 at the end
   * @throws Error the message is malformed
   */
  next(): number {
    if (this.#position >= this.#end) return 0;
    const tag = this.#varint();
    const field = Math.floor(tag / 8);
    this.#value = 0;
    this.#begin = this.#position;
    this.#isBytes = tag % 8 === 2;
    if (tag % 8 === 0) this.#value = this.#varint();
    else if (this.#isBytes) {
      const length = this.#varint();
      this.#begin = this.#position;
      this.#skip(length);
    } else if (tag % 8 === 1) this.#skip(8);
    else if (tag % 8 === 5) this.#skip(4);
    else throw malformed();
    if (field === 0) throw malformed();
    return field;
  }

  /** The present field's number: safe, or more than that. */
  number(): number {
    if (this.#isBytes) throw malformed();
    return this.#value;
  }

  /** The present field's text, or what its first bytes hold of it. */
  text(mostBytes: number): string {
    if (!this.#isBytes) throw malformed();
    return this.#bytes.toString('utf8', this.#begin, Math.min(this.#position, this.#begin + mostBytes));
  }

  /** A reader of the present field's message. */
  message(): WireReader {
    if (!this.#isBytes) throw malformed();
    return new WireReader(this.#bytes, this.#begin, this.#position);
  }

  #varint(): number {
    let value = 0;
    for (let i = 0, factor = 1; i < longestVarint; i++, factor *= 128) {
      if (this.#position >= this.#end) throw malformed();
      const byte = this.#bytes[this.#position++]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    throw malformed();
  }

  #skip(length: number): void {
    if (length > this.#end - this.#position) throw malformed();
    this.#position += length;
  }
}

function malformed(): Error {
  return new Error('the answer is malformed');
}
