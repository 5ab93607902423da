import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LineReader } from './line-reader.ts';

function read(chunks: readonly Buffer[], longest = 1000): { lines: string[]; fits: boolean; isInLine: boolean } {
  const lines: string[] = [];
  const reader = new LineReader(longest, (line) => lines.push(line));
  const fits = chunks.every((chunk) => reader.push(chunk));
  return { lines, fits, isInLine: reader.isInLine };
}

test('lines are the same wherever the chunks end', () => {
  const line = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !text.includes('\n'));
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.nat(20)), (lines, cuts) => {
      let rest: Buffer = Buffer.from(lines.map((text) => `${text}\n`).join(''));
      const chunks: Buffer[] = [];
      for (const cut of cuts) {
        chunks.push(rest.subarray(0, cut));
        rest = rest.subarray(cut);
      }
      const result = read([...chunks, rest], 10_000);
      assert.deepEqual(result, {
        lines: lines.map((text) => Buffer.from(text).toString()),
        fits: true,
        isInLine: false,
      });
    }),
  );
});

test('empty lines are passed over, and a line that has not ended is none', () => {
  assert.deepEqual(read([Buffer.from('\n\na\n\nb')]), { lines: ['a'], fits: true, isInLine: true });
});

test('a line may be so long and no longer, in one chunk or several', () => {
  const cases: readonly (readonly [chunks: readonly string[], fits: boolean])[] = [
    [['1234567890\n'], true],
    [['12345678901\n'], false],
    [['12345', '67890', '\n'], true],
    [['12345', '67890', '1'], false],
    [['a\n', '12345678901'], false],
    [['€€€\n'], true],
    [['€€€€\n'], false],
  ];
  for (const [chunks, fits] of cases) {
    assert.equal(
      read(
        chunks.map((chunk) => Buffer.from(chunk)),
        10,
      ).fits,
      fits,
      chunks.join('|'),
    );
  }
});
