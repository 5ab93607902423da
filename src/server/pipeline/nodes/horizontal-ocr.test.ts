import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeTensors } from '../node-module.ts';
import { open } from './horizontal-ocr.ts';

const parameters = {
  original_image_width: '4',
  original_image_height: '2',
  target_image_width: '2',
  target_image_height: '1',
  convert_to_gray_scale: 'true',
  confidence_threshold: '0.5',
};
/** The same in each channel, so that grey is that as well. */
const data = Float32Array.from({ length: 3 * 8 }, (_, i) => i % 8);

function read(...rows: number[][]) {
  const tensors = {
    image: { shape: [1, 3, 2, 4], data },
    boxes: { shape: [rows.length, 5], data: Float32Array.from(rows.flat()) },
  };
  const given = open(parameters).execute(tensors, {}) as NodeTensors;
  return Object.fromEntries(Object.entries(given).map(([name, tensor]) => [name, [tensor.shape, [...tensor.data]]]));
}

test('lines of text are cut out by whole pixels', () => {
  assert.deepEqual(read([0, 0, 2, 2, 0.25], [1.9, 0, 4.2, 2, 0.75]), {
    text_images: [
      [1, 1, 1, 1, 2],
      [3, 4],
    ],
    text_coordinates: [
      [1, 1, 4],
      [1, 0, 2, 2],
    ],
    confidence_levels: [[1, 1, 1], [0.75]],
  });
});

test('boxes that have turned over, or lie outside, are left out', () => {
  assert.deepEqual(read([3, 0, 1, 2, 1], [5, 0, 9, 2, 1]), {
    text_images: [[0, 1, 1, 1, 2], []],
    text_coordinates: [[0, 1, 4], []],
    confidence_levels: [[0, 1, 1], []],
  });
});
