import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { matches, project } from './matches.ts';

const cases: [what: string, wanted: unknown, live: unknown, matches: boolean][] = [
  ['the same', { a: 1 }, { a: 1 }, true],
  ['others have more', { a: { b: 1 } }, { a: { b: 1, c: 2 }, d: 3 }, true],
  ['another value', { a: 1 }, { a: 2 }, false],
  ['a field is gone', { a: { b: 1 } }, { a: {} }, false],
  ['all of it is gone', { a: { b: 1 } }, {}, false],
  ['an object for a value', { a: 1 }, { a: { b: 1 } }, false],
  ['a value for an object', { a: { b: 1 } }, { a: 'b' }, false],
  ['a list for an object', { a: { b: 1 } }, { a: [] }, false],
  ['an object for a list', { a: [1] }, { a: { 0: 1 } }, false],
  ['an empty object that is not kept', { a: {} }, {}, true],
  ['an empty list that is not kept', { a: [] }, {}, true],
  ['an empty list, and others have entries', { a: [] }, { a: [1] }, false],
  ['a number for its text', { a: '8080' }, { a: 8080 }, true],
  ['a boolean for its text', { a: true }, { a: 'true' }, false],
  ['0 for false', { a: false }, { a: 0 }, false],
  ['a list of values', [1, 2], [1, 2], true],
  ['in another order', [1, 2], [2, 1], false],
  ['with one more', [1, 2], [1, 2, 3], false],
  ['named entries in another order', [{ name: 'a' }, { name: 'b' }], [{ name: 'b' }, { name: 'a', c: 1 }], true],
  ['named entries, and one of others', [{ name: 'a' }], [{ name: 'z' }, { name: 'a' }], true],
  ['a named entry is gone', [{ name: 'a' }, { name: 'b' }], [{ name: 'a' }], false],
  ['a named entry is changed', [{ name: 'a', v: 1 }], [{ name: 'a', v: 2 }], false],
  [
    'mounts go by their paths',
    [
      { name: 'v', mountPath: '/a' },
      { name: 'v', mountPath: '/b' },
    ],
    [
      { name: 'v', mountPath: '/b' },
      { name: 'v', mountPath: '/a' },
    ],
    true,
  ],
  ['owners go by their uids', [{ name: 'x', uid: '1' }], [{ name: 'x', uid: '2' }], false],
  ['entries without names are of one piece', [{ v: 1 }], [{ v: 1 }, { v: 2 }], false],
  ['a selector', { selector: { app: 'a' } }, { selector: { app: 'a' } }, true],
  ['a selector with one key more', { selector: { app: 'a' } }, { selector: { app: 'a', b: 'c' } }, false],
  ['labels to match, with one more', { matchLabels: { app: 'a' } }, { matchLabels: { app: 'a', b: 'c' } }, false],
  ['labels, with one more', { labels: { app: 'a' } }, { labels: { app: 'a', b: 'c' } }, true],
];

for (const [what, wanted, live, expected] of cases) {
  test(`${expected ? 'as' : 'not as'} wanted: ${what}`, () => assert.equal(matches(wanted, live), expected));
}

test('whatever is wanted is as wanted, also with what others add to its objects', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (wanted) => {
      assert.ok(matches(wanted, wanted));
      const live: Record<string, unknown> = { 'added by others': 1, ...wanted };
      assert.ok(matches(wanted, live));
      assert.ok(matches(project(wanted, live), live));
    }),
  );
});

test('what is projected is what the API server made of what is wanted', () => {
  const wanted = { cpu: '1000m', list: [{ name: 'b', v: '1000m' }], plain: ['0.5'] };
  const live = { cpu: '1', memory: '1Gi', list: [{ name: 'a' }, { name: 'b', v: '1', more: 1 }], plain: ['500m'] };
  assert.deepEqual(project(wanted, live), { cpu: '1', list: [{ name: 'b', v: '1' }], plain: ['500m'] });
  assert.deepEqual(project({ a: [1] }, { a: 2 }), { a: 2 });
  assert.deepEqual(project({ a: 1 }, {}), { a: undefined });
});
