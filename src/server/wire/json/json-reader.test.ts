import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ServingError } from '../../model/error.ts';
import { JsonReader } from './json-reader.ts';

/** The value as JavaScript has it. */
function read(reader: JsonReader): unknown {
  switch (reader.kind()) {
    case 'object': {
      const members: [string, unknown][] = [];
      reader.object((name) => members.push([name, read(reader)]));
      return Object.fromEntries(members);
    }
    case 'array': {
      const elements: unknown[] = [];
      reader.array(() => elements.push(read(reader)));
      return elements;
    }
    case 'string':
      return reader.string();
    case 'boolean':
      return reader.boolean();
    case 'null':
      reader.skip();
      return null;
    default:
      return reader.number().toDouble();
  }
}

function readAll(text: string | Buffer): unknown {
  const reader = new JsonReader(Buffer.from(text));
  const value = read(reader);
  reader.finish();
  return value;
}

function skipAll(text: string | Buffer): void {
  const reader = new JsonReader(Buffer.from(text));
  reader.skip();
  reader.finish();
}

const spaced = fc.tuple(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(0, 1, '\t', '\r\n'));

test('whatever JSON.parse reads is read the same', () => {
  fc.assert(
    fc.property(spaced, ([value, space]) => {
      const text = JSON.stringify(value, null, space);
      assert.deepEqual(readAll(text), JSON.parse(text));
      skipAll(text);
    }),
    { numRuns: 500 },
  );
});

test('whatever JSON.parse refuses is refused', () => {
  const broken = fc.tuple(
    spaced,
    fc.nat(),
    fc.constantFrom('', ',', '"', '\\', '[', '}', '0', '.', 'e', '\n', '\u0001', 'x'),
  );
  fc.assert(
    fc.property(broken, ([[value, space], at, piece]) => {
      const text = JSON.stringify(value, null, space);
      const place = at % (text.length + 1);
      const changed = text.slice(0, place) + piece + text.slice(place + (piece === '' ? 1 : 0));
      let expected: unknown;
      try {
        expected = JSON.parse(changed, (_name, member) => {
          // Only of numbers: an object may have a `toString` that is none.
          if (typeof member === 'number' && !Number.isFinite(member))
            throw new Error('JSON has no number as large as that');
          return member;
        });
      } catch {
        assert.throws(() => readAll(changed), ServingError, changed);
        return;
      }
      assert.deepEqual(readAll(changed), expected);
      skipAll(changed);
    }),
    { numRuns: 2000 },
  );
});

test('any bytes at all are read or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      for (const attempt of [() => readAll(Buffer.from(bytes)), () => skipAll(Buffer.from(bytes))]) {
        try {
          attempt();
        } catch (error) {
          assert.ok(error instanceof ServingError);
        }
      }
    }),
    { numRuns: 2000 },
  );
});

const refusals: readonly [text: string, message: string][] = [
  ['', 'Expected: a value; Actual: the end at byte 0'],
  [' \n', 'Expected: a value; Actual: the end at byte 2'],
  ['[1,]', 'Expected: a value; Actual: ] at byte 3'],
  ['[1 2]', 'Expected: a comma or ]; Actual: 2 at byte 3'],
  ['{"a" 1}', 'Expected: a colon; Actual: 1 at byte 5'],
  ['{a: 1}', 'Expected: a name in quotes; Actual: a at byte 1'],
  ['{"a": 1', 'Expected: a comma or }; Actual: the end at byte 7'],
  ['"abc', 'Expected: the end of a string; Actual: the end at byte 4'],
  ['"abc\\"', 'Expected: the end of a string; Actual: the end at byte 6'],
  ['"a\nb"', 'Expected: no control character in a string; Actual: a byte of 10 at byte 2'],
  ['"\\x"', 'Expected: a known escape; Actual: another at byte 1'],
  ['"\\u12"', 'Expected: a known escape; Actual: another at byte 1'],
  ['01', 'Expected: no leading zero; Actual: 1 at byte 1'],
  ['1.', 'Expected: a digit; Actual: the end at byte 2'],
  ['-', 'Expected: a digit; Actual: the end at byte 1'],
  ['1e', 'Expected: a digit; Actual: the end at byte 2'],
  ['.5', 'Expected: a value; Actual: . at byte 0'],
  ['1e400', 'Expected: a number that fits in 64 bits; Actual: 1 at byte 0'],
  ['tru', 'Expected: true or false; Actual: t at byte 0'],
  ['nul', 'Expected: null; Actual: n at byte 0'],
  ['1 x', 'Expected: the end; Actual: x at byte 2'],
];

for (const [text, message] of refusals) {
  test(`${JSON.stringify(text)} is refused`, () => {
    const error = { code: 'invalid-argument', message: `The file is not valid json - ${message}` };
    assert.throws(() => readAll(text), error);
  });
}

test('arrays and objects nest a hundred deep, and no deeper', () => {
  const nested = (depth: number, open: string, close: string) => open.repeat(depth) + 1 + close.repeat(depth);
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const) {
    readAll(nested(100, open, close));
    skipAll(nested(100, open, close));
    const tooDeep = { message: /^JSON nesting depth exceeds the allowed limit - / };
    assert.throws(() => readAll(nested(101, open, close)), tooDeep);
    assert.throws(() => skipAll(open.repeat(10_000_000)), tooDeep);
  }
});

const texts: readonly [json: string, text: string][] = [
  ['"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\\/\b\f\n\r\t'],
  ['"\\u00e4\\u20ac\\ud83d\\ude00ä"', 'ä€😀ä'],
  ['"\\ud83d"', '\ufffd'],
  ['"\\ud83d\\u0041"', '\ufffdA'],
  ['"\\ude00x"', '\ufffdx'],
  ['"\\u0000"', '\0'],
];

for (const [json, text] of texts) {
  test(`${json} is decoded where it stands`, () => assert.equal(readAll(json), text));
}

test('Base64 is decoded where it stands, and refused where it is none', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const reader = new JsonReader(Buffer.from(JSON.stringify(Buffer.from(bytes).toString('base64'))));
      const length = reader.base64InPlace();
      assert.deepEqual(reader.bytes.subarray(reader.stringBegin, reader.stringBegin + length), Buffer.from(bytes));
    }),
  );
  for (const text of ['A', 'AB', 'ABC', 'A===', '====', 'AB=C', 'AB C', 'AB_-', 'ABCDE', 'ÄÖ']) {
    const reader = new JsonReader(Buffer.from(`"${text}"`));
    assert.throws(() => reader.base64InPlace(), { message: /^Decode Base64 to string error - / }, text);
  }
});

test('NaN and the infinities are numbers', () => {
  for (const [text, value] of [
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['Inf', Number.POSITIVE_INFINITY],
    ['-Infinity', Number.NEGATIVE_INFINITY],
    ['[-Inf]', [Number.NEGATIVE_INFINITY]],
  ] as const) {
    assert.deepEqual(readAll(text), value);
    skipAll(text);
  }
  for (const text of ['nan', 'Na', '+Infinity', 'Infinit', '"NaN']) assert.throws(() => readAll(text), ServingError);
});

test('a byte order mark is passed over', () => assert.equal(readAll('\ufeff1'), 1));
