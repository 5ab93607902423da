import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeTensors } from '../node-module.ts';
import { open } from './east-ocr.ts';

const parameters = {
  original_image_width: '8',
  original_image_height: '4',
  original_image_layout: 'NHWC',
  target_image_width: '2',
  target_image_height: '2',
  convert_to_gray_scale: 'true',
  confidence_threshold: '0.5',
};

function read(more: Readonly<Record<string, string>>, samples: number[], scores: number[], geometry: number[]) {
  const tensors = {
    image: { shape: [1, 4, 8, 3], data: Float32Array.from(samples.flatMap((sample) => [sample, sample, sample])) },
    scores: { shape: [1, 1, 2, 1], data: Float32Array.from(scores) },
    geometry: { shape: [1, 1, 2, 5], data: Float32Array.from(geometry) },
  };
  const given = open({ ...parameters, ...more }).execute(tensors, {}) as NodeTensors;
  return Object.fromEntries(
    Object.entries(given).map(([name, { shape, data }]) => [
      name,
      [shape, [...data].map((value) => +value.toFixed(3))],
    ]),
  );
}

/** Each pixel is ten times its row and its column. */
const samples = Array.from({ length: 32 }, (_, i) => 10 * Math.floor(i / 8) + (i % 8));

test('a line is cut out around the place where it was found', () => {
  assert.deepEqual(read({}, samples, [0, 0.75], [...Array(5).fill(0), 0, 2, 2, 2, 0]), {
    text_images: [
      [1, 1, 1, 2, 2],
      [2.5, 4.5, 12.5, 14.5],
    ],
    text_coordinates: [
      [1, 1, 4],
      [2, 0, 4, 2],
    ],
    confidence_levels: [[1, 1, 1], [0.75]],
  });
});

test('of two that overlap the surer one is left, unless they may', () => {
  const geometry = [0, 6, 2, 0, 0, 0, 2, 2, 4, 0];
  assert.deepEqual(read({}, samples, [0.75, 0.875], geometry).confidence_levels, [[1, 1, 1], [0.875]]);
  const both = read({ overlap_threshold: '1' }, samples, [0.75, 0.875], geometry);
  assert.deepEqual(both.confidence_levels, [
    [2, 1, 1],
    [0.875, 0.75],
  ]);
  assert.deepEqual(both.text_coordinates, [
    [2, 1, 4],
    [0, 0, 6, 2, 0, 0, 6, 2],
  ]);
  const first = read({ overlap_threshold: '1', max_output_batch: '1' }, samples, [0.75, 0.875], geometry);
  assert.deepEqual(first.confidence_levels, [[1, 1, 1], [0.875]]);
});

test('boxes are widened, within the image', () => {
  const adjusted = read({ box_width_adjustment: '1' }, samples, [0, 0.75], [...Array(5).fill(0), 0, 1, 2, 1, 0]);
  assert.deepEqual(adjusted.text_coordinates, [
    [1, 1, 4],
    [1, 0, 7, 2],
  ]);
});

test('text that stands on its side is turned, from the angle on that is given', () => {
  // A line of text upwards: three pixels high and two wide as it reads, two high and three wide as it stands.
  const geometry = [...Array(5).fill(0), 0, 0, 2, 4, Math.PI / 2];
  const bright = samples.map((_, i) => (i % 8) % 2);
  const upright = read({ rotation_angle_threshold: '90' }, bright, [0, 1], geometry);
  const turned = read({ rotation_angle_threshold: '89' }, bright, [0, 1], geometry);
  assert.deepEqual(upright.text_coordinates, turned.text_coordinates);
  assert.notDeepEqual(upright.text_images, turned.text_images);
});

test('sizes that the model cannot have are refused', () => {
  assert.throws(() => open({ ...parameters, original_image_width: '9' }), {
    message: 'parameter original_image_width - Expected: a multiple of 4; Actual: 9',
  });
});
