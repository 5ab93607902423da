import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeParameters, NodeTensors } from '../node-module.ts';
import { open } from './image-transformation.ts';

function transform(parameters: NodeParameters, shape: readonly number[], samples: readonly number[]) {
  const tensors = { image: { shape, data: Float32Array.from(samples) } };
  const { image } = open(parameters).execute(tensors, {}) as NodeTensors;
  return { shape: image!.shape, samples: [...(image!.data as Float32Array)] };
}

/** Two pixels of blue, green and red. */
const two = [1, 2, 3, 4, 5, 6];
const nhwc = { original_image_layout: 'NHWC' };

const cases: [
  what: string,
  parameters: NodeParameters,
  shape: number[],
  samples: number[],
  result: [number[], number[]],
][] = [
  ['nothing', nhwc, [1, 1, 2, 3], two, [[1, 1, 2, 3], two]],
  [
    'the layout',
    { ...nhwc, target_image_layout: 'NCHW' },
    [1, 1, 2, 3],
    two,
    [
      [1, 3, 1, 2],
      [1, 4, 2, 5, 3, 6],
    ],
  ],
  [
    'the layout back',
    { original_image_layout: 'NCHW', target_image_layout: 'NHWC' },
    [1, 3, 1, 2],
    [1, 4, 2, 5, 3, 6],
    [[1, 1, 2, 3], two],
  ],
  [
    'blue and red',
    { ...nhwc, target_image_color_order: 'RGB' },
    [1, 1, 2, 3],
    two,
    [
      [1, 1, 2, 3],
      [3, 2, 1, 6, 5, 4],
    ],
  ],
  [
    'grey to colour',
    { ...nhwc, original_image_color_order: 'GRAY', target_image_color_order: 'BGR' },
    [1, 1, 2, 1],
    [7, 8],
    [
      [1, 1, 2, 3],
      [7, 7, 7, 8, 8, 8],
    ],
  ],
  [
    'the size of both ways',
    { ...nhwc, original_image_color_order: 'GRAY', target_image_width: '4', target_image_height: '1' },
    [1, 2, 2, 1],
    [0, 4, 8, 12],
    [
      [1, 1, 4, 1],
      [4, 5, 7, 8],
    ],
  ],
  [
    'the width alone',
    { ...nhwc, original_image_color_order: 'GRAY', target_image_width: '1' },
    [1, 2, 2, 1],
    [0, 4, 8, 12],
    [
      [1, 2, 1, 1],
      [2, 10],
    ],
  ],
  [
    'the scale',
    { ...nhwc, scale: '2' },
    [1, 1, 2, 3],
    two,
    [
      [1, 1, 2, 3],
      [0.5, 1, 1.5, 2, 2.5, 3],
    ],
  ],
  [
    'means, and then scales, of the channels that come out',
    { ...nhwc, target_image_color_order: 'RGB', mean_values: '[1,2,3]', scale_values: '[2,4,-1]', scale: '9' },
    [1, 1, 2, 3],
    two,
    [
      [1, 1, 2, 3],
      [1, 0, 2, 2.5, 0.75, -1],
    ],
  ],
];

for (const [what, parameters, shape, samples, [resultShape, result]] of cases) {
  test(`it changes ${what}`, () => {
    assert.deepEqual(transform(parameters, shape, samples), { shape: resultShape, samples: result });
  });
}

test('grey is the usual mixture, from either order', () => {
  const grey = { ...nhwc, target_image_color_order: 'GRAY' };
  const [bgr] = transform(grey, [1, 1, 1, 3], [100, 200, 50]).samples;
  const [rgb] = transform({ ...grey, original_image_color_order: 'RGB' }, [1, 1, 1, 3], [50, 200, 100]).samples;
  assert.ok(Math.abs(bgr! - (11.4 + 117.4 + 14.95)) < 1e-4);
  assert.equal(rgb, bgr);
});

test('what is known of sizes is told', () => {
  const { inputs, outputs } = open({
    original_image_layout: 'NHWC',
    target_image_layout: 'NCHW',
    target_image_width: '224',
    target_image_color_order: 'GRAY',
  });
  assert.deepEqual(inputs, { image: { precision: 'FP32', shape: [1, -1, -1, 3] } });
  assert.deepEqual(outputs, { image: { precision: 'FP32', shape: [1, 1, -1, 224] } });
});

const wrong: [parameters: NodeParameters, message: RegExp][] = [
  [{}, /^parameter original_image_layout - Expected: NCHW or NHWC; Actual: nothing$/],
  [{ ...nhwc, target_image_layout: 'HWC' }, /^parameter target_image_layout - Expected: NCHW or NHWC; Actual: "HWC"$/],
  [{ ...nhwc, target_image_color_order: 'BRG' }, /Expected: BGR or RGB or GRAY; Actual: "BRG"$/],
  [{ ...nhwc, target_image_height: '0' }, /^parameter target_image_height - Expected: an integer from 1; Actual: "0"$/],
  [{ ...nhwc, mean_values: '[1]' }, /^parameter mean_values - Expected: 3 numbers; Actual: 1$/],
  [{ ...nhwc, scale_values: '[1,0,1]' }, /^parameter scale_values - Expected: no zeros; Actual: 0$/],
  [{ ...nhwc, scale: '0' }, /^parameter scale - Expected: no zeros; Actual: 0$/],
];

for (const [parameters, message] of wrong) {
  test(`${JSON.stringify(parameters)} is refused`, () => assert.throws(() => open(parameters), { message }));
}

test('an image without pixels has no size to be changed', () => {
  assert.throws(() => transform(nhwc, [1, 0, 2, 3], []), { message: 'the image has no pixels' });
});
