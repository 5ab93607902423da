import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromBfloat16, toBfloat16 } from './bfloat16.ts';
import { writeFloat } from './write-float.ts';

const room = Buffer.alloc(64);
const text = (value: number, fractionBits = 23, leastExponent = -126) => {
  const end = writeFloat(room, 0, value, fractionBits, leastExponent);
  assert.ok(end <= 32);
  return room.toString('latin1', 0, end);
};

const floats = new Float32Array(1);
const bits = new Uint32Array(floats.buffer);

test('what is written of an FP32 value is JSON and reads as that value, in nine digits at most', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (pattern) => {
      bits[0] = pattern;
      const value = floats[0]!;
      if (!Number.isFinite(value)) return;
      const written = text(value);
      assert.ok(Object.is(Math.fround(JSON.parse(written)), value), `${value}: ${written}`);
      assert.ok(written.replace(/e.*|^[-0.]+|\./g, '').length <= 17);
    }),
    { numRuns: 20_000 },
  );
});

test('every FP16 and BF16 value is read back', () => {
  const halves = new Float16Array(1);
  const patterns = new Uint16Array(halves.buffer);
  for (let pattern = 0; pattern < 65_536; pattern++) {
    patterns[0] = pattern;
    const half = halves[0]!;
    if (Number.isFinite(half)) assert.ok(Object.is(Math.f16round(Number(text(half, 10, -14))), half));
    const brain = fromBfloat16(pattern);
    if (Number.isFinite(brain)) assert.equal(toBfloat16(Number(text(brain, 7))), pattern);
  }
});

test('FP64 is as JavaScript writes it', () => {
  fc.assert(fc.property(fc.double({ noNaN: true }), (value) => Object.is(Number(text(value, 52, -1022)), value)));
});

const samples: readonly [value: number, text: string][] = [
  [0, '0.0'],
  [-0, '-0.0'],
  [1, '1.0'],
  [-2.5, '-2.5'],
  [0.1, '0.1'],
  [1 / 3, '0.33333334'],
  [16_777_216, '16777216.0'],
  [123_456.789, '123456.79'],
  [1e-5, '0.00001'],
  [1e-7, '1e-7'],
  [1.5e-7, '1.5e-7'],
  [1e15, '1000000000000000.0'],
  [1e16, '1e+16'],
  [3.4028234663852886e38, '3.4028235e+38'],
  [1.401298464324817e-45, '1.4e-45'],
  [Number.NaN, 'NaN'],
  [Number.POSITIVE_INFINITY, 'Infinity'],
  [Number.NEGATIVE_INFINITY, '-Infinity'],
];

for (const [value, written] of samples) {
  test(`${value} is written ${written}`, () => assert.equal(text(Math.fround(value)), written));
}

const brains: readonly [value: number, pattern: number][] = [
  [1, 0x3f80],
  [1 + 2 ** -8, 0x3f80],
  [1 + 2 ** -8 + 2 ** -40, 0x3f81],
  [1 + 3 * 2 ** -8, 0x3f82],
  [-1 - 2 ** -8 - 2 ** -40, 0xbf81],
  [1 + 3 * 2 ** -8 - 2 ** -40, 0x3f81],
  [1e39, 0x7f80],
  [Number.NaN, 0x7fc0],
];

for (const [value, pattern] of brains) {
  test(`the BF16 value next to ${value} is ${pattern.toString(16)}`, () => assert.equal(toBfloat16(value), pattern));
}
