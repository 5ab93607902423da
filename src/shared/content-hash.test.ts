import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalJson, contentHash } from './content-hash.ts';

test('the same content has the same JSON and the same hash, whatever the order of its keys', () => {
  assert.equal(canonicalJson({ b: [{ d: 1, c: undefined }], a: 'x' }), '{"a":"x","b":[{"d":1}]}');
  assert.equal(contentHash({ b: 1, a: { d: 2, c: 3 } }), contentHash({ a: { c: 3, d: 2 }, b: 1 }));
  assert.match(contentHash('text'), /^[0-9a-f]{10}$/);
  // It names revisions of what runs: to change it makes all pods roll.
  assert.equal(contentHash({ a: [1, 'x', null, true] }), 'aa93e2cb2b');
});

const different: [a: unknown, b: unknown][] = [
  [
    [1, 2],
    [2, 1],
  ],
  [1, '1'],
  [{}, []],
  [{ a: null }, {}],
  [{ a: { b: 1 } }, { 'a.b': 1 }],
  ['', ' '],
];

for (const [a, b] of different) {
  test(`${JSON.stringify(a)} is not ${JSON.stringify(b)}`, () => assert.notEqual(contentHash(a), contentHash(b)));
}

test('JSON read back is the same content', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.deepEqual(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)));
      assert.equal(contentHash(JSON.parse(canonicalJson(value))), contentHash(value));
    }),
  );
});
