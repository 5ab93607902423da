import { writeFloat, writeWhole } from './write-float.ts';

/** Bytes of text that are collected before they are given out. */
const chunkBytes = 65_536;

/** The longest number, with what stands around it. */
const longestNumber = 40;

/** What JSON says in place of a control character, a quote and a backslash. */
const escapes = new Map<number, string>([
  [0x22, '\\"'],
  [0x5c, '\\\\'],
  [0x08, '\\b'],
  [0x0c, '\\f'],
  [0x0a, '\\n'],
  [0x0d, '\\r'],
  [0x09, '\\t'],
]);

const quote = 0x22;

/** Writes JSON as bytes, which are taken out chunk by chunk: no text as a whole is ever made. */
export class JsonWriter {
  #bytes: Buffer;
  #length = 0;

  /** @param size how many bytes are expected; more are no trouble */
  constructor(size = chunkBytes) {
    this.#bytes = Buffer.allocUnsafe(size + longestNumber);
  }

  /** Whether a chunk is there to be taken. */
  get isFull(): boolean {
    return this.#length >= chunkBytes;
  }

  /** What has been written since it was asked last. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#bytes = Buffer.allocUnsafe(chunkBytes + longestNumber);
    this.#length = 0;
    return taken;
  }

  /** Text as it stands, of ASCII characters. */
  raw(text: string): void {
    this.#reserve(text.length);
    this.#length += this.#bytes.write(text, this.#length, 'latin1');
  }

  byte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = byte;
  }

  /** A string, in quotes. */
  string(text: string): void {
    const json = JSON.stringify(text.toWellFormed());
    this.#reserve(3 * json.length);
    this.#length += this.#bytes.write(json, this.#length, 'utf8');
  }

  /** A string that is UTF-8 already, in quotes. */
  utf8(bytes: Buffer): void {
    this.#reserve(6 * bytes.byteLength + 2);
    this.#bytes[this.#length++] = quote;
    for (const byte of bytes) {
      const escaped = byte < 0x20 || byte === quote || byte === 0x5c;
      if (!escaped) this.#bytes[this.#length++] = byte;
      else this.raw(escapes.get(byte) ?? `\\u00${byte < 16 ? '0' : ''}${byte.toString(16)}`);
    }
    this.#bytes[this.#length++] = quote;
  }

  /** Bytes as Base64, in quotes. */
  base64(bytes: Buffer): void {
    this.#reserve(Math.ceil(bytes.byteLength / 3) * 4 + 2);
    this.#bytes[this.#length++] = quote;
    this.#length += this.#bytes.write(bytes.toString('base64'), this.#length, 'latin1');
    this.#bytes[this.#length++] = quote;
  }

  /** An integer of up to 53 bits. */
  integer(value: number): void {
    this.#reserve(longestNumber);
    if (value < 0) this.#bytes[this.#length++] = 0x2d;
    const size = Math.abs(value);
    if (size < 0x7fff_ffff) this.#length = writeWhole(this.#bytes, this.#length, size);
    else this.#length += this.#bytes.write(String(size), this.#length, 'latin1');
  }

  bigInteger(value: bigint): void {
    const number = Number(value);
    if (Number.isSafeInteger(number)) this.integer(number);
    else this.raw(String(value));
  }

  /**
   * A floating point number, with the fewest digits that tell it from its neighbours; NaN and Infinity as TensorFlow Serving writes
   * them, which is not JSON, and which its clients read.
   * @param fractionBits how many bits its type has behind the first: 23 for FP32, 52 for FP64
   * @param leastExponent of two, of the smallest number that is not subnormal
   */
  float(value: number, fractionBits: number, leastExponent: number): void {
    this.#reserve(longestNumber);
    this.#length = writeFloat(this.#bytes, this.#length, value, fractionBits, leastExponent);
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.byteLength) return;
    const larger = Buffer.allocUnsafe(2 * this.#bytes.byteLength + bytes);
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
