import type { ServingError } from '../../model/error.ts';
import { malformed } from './malformed.ts';

/** Powers of ten that a double holds exactly. */
const exactPowers = Array.from({ length: 23 }, (_, i) => 10 ** i);

/** As many digits as a safe integer surely holds. */
const exactDigits = 15;

/** Digits that are reckoned with at all, where a nearby value will do. */
const mostDigits = 19;

/** Exponents beyond are zero or infinity, whatever stands before them. */
const mostExponent = 100_000;

/** Where two neighbouring FP32 values have their middle, in the low 29 bits that a double has more. */
const middle = 0x1000_0000;
const finerBits = 0x1fff_ffff;
/** How far a double reckoned from 19 digits may be off, in its last place, with room to spare. */
const slack = 64;

const asDouble = new Float64Array(1);
const asWords = new Uint32Array(asDouble.buffer);

/**
 * A number as it stands in JSON. Its text is read once, into parts; what it is worth is reckoned from them where that is exact, and
 * else by JavaScript, from the text.
 */
export class JsonNumber {
  /** Whether it is written as an integer, without fraction or exponent. */
  isWhole = false;
  readonly #bytes: Buffer;
  readonly #end: number;
  #begin = 0;
  #stop = 0;
  #isNegative = false;
  /** The digits, of which no more than `mostDigits` count; exact up to `exactDigits`. */
  #mantissa = 0;
  #digits = 0;
  #exponent = 0;
  /** NaN or Infinity; 0 for numbers with digits. */
  #special = 0;

  constructor(bytes: Buffer, end: number) {
    this.#bytes = bytes;
    this.#end = end;
  }

  /**
   * Reads the number that begins there.
   * @returns where it ends
   * @throws ServingError `invalid-argument`
   */
  scan(begin: number): number {
    const bytes = this.#bytes;
    let at = begin;
    this.#begin = begin;
    this.#isNegative = bytes[at] === 0x2d;
    if (this.#isNegative) at++;
    let mantissa = 0;
    let digits = 0;
    let exponent = 0;
    this.isWhole = true;
    this.#special = 0;
    let digit = this.#digit(at);
    if (digit < 0) return this.#scanSpecial(at);
    if (digit === 0) {
      digit = this.#digit(++at);
      if (digit >= 0) throw this.#malformed('no leading zero', at);
    }
    while (digit >= 0) {
      if (digits < mostDigits) {
        mantissa = mantissa * 10 + digit;
        digits++;
      } else exponent++;
      digit = this.#digit(++at);
    }
    if (at < this.#end && bytes[at] === 0x2e) {
      this.isWhole = false;
      digit = this.#digit(++at);
      if (digit < 0) throw this.#malformed('a digit', at);
      while (digit >= 0) {
        if (digits < mostDigits) {
          mantissa = mantissa * 10 + digit;
          if (mantissa > 0) digits++;
          exponent--;
        }
        digit = this.#digit(++at);
      }
    }
    if (at < this.#end && (bytes[at]! | 0x20) === 0x65) {
      this.isWhole = false;
      at++;
      const isNegative = bytes[at] === 0x2d;
      if (isNegative || bytes[at] === 0x2b) at++;
      digit = this.#digit(at);
      if (digit < 0) throw this.#malformed('a digit', at);
      let written = 0;
      while (digit >= 0) {
        written = Math.min(written * 10 + digit, mostExponent);
        digit = this.#digit(++at);
      }
      exponent += isNegative ? -written : written;
    }
    this.#mantissa = mantissa;
    this.#digits = digits;
    this.#exponent = exponent;
    this.#stop = at;
    return at;
  }

  /**
   * The nearest double.
   * @throws ServingError `invalid-argument` if the number is beyond all of them
   */
  toDouble(): number {
    const exponent = this.#exponent;
    if (this.#special !== 0) return this.#special;
    if (this.#digits > exactDigits || exponent > 22 || exponent < -22) return this.#textAsDouble();
    const mantissa = this.#isNegative ? -this.#mantissa : this.#mantissa;
    return exponent < 0 ? mantissa / exactPowers[-exponent]! : mantissa * exactPowers[exponent]!;
  }

  /** A double that becomes the same FP32 value as the nearest one does; it is cheaper. */
  toFloat(): number {
    const exponent = this.#exponent;
    if (this.#special !== 0 || this.#digits <= exactDigits || exponent > 22 || exponent < -22) return this.toDouble();
    const value = exponent < 0 ? this.#mantissa / exactPowers[-exponent]! : this.#mantissa * exactPowers[exponent]!;
    asDouble[0] = value;
    const fromMiddle = (asWords[0]! & finerBits) - middle;
    // What lies in the middle of two may fall to either.
    if (fromMiddle < slack && fromMiddle > -slack) return this.toDouble();
    return this.#isNegative ? -value : value;
  }

  /**
   * As an integer, cut towards zero.
   * @returns a double where that holds it exactly, else a bigint; undefined for what 64 bits cannot hold, signed or not
   */
  toInteger(): number | bigint | undefined {
    if (this.isWhole && this.#digits <= exactDigits) return this.#isNegative ? -this.#mantissa : this.#mantissa;
    if (this.isWhole) {
      if (this.#digits + this.#exponent > 20) return undefined;
      const exact = BigInt(this.text());
      return exact >= -(2n ** 63n) && exact < 2n ** 64n ? exact : undefined;
    }
    const value = Math.trunc(this.toDouble());
    if (!(value >= -(2 ** 63) && value < 2 ** 64)) return undefined;
    return Number.isSafeInteger(value) ? value : BigInt(value);
  }

  text(): string {
    return this.#bytes.toString('latin1', this.#begin, this.#stop);
  }

  #textAsDouble(): number {
    const value = Number(this.text());
    if (Number.isFinite(value)) return value;
    throw this.#malformed('a number that fits in 64 bits', this.#begin);
  }

  #digit(at: number): number {
    if (at >= this.#end) return -1;
    const digit = this.#bytes[at]! - 0x30;
    return digit >= 0 && digit <= 9 ? digit : -1;
  }

  /** The words that TensorFlow Serving takes for numbers. */
  #scanSpecial(at: number): number {
    this.isWhole = false;
    const sign = this.#isNegative ? -1 : 1;
    const text = this.#bytes.toString('latin1', at, Math.min(at + 8, this.#end));
    if (text.startsWith('Infinity')) this.#special = sign * Number.POSITIVE_INFINITY;
    else if (text.startsWith('Inf')) this.#special = sign * Number.POSITIVE_INFINITY;
    else if (text.startsWith('NaN')) this.#special = Number.NaN;
    else throw this.#malformed(at === this.#begin ? 'a value' : 'a digit', at);
    this.#stop = at + (text.startsWith('Infinity') ? 8 : 3);
    return this.#stop;
  }

  #malformed(expected: string, at: number): ServingError {
    return malformed(expected, this.#bytes, at, this.#end);
  }
}
