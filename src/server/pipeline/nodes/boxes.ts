import type { NodeTensor } from '../node-module.ts';
import {
  createImage,
  cropped,
  type FloatImage,
  type ImageLayout,
  type ImageSize,
  imageAt,
  layouts,
  type Rectangle,
  shapeOf,
  writeGrey,
} from './float-image.ts';
import type { ReadParameters } from './read-parameters.ts';
import { resize } from './resize.ts';

/** What the nodes that cut boxes out of a picture are told of it, and of what they are to make. */
export interface BoxParameters {
  readonly original: ImageSize;
  readonly originalLayout: ImageLayout;
  readonly target: ImageSize;
  readonly targetLayout: ImageLayout;
  /** The least that counts; in the precision of what is compared with it. */
  readonly confidenceThreshold: number;
}

/** @throws Error that names the parameter that is wrong */
export function readBoxParameters(read: ReadParameters): BoxParameters {
  const size = (name: string) => read.integer(name, { min: 1 });
  const original = { height: size('original_image_height'), width: size('original_image_width'), channels: 3 };
  const channels = read.flag('convert_to_gray_scale') ? 1 : 3;
  return {
    original,
    target: { height: size('target_image_height'), width: size('target_image_width'), channels },
    originalLayout: read.choice('original_image_layout', layouts, 'NCHW'),
    targetLayout: read.choice('target_image_layout', layouts, 'NCHW'),
    confidenceThreshold: Math.fround(read.number('confidence_threshold', { min: 0, max: 1 })),
  };
}

/** How many boxes are cut out at most: the first ones. */
export function readMostBoxes(read: ReadParameters): number {
  return read.integer('max_output_batch', { min: 1, otherwise: 100 });
}

/**
 * The part of a box that lies in the image. As OpenVINO Model Server has it, one that begins before the image is moved into it.
 * @returns undefined if there is no pixel in it
 */
export function insideOf({ width, height }: ImageSize, box: Rectangle): Rectangle | undefined {
  const x = Math.max(0, box.x);
  const y = Math.max(0, box.y);
  const inside = { x, y, width: Math.min(box.width, width - x), height: Math.min(box.height, height - y) };
  return inside.width > 0 && inside.height > 0 ? inside : undefined;
}

/**
 * Pictures in the target's size, one after the other.
 * @param parts of an image of blue, green and red
 * @returns N,1,C,H,W or N,1,H,W,C
 */
export function stackParts(parts: readonly FloatImage[], { target, targetLayout }: BoxParameters): NodeTensor {
  const { width, height, channels } = target;
  const length = width * height * channels;
  const data = new Float32Array(parts.length * length);
  const bgr = channels === 1 ? createImage({ width, height, channels: 3 }) : undefined;
  for (const [i, part] of parts.entries()) {
    const picture = imageAt(data, targetLayout, target, i * length);
    resize(part, bgr ?? picture);
    if (bgr) writeGrey(bgr, picture);
  }
  return { shape: [parts.length, ...shapeOf(targetLayout, target)], data };
}

/** Boxes of an image, in the target's size. */
export function cutOut(image: FloatImage, boxes: readonly Rectangle[], parameters: BoxParameters): NodeTensor {
  return stackParts(
    boxes.map((box) => cropped(image, box)),
    parameters,
  );
}
