import type { NodeParameters, NodeTensor, OpenNode } from '../node-module.ts';
import {
  coloured,
  createImage,
  type FloatImage,
  imageAt,
  layouts,
  normalise,
  reversed,
  shapeOf,
  sizeOf,
  writeGrey,
} from './float-image.ts';
import { ReadParameters } from './read-parameters.ts';
import { resize } from './resize.ts';

const orders = ['BGR', 'RGB', 'GRAY'] as const;
type ColourOrder = (typeof orders)[number];

/** Colours, size, scale and layout of a picture, in this order: that of OpenVINO Model Server's node. */
export function open(parameters: NodeParameters): OpenNode {
  const read = new ReadParameters(parameters);
  const width = read.has('target_image_width') ? read.integer('target_image_width', { min: 1 }) : undefined;
  const height = read.has('target_image_height') ? read.integer('target_image_height', { min: 1 }) : undefined;
  const originalOrder = read.choice('original_image_color_order', orders, 'BGR');
  const targetOrder = read.choice('target_image_color_order', orders, originalOrder);
  const originalLayout = read.choice('original_image_layout', layouts);
  const targetLayout = read.choice('target_image_layout', layouts, originalLayout);
  const channels = channelsOf(targetOrder);
  const { means, divisors } = readScale(read, channels);
  const outputSize = { width: width ?? -1, height: height ?? -1, channels };
  const inputSize = { width: -1, height: -1, channels: channelsOf(originalOrder) };
  return {
    inputs: { image: { precision: 'FP32', shape: shapeOf(originalLayout, inputSize) } },
    outputs: { image: { precision: 'FP32', shape: shapeOf(targetLayout, outputSize) } },
    execute({ image }: { image: NodeTensor<Float32Array> }) {
      const original = imageAt(image.data, originalLayout, sizeOf(originalLayout, image.shape));
      if (original.width === 0 || original.height === 0) throw new Error('the image has no pixels');
      const result = createImage(
        { width: width ?? original.width, height: height ?? original.height, channels },
        targetLayout,
      );
      resize(inOrder(original, originalOrder, targetOrder), result);
      // Before or after the size is changed comes to the same: each sample is a weighted mean of others.
      if (means.length > 0 || divisors.length > 0) normalise(result, means, divisors);
      return { image: { shape: shapeOf(targetLayout, result), data: result.samples } };
    },
  };
}

function channelsOf(order: ColourOrder): number {
  return order === 'GRAY' ? 1 : 3;
}

/** What is subtracted from each channel of the result, and what it is divided by then. */
function readScale(read: ReadParameters, channels: number): { means: number[]; divisors: number[] } {
  const means = read.numbers('mean_values');
  const values = read.numbers('scale_values');
  const limits = { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY };
  // `scale` counts only where there are no scale values.
  const divisors =
    values.length > 0 || !read.has('scale') ? values : Array(channels).fill(read.number('scale', limits));
  for (const [name, list] of [
    ['mean_values', means],
    ['scale_values', divisors],
  ] as const) {
    if (list.length > 0 && list.length !== channels) {
      throw new Error(`parameter ${name} - Expected: ${channels} numbers; Actual: ${list.length}`);
    }
  }
  if (divisors.includes(0)) {
    throw new Error(`parameter ${values.length > 0 ? 'scale_values' : 'scale'} - Expected: no zeros; Actual: 0`);
  }
  return { means, divisors };
}

function inOrder(image: FloatImage, from: ColourOrder, to: ColourOrder): FloatImage {
  if (from === to) return image;
  if (from === 'GRAY') return coloured(image);
  if (to !== 'GRAY') return reversed(image);
  const grey = createImage({ ...image, channels: 1 });
  writeGrey(from === 'BGR' ? image : reversed(image), grey);
  return grey;
}
