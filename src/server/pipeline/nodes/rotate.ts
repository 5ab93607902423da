import { createImage, type FloatImage } from './float-image.ts';

/** Places between pixels are reckoned in steps of this part of a pixel, as OpenCV's warpAffine does. */
const stepsPerPixel = 32;
/** What OpenCV reckons places in before it rounds them to steps. */
const fine = 1024;

/**
 * An image turned about its centre, in its own size: what comes from outside of it is black.
 * @param degrees counter-clockwise
 */
export function rotated(image: FloatImage, degrees: number): FloatImage {
  const { width, height } = image;
  const radians = (degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(radians), Math.sin(radians)];
  const [centreX, centreY] = [Math.floor(width / 2), Math.floor(height / 2)];
  // Where each pixel of the result comes from: the same turn, backwards.
  const offsetX = centreX - cos * centreX + sin * centreY;
  const offsetY = centreY - sin * centreX - cos * centreY;
  const result = createImage(image);
  const half = fine / stepsPerPixel / 2;
  const perStep = fine / stepsPerPixel;
  for (let y = 0; y < height; y++) {
    const rowX = Math.round((offsetX - sin * y) * fine) + half;
    const rowY = Math.round((offsetY + cos * y) * fine) + half;
    for (let x = 0; x < width; x++) {
      const fromX = Math.floor((rowX + Math.round(cos * x * fine)) / perStep);
      const fromY = Math.floor((rowY + Math.round(sin * x * fine)) / perStep);
      writePixel(image, fromX / stepsPerPixel, fromY / stepsPerPixel, result, x, y);
    }
  }
  return result;
}

/** Bilinear between the four pixels around a place. */
function writePixel(image: FloatImage, fromX: number, fromY: number, result: FloatImage, x: number, y: number): void {
  const [left, above] = [Math.floor(fromX), Math.floor(fromY)];
  const [shareX, shareY] = [fromX - left, fromY - above];
  const to = result.begin + y * result.steps.row + x * result.steps.column;
  for (let c = 0; c < image.channels; c++) {
    const first = sample(image, left, above, c) * (1 - shareX) + sample(image, left + 1, above, c) * shareX;
    const second = sample(image, left, above + 1, c) * (1 - shareX) + sample(image, left + 1, above + 1, c) * shareX;
    result.samples[to + c * result.steps.channel] = first * (1 - shareY) + second * shareY;
  }
}

function sample({ samples, begin, steps, width, height }: FloatImage, x: number, y: number, channel: number): number {
  if (x < 0 || y < 0 || x >= width || y >= height) return 0;
  return samples[begin + y * steps.row + x * steps.column + channel * steps.channel]!;
}
