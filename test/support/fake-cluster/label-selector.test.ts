import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLabelSelector } from './label-selector.ts';

test('selectors are read as kubectl reads them', () => {
  const labels = { a: '1', 'example.com/b': '' };
  const cases: readonly (readonly [selector: string, matches: boolean])[] = [
    ['', true],
    ['a=1', true],
    ['a = 1 , example.com/b=', true],
    ['a==2', false],
    ['a!=2,c!=3', true],
    ['a in (1,2),example.com/b', true],
    ['a notin (1, 2)', false],
    ['c notin (1)', true],
    ['!c', true],
    ['!a', false],
    ['c', false],
  ];
  for (const [selector, matches] of cases) assert.equal(parseLabelSelector(selector)(labels), matches, selector);
  for (const selector of ['= =', 'a b', 'a in 1', ',']) assert.throws(() => parseLabelSelector(selector), /parse/);
});
