import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anySize, type Reshape } from '../model/reshape.ts';
import type { Dimension } from '../model/signature.ts';
import { type ModelInput, newShapes } from './reshape.ts';

const just = (size: number): Dimension => ({ min: size, max: size });
const input = (name: string, ...sizes: number[]): ModelInput => ({
  name,
  shape: sizes.map(just),
  layout: sizes.length === 0 ? '...' : 'N...',
});
const open: ModelInput = { name: 'open', shape: undefined, layout: 'N...' };
const batch: Reshape = { kind: 'batch', size: just(4) };
const fixed: Reshape = { kind: 'shape', shape: [just(2), just(3)] };
const dynamic: Reshape = { kind: 'shape', shape: 'dynamic' };
const named = (...names: string[]): Reshape => ({
  kind: 'shapes',
  shapes: names.map((name) => ({ input: name, shape: [just(5)] })),
});

const cases: [what: string, reshape: Reshape, inputs: ModelInput[], shapes: [number, Dimension[]][]][] = [
  [
    'every input has its batch, but a scalar',
    batch,
    [input('a', 1, 10), input('b'), input('c', 2)],
    [
      [0, [just(4), just(10)]],
      [2, [just(4)]],
    ],
  ],
  ['the batch stands where the layout says', batch, [{ ...input('a', 3, 1), layout: 'CN' }], [[0, [just(3), just(4)]]]],
  ['the only input', fixed, [input('a', 1, 10)], [[0, [just(2), just(3)]]]],
  ['the only input, whose rank is open', fixed, [open], [[0, [just(2), just(3)]]]],
  ['no input at all', fixed, [], []],
  [
    'all inputs, of any size; what is open stays so',
    dynamic,
    [input('a', 1, 10), open, input('b')],
    [[0, [anySize, anySize]]],
  ],
  ['those that are named', named('b'), [input('a', 1), input('b', 1)], [[1, [just(5)]]]],
];

for (const [what, reshape, inputs, shapes] of cases) {
  test(`new shapes for ${what}`, () => assert.deepEqual([...newShapes(reshape, inputs)], shapes));
}

const could = 'Model could not be reshaped with requested shape';
const refused: [what: string, reshape: Reshape, inputs: ModelInput[], message: string][] = [
  [
    'one shape for several inputs',
    fixed,
    [input('a', 1), input('b', 1)],
    'Anonymous fixed shape is invalid for models with multiple inputs - Inputs: a, b',
  ],
  ['an input that is not there', named('a', 'c'), [input('a', 1)], `${could} - there is no input c; inputs: a`],
  ['a batch for scalars', batch, [input('a')], `${could} - no input has a batch dimension`],
  [
    'a batch where the rank is open',
    batch,
    [open],
    `${could} - input open has no fixed rank, so its batch dimension is not known: set its shape`,
  ],
];

for (const [what, reshape, inputs, message] of refused) {
  test(`refused: ${what}`, () => {
    assert.throws(() => newShapes(reshape, inputs), { code: 'failed-precondition', message });
  });
}
