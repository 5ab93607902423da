import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LayoutChange, Layouts } from '../model/layout.ts';
import { readLayouts } from './layout.ts';
import { Problems } from './problems.ts';

const only = (seen: string, own?: string): Layouts => ({ kind: 'only', layout: own ? { seen, own } : { seen } });
const named = (layouts: Record<string, LayoutChange>): Layouts => ({
  kind: 'named',
  layouts: Object.entries(layouts).map(([tensor, layout]) => ({ tensor, layout })),
});

const given: [value: unknown, layouts: Layouts | undefined][] = [
  [undefined, undefined],
  ['NHWC', only('NHWC')],
  ['nhwc', only('NHWC')],
  ['NHWC:NCHW', only('NHWC', 'NCHW')],
  [' N ... : ...', only('N...', '...')],
  ['NHWC:NHWC', only('NHWC')],
  [{ a: 'NHWC:NCHW', b: 'NC' }, named({ a: { seen: 'NHWC', own: 'NCHW' }, b: { seen: 'NC' } })],
  ['{"a": "NC"}', named({ a: { seen: 'NC' } })],
  [{}, undefined],
];

for (const [value, layouts] of given) {
  test(`layout ${JSON.stringify(value)}`, () => {
    const problems = new Problems();
    assert.deepEqual(readLayouts(value, 'layout', problems), layouts);
    assert.deepEqual(problems.all, []);
  });
}

const expected =
  'expected a layout such as "NHWC", or "NHWC:NCHW" for clients that send another than the model takes, or an object of layouts by input and output';

for (const value of [
  null,
  4,
  true,
  ['NHWC'],
  '',
  ':',
  'NHWC:',
  ':NCHW',
  'auto',
  'NHWX',
  'NN',
  'NHWC:NCHW:N',
  'N....',
]) {
  test(`refused: layout ${JSON.stringify(value)}`, () => {
    const problems = new Problems();
    assert.equal(readLayouts(value, 'layout', problems), undefined);
    assert.deepEqual(problems.all, [`layout: ${expected}, got ${JSON.stringify(value)}`]);
  });
}

test('each layout of an object is told of', () => {
  const problems = new Problems();
  assert.deepEqual(readLayouts({ a: 1, b: 'NC', c: 'X' }, 'layout', problems), named({ b: { seen: 'NC' } }));
  assert.deepEqual(
    problems.all.map((problem) => problem.replace(/expected .*, got/, 'got')),
    ['layout.a: got 1', 'layout.c: got "X"'],
  );
});
