import { ServingError } from '../model/error.ts';
import { accepts, type Dimension, printDimension, printShape, type TensorInfo } from '../model/signature.ts';
import type { Pixels } from './pixels.ts';

/** What each image of a batch has to be in the tensor. */
export interface Frame {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Whether images of other sizes are made to fit. */
  readonly resizes: boolean;
}

type Size = Pick<Pixels, 'width' | 'height' | 'channels'>;

/** Layouts with which OpenVINO Model Server resizes. */
const resizing = ['NHWC', 'N?HWC', '...'];

/**
 * The frame that the first image decides, where the input leaves it to that.
 * @param count of images
 * @throws ServingError `invalid-argument` if it does not fit the input
 */
export function frameFor(info: TensorInfo, first: Size, count: number): Frame {
  const shape = info.shape!;
  const [height, width, channels] = shape.slice(-3) as [Dimension, Dimension, Dimension];
  if (!accepts(channels, first.channels)) throw wrongChannels(printDimension(channels), first, info);
  if (resizing.includes(info.layout) && shape.every(({ max }) => max !== Number.POSITIVE_INFINITY)) {
    return {
      height: clamp(first.height, height),
      width: clamp(first.width, width),
      channels: first.channels,
      resizes: true,
    };
  }
  if (!accepts(height, first.height) || !accepts(width, first.width)) {
    const actual = [count, ...shape.slice(1, -3).map(() => 1), first.height, first.width, first.channels];
    throw invalid(
      `Invalid input shape - Expected: ${printShape(shape)}; Actual: ${printShape(actual)}; input name: ${info.name}`,
    );
  }
  return { height: first.height, width: first.width, channels: first.channels, resizes: false };
}

/** @throws ServingError `invalid-argument` if an image does not fit a frame */
export function checkFrame(frame: Frame, image: Size, info: TensorInfo): void {
  if (image.channels !== frame.channels) throw wrongChannels(frame.channels, image, info);
  if (frame.resizes || (image.width === frame.width && image.height === frame.height)) return;
  throw invalid(
    `Binary input images for this endpoint are required to have the same resolution - Expected: ${frame.width} x ${frame.height}; Actual: ${image.width} x ${image.height}; input name: ${info.name}`,
  );
}

function clamp(size: number, { min, max }: Dimension): number {
  return Math.max(min, Math.min(max, size));
}

function wrongChannels(expected: number | string, { channels }: Size, { name }: TensorInfo): ServingError {
  return invalid(
    `Invalid number of channels in binary input - Expected: ${expected}; Actual: ${channels}; input name: ${name}`,
  );
}

function invalid(message: string): ServingError {
  return new ServingError('invalid-argument', message);
}
