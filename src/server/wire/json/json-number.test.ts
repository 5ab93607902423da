import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { JsonNumber } from './json-number.ts';

function scan(text: string): JsonNumber {
  const bytes = Buffer.from(text);
  const number = new JsonNumber(bytes, bytes.byteLength);
  assert.equal(number.scan(0), bytes.byteLength);
  return number;
}

const digits = (maxLength: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { maxLength }).map((all) => all.join(''));

/** Numbers as people and programs write them: short and long, near the middle of two FP32 values, with any exponent. */
const written = fc.oneof(
  fc
    .tuple(fc.boolean(), fc.nat(), digits(25), digits(25), fc.option(fc.integer({ min: -60, max: 60 })))
    .map(
      ([minus, first, more, fraction, exponent]) =>
        `${minus ? '-' : ''}${first === 0 ? '0' : first + more}${fraction && `.${fraction}`}${exponent === null ? '' : `e${exponent}`}`,
    ),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.float({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc
    .tuple(fc.float({ noNaN: true, min: 2 ** -20, max: 2 ** 20 }), fc.integer({ min: -3, max: 3 }))
    .map(([value, off]) => {
      const half = 2 ** (Math.floor(Math.log2(Math.abs(value) || 1)) - 24);
      return (value + half * (1 + off * 1e-8)).toPrecision(18);
    }),
);

test('a number is the double that JavaScript has for it', () => {
  fc.assert(
    fc.property(written, (text) => {
      assert.ok(Object.is(scan(text).toDouble(), Number(text)), text);
    }),
    { numRuns: 5000 },
  );
});

test('a number becomes the FP32 value that its nearest double does', () => {
  fc.assert(
    fc.property(written, (text) => {
      assert.ok(Object.is(Math.fround(scan(text).toFloat()), Math.fround(Number(text))), text);
    }),
    { numRuns: 20_000 },
  );
});

test('integers of 64 bits are exact', () => {
  fc.assert(
    fc.property(fc.bigInt(-(2n ** 63n), 2n ** 64n - 1n), (value) => {
      assert.equal(BigInt(scan(String(value)).toInteger()!), value);
    }),
  );
});

const integers: readonly [text: string, value: number | bigint | undefined][] = [
  ['0', 0],
  ['-7', -7],
  ['1.9', 1],
  ['-1.9', -1],
  ['1e3', 1000],
  ['1e18', 1_000_000_000_000_000_000n],
  ['18446744073709551615', 18_446_744_073_709_551_615n],
  ['18446744073709551616', undefined],
  ['-9223372036854775808', -9_223_372_036_854_775_808n],
  ['-9223372036854775809', undefined],
  ['1e30', undefined],
  ['NaN', undefined],
  ['-Infinity', undefined],
  ['9'.repeat(100_000), undefined],
];

for (const [text, value] of integers) {
  test(`${text.slice(0, 30)} as an integer is ${value}`, () => assert.equal(scan(text).toInteger(), value));
}

test('numbers of any length take no time to speak of', () => {
  const long = '1'.repeat(1_000_000);
  const begin = performance.now();
  assert.throws(() => scan(long).toDouble(), { message: /Expected: a number that fits in 64 bits/ });
  assert.equal(scan(`0.${'0'.repeat(1_000_000)}1`).toDouble(), 0);
  assert.equal(scan(`1e-${long}`).toFloat(), 0);
  assert.ok(performance.now() - begin < 5000);
});
