import { ServingError } from '../../model/error.ts';
import { JsonNumber } from './json-number.ts';
import { decodeBase64, decodeString } from './json-string.ts';
import { malformed } from './malformed.ts';

/** As deep as OpenVINO Model Server goes. */
const deepestNesting = 100;

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const backslash = 0x5c;
const openArray = 0x5b;
const closeArray = 0x5d;
const openObject = 0x7b;
const closeObject = 0x7d;

/** Words that stand for a value. `NaN` and the infinities are numbers to whoever reads numbers; `skip` reads them too. */
const words = { true: Buffer.from('true'), false: Buffer.from('false'), null: Buffer.from('null') };

export type JsonKind = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null';

/**
 * Reads JSON (RFC 8259, and the numbers NaN and Infinity as TensorFlow Serving writes and reads them) straight from the bytes of
 * a message, value by value, so that nothing gets an object that its reader does not ask for. Whatever the bytes are, the outcome
 * is a value or a ServingError `invalid-argument`.
 */
export class JsonReader {
  readonly bytes: Buffer;
  position: number;
  readonly end: number;
  readonly #number: JsonNumber;
  #depth = 0;
  /** Whether the string that was scanned last has no escapes. */
  #isPlain = true;

  constructor(bytes: Buffer, position = 0, end = bytes.byteLength) {
    this.bytes = bytes;
    this.position = position;
    this.end = end;
    this.#number = new JsonNumber(bytes, end);
    // A byte order mark means nothing, and some editors write one.
    if (bytes[position] === 0xef && bytes[position + 1] === 0xbb && bytes[position + 2] === 0xbf) this.position += 3;
  }

  /** What the next value is. Moves to where it begins. */
  kind(): JsonKind {
    switch (this.#next()) {
      case openObject:
        return 'object';
      case openArray:
        return 'array';
      case quote:
        return 'string';
      case 0x74:
      case 0x66:
        return 'boolean';
      case 0x6e:
        return 'null';
      default:
        return 'number';
    }
  }

  /** Whether a number begins with the next byte that is no white space: a digit or a minus. */
  isDigitNext(): boolean {
    const byte = this.#next();
    return (byte >= 0x30 && byte <= 0x39) || byte === 0x2d;
  }

  /** Calls back for each member of an object, with its name; the callback must read or skip the value. */
  object(member: (name: string) => void): void {
    if (this.#next() !== openObject) throw this.malformed('an object');
    this.#enter();
    if (this.#next() === closeObject) {
      this.#leave();
      return;
    }
    for (;;) {
      if (this.#next() !== quote) throw this.malformed('a name in quotes');
      const name = this.string();
      if (this.#next() !== colon) throw this.malformed('a colon');
      this.position++;
      member(name);
      if (!this.#another(closeObject)) return;
    }
  }

  /** Calls back for each element of an array, with its place; the callback must read or skip it. @returns how many there were */
  array(element: (index: number) => void): number {
    if (!this.openArray()) return 0;
    let count = 0;
    do element(count++);
    while (this.nextElement());
    return count;
  }

  /** Begins an array. @returns whether it has an element, which is next; one that has none has ended already */
  openArray(): boolean {
    if (this.#next() !== openArray) throw this.malformed('an array');
    this.#enter();
    if (this.#next() !== closeArray) return true;
    this.#leave();
    return false;
  }

  /** Behind an element. @returns whether there is another, which is next; if not, the array has ended */
  nextElement(): boolean {
    return this.#another(closeArray);
  }

  string(): string {
    const end = this.#scanString();
    if (this.#isPlain) return this.bytes.toString('utf8', this.stringBegin, end);
    return this.#decoded(end).toString();
  }

  /**
   * Decodes a string where it stands: it cannot be read a second time.
   * @returns how many bytes of UTF-8 it is; they begin behind the opening quote, at `stringBegin`
   */
  stringInPlace(): number {
    const end = this.#scanString();
    return this.#isPlain ? end - this.stringBegin : decodeString(this.bytes, this.stringBegin, end);
  }

  /** Where the string began that was decoded last. */
  stringBegin = 0;

  /** Decodes the Base64 of a string where it stands; @returns how many bytes it is, from `stringBegin` on */
  base64InPlace(): number {
    const length = this.stringInPlace();
    return decodeBase64(this.bytes, this.stringBegin, length);
  }

  boolean(): boolean {
    if (this.#word(words.true)) return true;
    if (this.#word(words.false)) return false;
    throw this.malformed('true or false');
  }

  /** Reads a number; its parts and values are the returned object's, until the next is read. */
  number(): JsonNumber {
    this.#next();
    this.position = this.#number.scan(this.position);
    return this.#number;
  }

  /** Passes over a value that nobody reads; it must be valid all the same. */
  skip(): void {
    switch (this.kind()) {
      case 'object':
        this.object(() => this.skip());
        return;
      case 'array':
        this.array(() => this.skip());
        return;
      case 'string': {
        const end = this.#scanString();
        if (!this.#isPlain) this.#decoded(end);
        return;
      }
      case 'boolean':
        this.boolean();
        return;
      case 'null':
        if (!this.#word(words.null)) throw this.malformed('null');
        return;
      default:
        this.number();
    }
  }

  /** @throws if anything but white space follows */
  finish(): void {
    this.#next();
    if (this.position < this.end) throw this.malformed('the end');
  }

  /** Reads a value anew, and goes on where it was. @param position where the value begins */
  readAt(position: number, read: () => void): void {
    const goOn = this.position;
    this.position = position;
    read();
    this.position = goOn;
  }

  malformed(expected: string): ServingError {
    return malformed(expected, this.bytes, this.position, this.end);
  }

  /** Moves past a string. @returns where its closing quote is */
  #scanString(): number {
    if (this.#next() !== quote) throw this.malformed('a string');
    this.stringBegin = this.position + 1;
    const { bytes, end } = this;
    let at = this.stringBegin;
    this.#isPlain = true;
    for (; at < end; at++) {
      const byte = bytes[at]!;
      if (byte === quote) break;
      if (byte < 0x20) {
        this.position = at;
        throw this.malformed('no control character in a string');
      }
      if (byte === backslash) {
        this.#isPlain = false;
        at++;
      }
    }
    if (at >= end) {
      this.position = end;
      throw this.malformed('the end of a string');
    }
    this.position = at + 1;
    return at;
  }

  /** What the string is that was scanned last, which has escapes; it stays as it stands. */
  #decoded(end: number): Buffer {
    const copy = Buffer.allocUnsafe(end - this.stringBegin);
    return copy.subarray(0, decodeString(this.bytes, this.stringBegin, end, copy, 0));
  }

  /** The next byte that is no white space; -1 at the end. */
  #next(): number {
    const { bytes, end } = this;
    let at = this.position;
    while (at < end) {
      const byte = bytes[at]!;
      if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) {
        this.position = at;
        return byte;
      }
      at++;
    }
    this.position = at;
    return -1;
  }

  #another(close: number): boolean {
    const byte = this.#next();
    if (byte === comma) {
      this.position++;
      return true;
    }
    if (byte !== close) throw this.malformed(`a comma or ${String.fromCharCode(close)}`);
    this.#leave();
    return false;
  }

  #enter(): void {
    if (this.#depth === deepestNesting) {
      throw new ServingError(
        'invalid-argument',
        `JSON nesting depth exceeds the allowed limit - Expected: at most ${deepestNesting}; Actual: more`,
      );
    }
    this.#depth++;
    this.position++;
  }

  #leave(): void {
    this.#depth--;
    this.position++;
  }

  #word(word: Buffer): boolean {
    this.#next();
    const stop = this.position + word.byteLength;
    if (stop > this.end || this.bytes.compare(word, 0, word.byteLength, this.position, stop) !== 0) return false;
    this.position = stop;
    return true;
  }
}
