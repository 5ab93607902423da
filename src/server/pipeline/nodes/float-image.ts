import type { Shape } from '../../model/tensor.ts';

/** How the samples of one picture lie: channel by channel, or pixel by pixel. */
export const layouts = ['NCHW', 'NHWC'] as const;
export type ImageLayout = (typeof layouts)[number];

export interface ImageSize {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** Pixels of floats, wherever and in whichever order they lie: a part of a picture, or one with its channels reversed, is no copy. */
export interface FloatImage extends ImageSize {
  readonly samples: Float32Array;
  /** Where the first sample of the upper left pixel is. */
  readonly begin: number;
  /** From one column, row or channel to the next. */
  readonly steps: { readonly column: number; readonly row: number; readonly channel: number };
}

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The picture whose samples begin there. */
export function imageAt(samples: Float32Array, layout: ImageLayout, size: ImageSize, begin = 0): FloatImage {
  const { width, height, channels } = size;
  const steps =
    layout === 'NHWC'
      ? { column: channels, row: width * channels, channel: 1 }
      : { column: 1, row: width, channel: width * height };
  return { width, height, channels, samples, begin, steps };
}

export function createImage({ width, height, channels }: ImageSize, layout: ImageLayout = 'NHWC'): FloatImage {
  return imageAt(new Float32Array(width * height * channels), layout, { width, height, channels });
}

/** The shape of a batch of one such picture. */
export function shapeOf(layout: ImageLayout, { width, height, channels }: ImageSize): Shape {
  return layout === 'NHWC' ? [1, height, width, channels] : [1, channels, height, width];
}

/** The size that the shape of a batch of one says. */
export function sizeOf(layout: ImageLayout, shape: Shape): ImageSize {
  const [, a, b, c] = shape as [number, number, number, number];
  return layout === 'NHWC' ? { height: a, width: b, channels: c } : { channels: a, height: b, width: c };
}

/** @param part inside the image */
export function cropped(image: FloatImage, { x, y, width, height }: Rectangle): FloatImage {
  const { row, column } = image.steps;
  return { ...image, width, height, begin: image.begin + y * row + x * column };
}

/** BGR for RGB, and the other way round. */
export function reversed(image: FloatImage): FloatImage {
  const { channel } = image.steps;
  const begin = image.begin + (image.channels - 1) * channel;
  return { ...image, begin, steps: { ...image.steps, channel: -channel } };
}

/** A grey image as one of three channels. */
export function coloured(image: FloatImage): FloatImage {
  return { ...image, channels: 3, steps: { ...image.steps, channel: 0 } };
}

/** Shares of blue, green and red in grey. */
const greyShares = [0.114, 0.587, 0.299] as const;

/** Writes the grey of an image of blue, green and red. */
export function writeGrey(bgr: FloatImage, target: FloatImage): void {
  const [blue, green, red] = greyShares;
  const { samples, begin, steps } = bgr;
  for (let y = 0; y < bgr.height; y++) {
    let from = begin + y * steps.row;
    let to = target.begin + y * target.steps.row;
    for (let x = 0; x < bgr.width; x++) {
      target.samples[to] =
        samples[from]! * blue + samples[from + steps.channel]! * green + samples[from + 2 * steps.channel]! * red;
      from += steps.column;
      to += target.steps.column;
    }
  }
}

/** Subtracts, and divides, each channel by its own. */
export function normalise(image: FloatImage, means: readonly number[], divisors: readonly number[]): void {
  const { samples, steps } = image;
  for (let channel = 0; channel < image.channels; channel++) {
    const mean = means[channel] ?? 0;
    const divisor = divisors[channel] ?? 1;
    for (let y = 0; y < image.height; y++) {
      let at = image.begin + channel * steps.channel + y * steps.row;
      for (let x = 0; x < image.width; x++, at += steps.column) samples[at] = (samples[at]! - mean) / divisor;
    }
  }
}
