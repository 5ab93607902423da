import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeParameters, NodeTensors } from '../node-module.ts';
import { open } from './model-zoo-intel-object-detection.ts';

const parameters = {
  original_image_width: '4',
  original_image_height: '2',
  original_image_layout: 'NHWC',
  target_image_width: '1',
  target_image_height: '1',
  target_image_layout: 'NHWC',
  confidence_threshold: '0.5',
};
/** Blue tells pixels apart; green and red tell channels apart. */
const data = Float32Array.from({ length: 8 * 3 }, (_, i) => (i % 3) * 100 + Math.floor(i / 3));

function detect(more: NodeParameters, ...rows: number[][]): Readonly<Record<string, unknown>> {
  const node = open({ ...parameters, ...more });
  const image = { shape: [1, 2, 4, 3], data };
  const detection = { shape: [1, 1, rows.length, 7], data: Float32Array.from(rows.flat()) };
  const { images, ...others } = node.execute({ image, detection }, {}) as NodeTensors;
  assert.deepEqual(Object.keys(others), ['coordinates', 'confidences', 'label_ids']);
  const lists = Object.fromEntries(Object.entries(others).map(([name, tensor]) => [name, [...tensor.data]]));
  return { shape: images!.shape, images: [...images!.data], ...lists };
}

const whole = [0, 7, 1, 0, 0, 1, 1];
const right = [0, 8, 0.75, 0.5, 0, 1, 1];

test('each box is cut out, in the size that is asked for', () => {
  assert.deepEqual(detect({}, whole, right), {
    shape: [2, 1, 1, 1, 3],
    images: [3.5, 103.5, 203.5, 4.5, 104.5, 204.5],
    coordinates: [0, 0, 1, 1, 0.5, 0, 1, 1],
    confidences: [1, 0.75],
    label_ids: [7, 8],
  });
});

test('nothing that counts is an empty batch', () => {
  assert.deepEqual(detect({}, [0, 7, 0.49, 0, 0, 1, 1], [-1, 7, 1, 0, 0, 1, 1], [1, 7, 1, 0, 0, 1, 1]), {
    shape: [0, 1, 1, 1, 3],
    images: [],
    coordinates: [],
    confidences: [],
    label_ids: [],
  });
});

test('boxes without a pixel in the image, and places that are no numbers, are left out', () => {
  const outside = [0, 7, 1, 1.5, 0, 2, 1];
  const flat = [0, 7, 1, 0.5, 0, 0.5, 1];
  const unknown = [0, 7, 1, Number.NaN, 0, 1, 1];
  assert.deepEqual(detect({}, outside, flat, unknown, right).label_ids, [8]);
});

test('one label, and no more boxes than that', () => {
  assert.deepEqual(detect({ filter_label_id: '8' }, whole, right, whole, right).label_ids, [8, 8]);
  assert.deepEqual(detect({ max_output_batch: '3' }, whole, right, whole, right).confidences, [1, 0.75, 1]);
});

test('grey, in the other layout', () => {
  const { shape, images } = detect({ convert_to_gray_scale: 'true', target_image_layout: 'NCHW' }, whole);
  const [grey] = images as number[];
  assert.deepEqual(shape, [1, 1, 1, 1, 1]);
  assert.ok(Math.abs(grey! - (3.5 * 0.114 + 103.5 * 0.587 + 203.5 * 0.299)) < 1e-4);
});

test('what it takes and gives', () => {
  const { inputs, outputs } = open({ ...parameters, original_image_layout: 'NCHW', target_image_layout: 'NCHW' });
  assert.deepEqual(inputs, {
    image: { precision: 'FP32', shape: [1, 3, 2, 4] },
    detection: { precision: 'FP32', shape: [1, 1, -1, 7] },
  });
  assert.deepEqual(outputs, {
    images: { precision: 'FP32', shape: [-1, 1, 3, 1, 1] },
    coordinates: { precision: 'FP32', shape: [-1, 1, 4] },
    confidences: { precision: 'FP32', shape: [-1, 1, 1] },
    label_ids: { precision: 'I32', shape: [-1, 1, 1] },
  });
});

for (const [name, value] of Object.entries({
  original_image_width: undefined,
  target_image_height: '-1',
  confidence_threshold: '1.5',
  max_output_batch: '0',
  original_image_layout: 'HWC',
})) {
  test(`${name} ${value} is refused by its name`, () => {
    const { [name]: _, ...others }: Record<string, string> = parameters;
    const changed = value === undefined ? others : { ...others, [name]: value };
    assert.throws(() => open(changed), new RegExp(`^Error: parameter ${name} - Expected: `));
  });
}
