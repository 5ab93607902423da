import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readApiKeys } from './api-keys.ts';

const keys = readApiKeys('# of the team\nfirst-key_1.~+/\n\n  c2Vjb25k==  \r\n', 'keys.txt');

const shown: readonly [authorization: string | undefined, actual: string | undefined][] = [
  ['Bearer first-key_1.~+/', undefined],
  ['Bearer c2Vjb25k==', undefined],
  ['bearer   c2Vjb25k==  ', undefined],
  [undefined, 'no authorization'],
  ['', 'no authorization'],
  ['Bearer', 'authorization of another form'],
  ['Bearer ', 'authorization of another form'],
  ['Bearer c2Vjb25k== more', 'authorization of another form'],
  ['c2Vjb25k==', 'authorization of another form'],
  ['Basic c2Vjb25k==', 'authorization of another form'],
  ['Bearer c2Vjb25k=', 'a key that is not among those of the server'],
  ['Bearer c2Vjb25k===', 'a key that is not among those of the server'],
  ['Bearer C2Vjb25k==', 'a key that is not among those of the server'],
  ['Bearer #', 'a key that is not among those of the server'],
  [`Bearer ${'x'.repeat(100_000)}`, 'a key that is not among those of the server'],
];

test('there are as many keys as lines that hold one', () => {
  assert.equal(keys.count, 2);
});

for (const [authorization, actual] of shown) {
  test(`authorization: ${authorization?.slice(0, 40)} is ${actual === undefined ? 'let in' : 'refused'}`, () => {
    const refusal = keys.refusal(authorization);
    const text = 'An API key is needed - Expected: authorization: Bearer KEY; Actual: ';
    assert.deepEqual(
      [refusal?.code, refusal?.message],
      actual === undefined ? [undefined, undefined] : ['unauthenticated', text + actual],
    );
  });
}

for (const [text, problem] of [
  ['', 'keys.txt holds no key - Expected: one a line'],
  ['\n# a comment\n', 'keys.txt holds no key - Expected: one a line'],
  ['good\ntwo words', /^keys\.txt: line 2 holds no key - Expected: at most 4096 of/],
  ['sch\u00f6n', /^keys\.txt: line 1 holds no key/],
  ['a'.repeat(4097), /^keys\.txt: line 1 holds no key/],
] as const) {
  test(`the file ${JSON.stringify(text).slice(0, 30)} is refused, without its keys`, () => {
    assert.throws(
      () => readApiKeys(text, 'keys.txt'),
      (error: Error) => {
        if (typeof problem === 'string') assert.equal(error.message, problem);
        else assert.match(error.message, problem);
        assert.ok(!/two words|sch|aaaa/.test(error.message));
        return true;
      },
    );
  });
}
