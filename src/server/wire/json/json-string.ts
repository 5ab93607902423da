import { ServingError } from '../../model/error.ts';

const backslash = 0x5c;

/** What stands behind a backslash, and what it means. */
const escapes: ReadonlyMap<number, number> = new Map([
  [0x22, 0x22],
  [0x5c, 0x5c],
  [0x2f, 0x2f],
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
]);

/** For halves of pairs that stand alone, and so are no character. */
const replacement = 0xfffd;

/**
 * Decodes the escapes of a JSON string, where it stands unless told otherwise: what they mean is never longer than they are.
 * @param end where the closing quote is
 * @param target what it is written to, from `start` on
 * @returns how many bytes of UTF-8 it is
 * @throws ServingError `invalid-argument`
 */
export function decodeString(bytes: Buffer, begin: number, end: number, target = bytes, start = begin): number {
  let from = bytes.indexOf(backslash, begin);
  if (target !== bytes) bytes.copy(target, start, begin, from);
  let to = start + from - begin;
  while (from < end) {
    const byte = bytes[from]!;
    if (byte !== backslash) {
      target[to++] = byte;
      from++;
      continue;
    }
    const escaped = bytes[from + 1]!;
    const plain = escapes.get(escaped);
    if (plain !== undefined) {
      target[to++] = plain;
      from += 2;
      continue;
    }
    if (escaped !== 0x75) throw wrongEscape(from);
    let code = readUnit(bytes, from, end);
    from += 6;
    if (code >= 0xd800 && code < 0xdc00 && bytes[from] === backslash && bytes[from + 1] === 0x75) {
      const low = readUnit(bytes, from, end);
      if (low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        from += 6;
      }
    }
    to = writeUtf8(target, to, code >= 0xd800 && code < 0xe000 ? replacement : code);
  }
  return to - start;
}

/** The four hexadecimal digits of `\uXXXX`. */
function readUnit(bytes: Buffer, at: number, end: number): number {
  let code = 0;
  for (let i = at + 2; i < at + 6; i++) {
    const digit = i < end ? hexadecimal(bytes[i]!) : -1;
    if (digit < 0) throw wrongEscape(at);
    code = code * 16 + digit;
  }
  return code;
}

function hexadecimal(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function writeUtf8(bytes: Buffer, at: number, code: number): number {
  let to = at;
  if (code < 0x80) {
    bytes[to++] = code;
    return to;
  }
  if (code < 0x800) bytes[to++] = 0xc0 | (code >> 6);
  else {
    if (code < 0x10000) bytes[to++] = 0xe0 | (code >> 12);
    else {
      bytes[to++] = 0xf0 | (code >> 18);
      bytes[to++] = 0x80 | ((code >> 12) & 0x3f);
    }
    bytes[to++] = 0x80 | ((code >> 6) & 0x3f);
  }
  bytes[to++] = 0x80 | (code & 0x3f);
  return to;
}

function wrongEscape(position: number): ServingError {
  return new ServingError(
    'invalid-argument',
    `The file is not valid json - Expected: a known escape; Actual: another at byte ${position}`,
  );
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** By character: its six bits, or 64 for what is none. */
const sextets = new Uint8Array(256).fill(64);
for (let i = 0; i < alphabet.length; i++) sextets[alphabet.charCodeAt(i)] = i;

/**
 * Decodes Base64 (RFC 4648, with its padding) where it stands.
 * @returns how many bytes it is
 * @throws ServingError `invalid-argument`
 */
export function decodeBase64(bytes: Buffer, begin: number, length: number): number {
  const end = begin + length;
  let padding = 0;
  while (padding < 2 && padding < length && bytes[end - 1 - padding] === 0x3d) padding++;
  if (length % 4 !== 0) throw wrongBase64(`${length} characters`);
  let to = begin;
  const stop = end - padding;
  for (let from = begin; from < stop; from += 4) {
    const a = sextets[bytes[from]!]!;
    const b = from + 1 < stop ? sextets[bytes[from + 1]!]! : 64;
    const c = from + 2 < stop ? sextets[bytes[from + 2]!]! : 0;
    const d = from + 3 < stop ? sextets[bytes[from + 3]!]! : 0;
    if ((a | b | c | d) & 64) throw wrongBase64('another');
    bytes[to++] = (a << 2) | (b >> 4);
    bytes[to++] = ((b & 15) << 4) | (c >> 2);
    bytes[to++] = ((c & 3) << 6) | d;
  }
  return to - begin - padding;
}

function wrongBase64(actual: string): ServingError {
  return new ServingError(
    'invalid-argument',
    `Decode Base64 to string error - Expected: characters of Base64 in fours, padded; Actual: ${actual}`,
  );
}
