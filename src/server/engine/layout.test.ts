import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServingError } from '../model/error.ts';
import type { Layouts } from '../model/layout.ts';
import { type ModelPort, type PortLayout, portLayouts, seenOutputs } from './layout.ts';

const port = (name: string, ...sizes: number[]): ModelPort => ({
  name,
  shape: sizes.map((size) => ({ min: size, max: size })),
});
const open: ModelPort = { name: 'o', shape: undefined };
const image = port('b', 1, 3, 8, 8);
const same = (layout: string): PortLayout => ({ seen: layout, own: layout });
const only = (seen: string, own?: string): Layouts => ({ kind: 'only', layout: own ? { seen, own } : { seen } });
const named = (tensor: string, seen: string, own?: string): Layouts => ({
  kind: 'named',
  layouts: [{ tensor, layout: own ? { seen, own } : { seen } }],
});
const nothing = new Map<string, string>();

const cases: [
  what: string,
  wanted: Layouts | undefined,
  ports: [inputs: ModelPort[], outputs: ModelPort[], told: ReadonlyMap<string, string>],
  inputs: PortLayout[],
  outputs: PortLayout[],
][] = [
  [
    'the batch comes first where nothing is said',
    undefined,
    [[image, port('s'), open], [port('a', 1)], nothing],
    [same('N...'), same('...'), same('N...')],
    [same('N...')],
  ],
  [
    'what the files say holds, where it fits',
    undefined,
    [
      [image, port('c', 3)],
      [port('a', 1, 2)],
      new Map([
        ['b', 'NCHW'],
        ['c', 'NCHW'],
        ['a', 'NC'],
      ]),
    ],
    [same('NCHW'), same('N...')],
    [same('NC')],
  ],
  [
    'one layout declares',
    only('NHWC'),
    [[image], [port('a', 1)], new Map([['b', 'NCHW']])],
    [same('NHWC')],
    [same('N...')],
  ],
  ['two transpose', only('NHWC', 'NCHW'), [[image], [image], nothing], [{ seen: 'NHWC', own: 'NCHW' }], [same('N...')]],
  [
    'an output by its name',
    named('a', 'NHWC', 'NCHW'),
    [[image], [{ ...image, name: 'a' }], nothing],
    [same('N...')],
    [{ seen: 'NHWC', own: 'NCHW' }],
  ],
  ['a layout of an open rank declares', named('o', 'NC'), [[open], [], nothing], [same('NC')], []],
  [
    'open dimensions keep their order',
    only('N...C', 'NC...'),
    [[image], [], nothing],
    [{ seen: 'N...C', own: 'NC...' }],
    [],
  ],
];

for (const [what, wanted, [inputs, outputs, told], ofInputs, ofOutputs] of cases) {
  test(what, () => {
    assert.deepEqual(portLayouts(wanted, inputs, outputs, told), { inputs: ofInputs, outputs: ofOutputs });
  });
}

const cannot = 'Model could not be given the requested layout';
const refused: [wanted: Layouts, inputs: ModelPort[], message: string][] = [
  [only('NC'), [image], 'Layout incompatible with given shape - Layout: NC; Shape: (1,3,8,8); name: b'],
  [only('NHWC', 'NCW'), [image], 'Layout incompatible with given shape - Layout: NCW; Shape: (1,3,8,8); name: b'],
  [only('NCHW'), [image, open], 'Anonymous fixed layout is invalid for models with multiple inputs - Inputs: b, o'],
  [named('x', 'NCHW'), [image, open], `${cannot} - there is no input or output x; inputs: b, o; outputs: a`],
  [named('o', 'NHWC', 'NCHW'), [open], `${cannot} - o has no fixed rank, so it cannot be transposed`],
  [
    only('NHWC', 'NCDW'),
    [image],
    `${cannot} - NCDW cannot be transposed to NHWC: each dimension must have one place in both; name: b`,
  ],
];

for (const [wanted, inputs, message] of refused) {
  test(`refused: ${message}`, () => {
    assert.throws(
      () => portLayouts(wanted, inputs, [port('a', 1)], nothing),
      new ServingError('failed-precondition', message),
    );
  });
}

test('outputs tell where their dimensions stand in what the model gives', () => {
  const info = { precision: 'FP32', shape: image.shape, layout: '' } as const;
  const layouts = {
    inputs: [],
    outputs: [same('NCHW'), { seen: 'NHWC', own: 'NCHW' }, { seen: 'N...C', own: 'NC...' }],
  };
  const ports = [2, 0, 1].map((index) => ({ index, info: { ...info, name: `${index}` } }));
  assert.deepEqual(seenOutputs(ports, layouts), [
    [[0, 2, 3, 1], undefined, [0, 2, 3, 1]],
    ['N...C', 'NCHW', 'NHWC'],
  ]);
});
