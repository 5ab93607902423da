import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeTensors } from '../node-module.ts';
import { open } from './face-blur.ts';

const parameters = {
  original_image_width: '4',
  original_image_height: '1',
  original_image_layout: 'NHWC',
  target_image_width: '4',
  target_image_height: '1',
  target_image_layout: 'NHWC',
  confidence_threshold: '0.5',
  gaussian_blur_kernel_size: '3',
};

function blur(...rows: number[][]): { before: number[]; after: number[] } {
  const image = { shape: [1, 1, 4, 3], data: Float32Array.from([0, 0, 0, 8, 8, 8, 0, 0, 0, 16, 16, 16]) };
  const detection = { shape: [1, 1, rows.length, 7], data: Float32Array.from(rows.flat()) };
  const given = open(parameters).execute({ image, detection }, {}) as NodeTensors;
  const blues = (data: Float32Array) => [...data].filter((_, i) => i % 3 === 0);
  return { before: blues(image.data), after: blues(given.image!.data) };
}

test('what was found is blurred into what is around it, and the rest stays', () => {
  assert.deepEqual(blur([0, 1, 1, 0, 0, 0.5, 1]), { before: [0, 8, 0, 16], after: [4, 4, 0, 16] });
});

test('what is not sure, or of another picture, stays', () => {
  assert.deepEqual(blur([0, 1, 0.4, 0, 0, 1, 1], [1, 1, 1, 0, 0, 1, 1]).after, [0, 8, 0, 16]);
});

test('a kernel has a middle', () => {
  assert.throws(() => open({ ...parameters, gaussian_blur_kernel_size: '4' }), {
    message: 'parameter gaussian_blur_kernel_size - Expected: an odd number; Actual: 4',
  });
});
