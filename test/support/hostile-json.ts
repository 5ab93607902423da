import fc from 'fast-check';

const tokens = /"(?:[^"\\]|\\.)*"|[-+.\w]+|\s+|./gsu;

/** What JSON is made of, what it may not be made of, and what the bodies of requests say. */
const pieces = fc.oneof(
  fc.constantFrom(...['', ' ', '[', ']', '{', '}', ',', ':', '[]', '{}', '[[]]', '[[[[', 'null', 'true', 'false', '"']),
  fc.constantFrom(...['0', '-0', '-1', '1.5', '1e2', '01', '1.', '.5', '+1', '-', '1e', '1e400', '-1e-400', '0x10']),
  fc.constantFrom(
    ...['2147483648', '9007199254740993', '9223372036854775808', '-9223372036854775809', '18446744073709551616'],
  ),
  fc.constantFrom(
    ...['NaN', 'Infinity', '-Infinity', 'nan', 'undefined', `${'9'.repeat(400)}`, `0.${'0'.repeat(400)}1`],
  ),
  fc.constantFrom(
    ...['""', '"a"', '"\\ud800"', '"\\u0000"', '"\\x"', '"\u0000"', '"NaN"', '"😀"', '"__proto__"', '{"b64": "AA=="}'],
  ),
  fc.constantFrom(
    ...['"instances"', '"inputs"', '"signature_name"', '"b"', '"b64"', '"c"', '"id"', '"outputs"', '"name"'],
  ),
  fc.constantFrom(
    ...['"shape"', '"datatype"', '"data"', '"parameters"', '"binary_data_size"', '"binary_data"', '"FP32"', '"BYTES"'],
  ),
);

const numbers = fc.constantFrom(
  '0',
  '-0',
  '1',
  '-1',
  '7',
  '127',
  '128',
  '1.5',
  '2e0',
  '65504',
  '1e38',
  '1e400',
  '-1e-400',
  'NaN',
  '-Infinity',
);

type Change = readonly [
  kind: 'number' | 'replace' | 'insert' | 'remove' | 'repeat' | 'swap',
  at: number,
  other: number,
  piece: string,
  number: string,
];

const change: fc.Arbitrary<Change> = fc.tuple(
  fc.constantFrom('number', 'number', 'number', 'replace', 'insert', 'remove', 'repeat', 'swap'),
  fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  pieces,
  numbers,
);

/** JSON texts of which up to three words are others, elsewhere, twice or not there: many are JSON still. */
export function hostileJson(whole: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(whole, fc.array(change, { minLength: 1, maxLength: 3 })).map(([text, changes]) => {
    const words = text.match(tokens) ?? [];
    for (const [kind, where, otherWhere, piece, number] of changes) {
      const at = Math.floor(where * words.length);
      const other = Math.floor(otherWhere * words.length);
      if (kind === 'number') {
        const places = words.flatMap((word, i) => (/^-?\d/.test(word) ? [i] : []));
        if (places.length > 0) words[places[Math.floor(where * places.length)]!] = number;
      } else if (kind === 'replace') words[at] = piece;
      else if (kind === 'insert') words.splice(at, 0, piece);
      else if (kind === 'remove') words.splice(at, 1);
      else if (kind === 'repeat') words.splice(at, 0, ...words.slice(at, at + 8));
      else [words[at], words[other]] = [words[other] ?? '', words[at] ?? ''];
    }
    return words.join('');
  });
}
