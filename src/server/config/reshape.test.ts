import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Dimension } from '../model/signature.ts';
import { Problems } from './problems.ts';
import { readReshape } from './reshape.ts';

function read(batch_size: unknown, shape: unknown) {
  const problems = new Problems();
  const { reshape, notes } = readReshape({ batch_size, shape }, (field) => field, problems);
  return { reshape, notes, problems: problems.all };
}

const any: Dimension = { min: 0, max: Number.POSITIVE_INFINITY };
const just = (size: number): Dimension => ({ min: size, max: size });

const sizes: [given: unknown, size: Dimension | undefined][] = [
  [undefined, undefined],
  [0, undefined],
  ['0', undefined],
  [4, just(4)],
  ['4', just(4)],
  [-1, any],
  ['-1', any],
  ['1:8', { min: 1, max: 8 }],
  ['0:8', { min: 0, max: 8 }],
  ['8:8', just(8)],
  [2_147_483_647, just(2_147_483_647)],
];

for (const [given, size] of sizes) {
  test(`batch_size ${JSON.stringify(given)}`, () => {
    const reshape = size && { kind: 'batch', size };
    assert.deepEqual(read(given, undefined), { reshape, notes: [], problems: [] });
  });
}

const wrongSizes = [
  null,
  true,
  {},
  [4],
  1.5,
  -2,
  2_147_483_648,
  '',
  'four',
  '-2',
  '4:',
  ':4',
  '8:1',
  '0:0',
  '1:2:3',
  ' 4',
];

for (const given of wrongSizes) {
  test(`refused: batch_size ${JSON.stringify(given)}`, () => {
    const problem = `batch_size: expected an integer ≥ 1, -1 for any size, a range such as "1:8", or "auto", got ${JSON.stringify(given)}`;
    assert.deepEqual(read(given, undefined), { reshape: undefined, notes: [], problems: [problem] });
  });
}

const shapes: [given: unknown, reshape: unknown][] = [
  [undefined, undefined],
  [{}, undefined],
  ['(1,3,224,224)', { kind: 'shape', shape: [just(1), just(3), just(224), just(224)] }],
  ['( -1, 3, 200:500 )', { kind: 'shape', shape: [any, just(3), { min: 200, max: 500 }] }],
  [
    { a: '(1)', b: '(-1)' },
    {
      kind: 'shapes',
      shapes: [
        { input: 'a', shape: [just(1)] },
        { input: 'b', shape: [any] },
      ],
    },
  ],
  ['{"a": "(1)"}', { kind: 'shapes', shapes: [{ input: 'a', shape: [just(1)] }] }],
];

for (const [given, reshape] of shapes) {
  test(`shape ${JSON.stringify(given)}`, () => {
    assert.deepEqual(read(undefined, given), { reshape, notes: [], problems: [] });
  });
}

const expectedShape = 'expected a shape such as "(1,3,200:500,-1)", or "auto"';
const wrongShapes = [null, 1, [1, 3], '', '()', '1,3', '(1,3', '(1,,3)', '(0)', '(-2)', '(a)', '((1))', '(1 3,)'];

for (const given of wrongShapes) {
  test(`refused: shape ${JSON.stringify(given)}`, () => {
    const problem = `shape: ${expectedShape}, or an object of shapes by input, got ${JSON.stringify(given)}`;
    assert.deepEqual(read(undefined, given), { reshape: undefined, notes: [], problems: [problem] });
  });
}

test('each shape that is wrong is told by its input', () => {
  const { problems } = read(undefined, { a: '(1)', b: '(1', c: {} });
  assert.deepEqual(problems, [`shape.b: ${expectedShape}, got "(1"`, `shape.c: ${expectedShape}, got {}`]);
});

test('an object that is no JSON is told by its place', () => {
  const { problems } = read(undefined, '{"a": }');
  assert.equal(problems.length, 1);
  assert.match(problems[0]!, /^shape: not valid JSON - /);
});

test('what is taken in another way than it is written is noted', () => {
  assert.deepEqual(read('auto', undefined), {
    reshape: { kind: 'batch', size: any },
    notes: ['batch_size: "auto" is taken as -1, any size'],
    problems: [],
  });
  assert.deepEqual(read(undefined, 'auto'), {
    reshape: { kind: 'shape', shape: 'dynamic' },
    notes: ['shape: "auto" is taken as dimensions of any size'],
    problems: [],
  });
  assert.deepEqual(read(4, { a: '(1)', b: 'auto' }), {
    reshape: {
      kind: 'shapes',
      shapes: [
        { input: 'a', shape: [just(1)] },
        { input: 'b', shape: 'dynamic' },
      ],
    },
    notes: ['shape.b: "auto" is taken as dimensions of any size', 'batch_size: ignored, since shape is given'],
    problems: [],
  });
  assert.deepEqual(read(0, '(1)').notes, []);
});
