import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServingError } from '../model/error.ts';
import type { Dimension, TensorInfo } from '../model/signature.ts';
import { checkFrame, type Frame, frameFor } from './frame.ts';

const any: Dimension = { min: 0, max: Number.POSITIVE_INFINITY };
const range = (min: number, max: number): Dimension => ({ min, max });
const dimension = (size: number | Dimension) => (typeof size === 'number' ? range(size, size) : size);
const info = (layout: string, ...shape: (number | Dimension)[]): TensorInfo => ({
  name: 'b',
  precision: 'FP32',
  shape: shape.map(dimension),
  layout,
});
const size = (height: number, width: number, channels = 3) => ({ height, width, channels });
const resized = (height: number, width: number, channels = 3): Frame => ({ height, width, channels, resizes: true });
const kept = (height: number, width: number, channels = 3): Frame => ({ height, width, channels, resizes: false });

const frames: [what: string, info: TensorInfo, first: ReturnType<typeof size>, frame: Frame | string][] = [
  ['a fixed size', info('NHWC', 1, 4, 6, 3), size(9, 9), resized(4, 6)],
  ['a fixed size where nothing is said at all', info('...', 1, 4, 6, 3), size(9, 9), resized(4, 6)],
  ['a fixed size in a batch of a range', info('NHWC', range(1, 8), 4, 6, 3), size(9, 9), resized(4, 6)],
  ['ranges that have room', info('NHWC', 1, range(4, 9), range(4, 9), 3), size(5, 8), resized(5, 8)],
  ['ranges that end before', info('NHWC', 1, range(4, 9), range(4, 9), 3), size(3, 10), resized(4, 9)],
  ['any channels leave sizes alone', info('NHWC', 1, 4, 6, any), size(4, 6, 1), kept(4, 6, 1)],
  ['a range of channels', info('NHWC', 1, 4, 6, range(1, 4)), size(9, 9, 4), resized(4, 6, 4)],
  ['any size', info('NHWC', any, any, any, 3), size(5, 8), kept(5, 8)],
  ['the usual layout', info('N...', 1, 4, 6, 3), size(4, 6), kept(4, 6)],
  ['behind a demultiplexer', info('N?HWC', range(1, 100), 1, 4, 6, 3), size(9, 9), resized(4, 6)],
  [
    'another size with the usual layout',
    info('N...', 1, 4, 6, 3),
    size(4, 7),
    'Invalid input shape - Expected: (1,4,6,3); Actual: (2,4,7,3); input name: b',
  ],
  [
    'another size with any batch',
    info('NHWC', any, 4, 6, 3),
    size(5, 6),
    'Invalid input shape - Expected: (-1,4,6,3); Actual: (2,5,6,3); input name: b',
  ],
  [
    'a size out of range with the usual layout',
    info('N...', any, range(4, 6), any, 3),
    size(7, 6),
    'Invalid input shape - Expected: (-1,[4~6],-1,3); Actual: (2,7,6,3); input name: b',
  ],
  [
    'other channels',
    info('NHWC', 1, 4, 6, 3),
    size(4, 6, 1),
    'Invalid number of channels in binary input - Expected: 3; Actual: 1; input name: b',
  ],
  [
    'channels out of range',
    info('NHWC', 1, 4, 6, range(3, 4)),
    size(4, 6, 1),
    'Invalid number of channels in binary input - Expected: [3~4]; Actual: 1; input name: b',
  ],
];

for (const [what, input, first, frame] of frames) {
  test(`the frame for ${what}`, () => {
    if (typeof frame !== 'string') assert.deepEqual(frameFor(input, first, 2), frame);
    else assert.throws(() => frameFor(input, first, 2), new ServingError('invalid-argument', frame));
  });
}

const others: [frame: Frame, image: ReturnType<typeof size>, refusal?: string][] = [
  [resized(4, 6), size(9, 9)],
  [kept(4, 6), size(4, 6)],
  [resized(4, 6), size(4, 6, 4), 'Invalid number of channels in binary input - Expected: 3; Actual: 4; input name: b'],
  [
    kept(4, 6),
    size(6, 4),
    'Binary input images for this endpoint are required to have the same resolution - Expected: 6 x 4; Actual: 4 x 6; input name: b',
  ],
];

for (const [frame, image, refusal] of others) {
  test(`${JSON.stringify(image)} ${refusal ? 'does not fit' : 'fits'} ${JSON.stringify(frame)}`, () => {
    const check = () => checkFrame(frame, image, info('NHWC', 1, 4, 6, 3));
    if (refusal) assert.throws(check, new ServingError('invalid-argument', refusal));
    else check();
  });
}
