/**
 * Byte strings without an object for each, of which there may be millions: the i-th lies in `bytes` from `ranges[2 * i]` to
 * `ranges[2 * i + 1]`.
 */
export interface Strings {
  readonly bytes: Buffer;
  readonly ranges: Uint32Array;
}

export function countStrings({ ranges }: Strings): number {
  return ranges.length / 2;
}

/** A view of the i-th string. */
export function stringAt({ bytes, ranges }: Strings, i: number): Buffer {
  return bytes.subarray(ranges[2 * i], ranges[2 * i + 1]);
}

/** Writes the i-th string into a buffer, from `at` on. */
export function copyString({ bytes, ranges }: Strings, i: number, target: Buffer, at: number): void {
  bytes.copy(target, at, ranges[2 * i], ranges[2 * i + 1]);
}

/** Bytes of the i-th string. */
export function stringLength({ ranges }: Strings, i: number): number {
  return ranges[2 * i + 1]! - ranges[2 * i]!;
}

/** Bytes of all strings together. */
export function totalLength({ ranges }: Strings): number {
  let total = 0;
  for (let i = 0; i < ranges.length; i += 2) total += ranges[i + 1]! - ranges[i]!;
  return total;
}

/** The same string over and over. */
export function repeated({ bytes, ranges }: Strings, count: number): Strings {
  const [begin, end] = ranges;
  const all = new Uint32Array(2 * count);
  for (let i = 0; i < all.length; i += 2) {
    all[i] = begin!;
    all[i + 1] = end!;
  }
  return { bytes, ranges: all };
}

/** Copies of the given strings, one behind the other. */
export function stringsOf(list: readonly Uint8Array[]): Strings {
  const ranges = new Uint32Array(2 * list.length);
  let end = 0;
  list.forEach((string, i) => {
    ranges[2 * i] = end;
    end += string.byteLength;
    ranges[2 * i + 1] = end;
  });
  return { bytes: Buffer.concat(list), ranges };
}
