import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReadParameters } from './read-parameters.ts';

type Read = (read: ReadParameters) => unknown;
const integer: Read = (read) => read.integer('p', { min: 1 });
const orTen: Read = (read) => read.integer('p', { min: 1, otherwise: 10 });
const share: Read = (read) => read.number('p', { min: 0, max: 1 });
const numbers: Read = (read) => read.numbers('p');
const choice: Read = (read) => read.choice('p', ['A', 'B']);

const right: [text: string | undefined, read: Read, value: unknown][] = [
  ['12', integer, 12],
  [' +7 ', integer, 7],
  [undefined, orTen, 10],
  ['0.25', share, 0.25],
  ['1e-1', share, 0.1],
  ['[1, 2.5,-3]', numbers, [1, 2.5, -3]],
  ['[]', numbers, []],
  [undefined, numbers, []],
  ['B', choice, 'B'],
  [undefined, (read) => read.choice('p', ['A', 'B'], 'A'), 'A'],
  ['true', (read) => read.flag('p'), true],
  ['yes', (read) => read.flag('p'), false],
  [undefined, (read) => read.has('p'), false],
];

for (const [text, read, value] of right) {
  test(`${text} is ${JSON.stringify(value)}`, () => {
    assert.deepEqual(read(new ReadParameters(text === undefined ? {} : { p: text })), value);
  });
}

const wrong: [text: string | undefined, read: Read, message: string][] = [
  [undefined, integer, 'an integer from 1; Actual: nothing'],
  ['0', integer, 'an integer from 1; Actual: "0"'],
  ['2.5', integer, 'an integer from 1; Actual: "2.5"'],
  ['99999999999', integer, 'an integer from 1; Actual: "99999999999"'],
  ['', orTen, 'an integer from 1; Actual: ""'],
  ['11', (read) => read.integer('p', { min: 1, max: 9 }), 'an integer from 1 to 9; Actual: "11"'],
  ['1.01', share, 'a number from 0 to 1; Actual: "1.01"'],
  ['NaN', share, 'a number from 0 to 1; Actual: "NaN"'],
  ['1,2', numbers, 'a list of numbers, like [1,2,3]; Actual: "1,2"'],
  ['[1,,2]', numbers, 'a list of numbers, like [1,2,3]; Actual: "[1,,2]"'],
  ['C', choice, 'A or B; Actual: "C"'],
  [undefined, choice, 'A or B; Actual: nothing'],
];

for (const [text, read, message] of wrong) {
  test(`${text} is not ${message.split(';')[0]}`, () => {
    const parameters = new ReadParameters(text === undefined ? {} : { p: text });
    assert.throws(() => read(parameters), { message: `parameter p - Expected: ${message}` });
  });
}
