import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bounded } from './conditions.ts';

const cases: [what: string, message: string, most: number, bounded: string][] = [
  ['what fits stays', 'abc', 3, 'abc'],
  ['what is longer is cut', 'abcdefgh', 6, 'abc…'],
  ['a character takes its bytes', 'ääää', 8, 'ääää'],
  ['and is whole or not there', 'äääää', 8, 'ää…'],
  ['also one of two units', '💥💥', 7, '💥…'],
  ['what JSON escapes takes as much as it does there', 'a\u0000bcdefgh', 8, 'a…'],
  ['half of a character is none', 'a\ud800', 10, 'a\ufffd'],
];

for (const [what, message, most, expected] of cases) {
  test(`a message: ${what}`, () => assert.equal(bounded(message, most), expected));
}

test('a message takes no more than 512 bytes unless said otherwise', () => {
  assert.equal(bounded('x'.repeat(512)).length, 512);
  assert.equal(Buffer.byteLength(bounded('x'.repeat(1_000_000))), 512);
});
