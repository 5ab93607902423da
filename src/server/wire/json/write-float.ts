/** Powers of ten from 10^-60 on, each the nearest double. */
const lowest = -60;
const powers = Array.from({ length: 121 }, (_, i) => Number(`1e${i + lowest}`));

const log10Of2 = Math.log10(2);

/** As many digits as FP32 needs; all that are reckoned with. */
const mostDigits = 9;

/** Exponents of ten within which numbers are written without one. */
const leastPlain = -5;
const mostPlain = 15;

const zero = 0x30;
const point = 0x2e;
const minus = 0x2d;

const asDouble = new Float64Array(1);
const asWords = new Uint32Array(asDouble.buffer);

/**
 * Writes a floating point number as text.
 * @param fractionBits as in `JsonWriter.float`
 * @returns where it ends; at most 32 bytes further
 */
export function writeFloat(
  bytes: Buffer,
  begin: number,
  value: number,
  fractionBits: number,
  leastExponent: number,
): number {
  if (!Number.isFinite(value)) return begin + bytes.write(String(value), begin, 'latin1');
  let at = begin;
  asDouble[0] = value;
  const high = asWords[1]!;
  if (high >>> 31) bytes[at++] = minus;
  const size = Math.abs(value);
  // Whole numbers that have their digits exactly; most others are not worth the question.
  if (size < 100_000 && size === (size | 0)) return writePoint(bytes, writeWhole(bytes, at, size | 0));
  if (fractionBits > 23) return writeDouble(bytes, at, size);
  const exponentOfTwo = Math.max(((high >>> 20) & 0x7ff) - 1023, leastExponent);
  // Where the next smaller number is nearer than the next larger one, the nearer counts.
  const isPower = (high & 0xf_ffff) === 0 && asWords[0] === 0;
  // A power of two, made of its exponent.
  asWords[0] = 0;
  asWords[1] = (exponentOfTwo - fractionBits - (isPower ? 2 : 1) + 1023) << 20;
  return writeShortest(bytes, at, size, asDouble[0]!, Math.max(-149, ((high >>> 20) & 0x7ff) - 1023));
}

/**
 * @param halfGap half of the distance to the nearest number of its type: what is nearer than that is read as the same
 * @param exponentOfTwo of the value
 */
function writeShortest(bytes: Buffer, at: number, value: number, halfGap: number, exponentOfTwo: number): number {
  let exponent = Math.floor(exponentOfTwo * log10Of2);
  if (value >= powers[exponent + 1 - lowest]!) exponent++;
  const shift = mostDigits - 1 - exponent;
  const scale = powers[shift - lowest]!;
  const scaled = value * scale;
  // What the two multiplications may be off is far less than a millionth of the gap.
  const room = halfGap * scale * 0.999_999;
  let step = 1;
  while (step <= 10 * room) step *= 10;
  let digits = Math.round(scaled / step) * step;
  while (step > 1 && Math.abs(digits - scaled) > room) {
    step /= 10;
    digits = Math.round(scaled / step) * step;
  }
  return writeScaled(bytes, at, digits, -shift);
}

/** Writes digits × 10^exponent, without the zeros at their end. @param digits under 2^31 */
function writeScaled(bytes: Buffer, begin: number, digits: number, exponent: number): number {
  let rest = digits;
  let power = exponent;
  for (let next = (rest / 10) | 0; next * 10 === rest; next = (rest / 10) | 0) {
    rest = next;
    power++;
  }
  let count = 1;
  for (let bound = 10; rest >= bound; bound *= 10) count++;
  const first = power + count - 1;
  let at = begin;
  if (first < leastPlain || first > mostPlain) {
    // d.ddde±x
    const end = writeWhole(bytes, at + (count > 1 ? 1 : 0), rest);
    if (count > 1) {
      bytes[at] = bytes[at + 1]!;
      bytes[at + 1] = point;
    }
    bytes[end] = 0x65;
    at = end + 1;
    bytes[at++] = first < 0 ? minus : 0x2b;
    return writeWhole(bytes, at, Math.abs(first));
  }
  if (power >= 0) {
    at = writeWhole(bytes, at, rest);
    for (let i = 0; i < power; i++) bytes[at++] = zero;
    return writePoint(bytes, at);
  }
  if (first < 0) {
    bytes[at++] = zero;
    bytes[at++] = point;
    for (let i = -1; i > first; i--) bytes[at++] = zero;
    return writeWhole(bytes, at, rest);
  }
  // The point stands among the digits.
  const end = writeWhole(bytes, at, rest);
  const pointAt = at + first + 1;
  bytes.copyWithin(pointAt + 1, pointAt, end);
  bytes[pointAt] = point;
  return end + 1;
}

function writeDouble(bytes: Buffer, at: number, value: number): number {
  const text = String(value);
  const end = at + bytes.write(text, at, 'latin1');
  return text.includes('.') || text.includes('e') ? end : writePoint(bytes, end);
}

/** `.0`: a whole number of a type that has others. */
function writePoint(bytes: Buffer, at: number): number {
  bytes[at] = point;
  bytes[at + 1] = zero;
  return at + 2;
}

/** @param value an integer under 2^31; @returns where its digits end */
export function writeWhole(bytes: Buffer, at: number, value: number): number {
  let length = 1;
  for (let bound = 10; value >= bound; bound *= 10) length++;
  let rest = value;
  for (let i = at + length - 1; i >= at; i--) {
    const next = (rest / 10) | 0;
    bytes[i] = zero + rest - next * 10;
    rest = next;
  }
  return at + length;
}
