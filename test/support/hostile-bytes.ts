import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ServingError } from '../../src/server/model/error.ts';
import type { InputTensor } from '../../src/server/model/inference.ts';
import { totalLength } from '../../src/server/model/strings.ts';

const random = fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes));
const at = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

/** Bytes of no kind, and messages that are cut, overwritten or torn. */
export function hostileBytes(whole: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> {
  const truncated = fc.tuple(whole, at).map(([message, end]) => message.subarray(0, end * message.length));
  const overwritten = fc
    .tuple(whole, fc.array(fc.tuple(at, fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }))
    .map(([message, changes]) => {
      const bytes = Buffer.from(message);
      for (const [where, byte] of changes) if (bytes.length > 0) bytes[Math.floor(where * bytes.length)] = byte;
      return bytes;
    });
  const spliced = fc.tuple(whole, at, random).map(([message, where, piece]) => {
    const cut = Math.floor(where * message.length);
    return Buffer.concat([message.subarray(0, cut), piece, message.subarray(cut)]);
  });
  return fc.oneof(random, truncated, overwritten, spliced);
}

/** @returns undefined if the bytes were refused, as they may be in one way only */
export function refusedOr<T>(decode: (message: Uint8Array) => T, bytes: Uint8Array): T | undefined {
  try {
    return decode(bytes);
  } catch (error) {
    assert.ok(error instanceof ServingError, String(error));
    assert.equal(error.code, 'invalid-argument');
    return undefined;
  }
}

/** How many bytes a decoded input takes. */
export function payloadSize({ payload }: InputTensor): number {
  if (payload.kind !== 'strings') return payload.bytes.byteLength;
  return totalLength(payload.strings) + payload.strings.ranges.byteLength;
}
