import type { ImageSize, Rectangle } from './float-image.ts';

/** A line of text that the EAST model has found. */
export interface EastBox {
  /** Upright, in pixels, around the turned one; inside the image. */
  readonly box: Rectangle;
  readonly score: number;
  /** Of the text, in radians. */
  readonly angle: number;
  /** Of the text across its own direction, in pixels. */
  readonly height: number;
}

/** Pixels of the image, each way, for one place of the model's output. */
export const eastScale = 4;
/** Numbers of a place: how far it is from the upper, right, lower and left edge of the text, and the angle of that. */
export const geometryLength = 5;

/**
 * @param scores one for each place
 * @param geometry five numbers for each place
 * @param adjust how much wider and higher boxes are made, to either side, as a share of their size
 */
export function readEastBoxes(
  scores: Float32Array,
  geometry: Float32Array,
  image: ImageSize,
  threshold: number,
  adjust: { readonly width: number; readonly height: number },
): EastBox[] {
  const columns = image.width / eastScale;
  const found: EastBox[] = [];
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]!;
    if (!(score >= threshold)) continue;
    const place = { x: (i % columns) * eastScale, y: Math.floor(i / columns) * eastScale };
    const [up, right, down, left, angle] = geometry.subarray(i * geometryLength) as unknown as [
      number,
      number,
      number,
      number,
      number,
    ];
    const box = around(place, { right, down, width: right + left, height: up + down, angle }, image, adjust);
    if (box) found.push({ box, score, angle, height: (up + down) * (1 + adjust.height) });
  }
  return found;
}

interface Turned {
  readonly right: number;
  readonly down: number;
  readonly width: number;
  readonly height: number;
  readonly angle: number;
}

/** The upright box around a turned one, in whole pixels as OpenVINO Model Server has them: each corner's distance is cut off. */
function around(
  place: { readonly x: number; readonly y: number },
  { right, down, width, height, angle }: Turned,
  image: ImageSize,
  adjust: { readonly width: number; readonly height: number },
): Rectangle | undefined {
  const [cos, sin] = [Math.fround(Math.cos(angle)), Math.fround(Math.sin(angle))];
  const lowerRight = {
    x: place.x + pixels(cos * right + sin * down),
    y: place.y + pixels(-sin * right + cos * down),
  };
  const upperRight = { x: lowerRight.x + pixels(-sin * height), y: lowerRight.y + pixels(-cos * height) };
  const lowerLeft = { x: lowerRight.x + pixels(-cos * width), y: lowerRight.y + pixels(sin * width) };
  const upperLeft = { x: lowerLeft.x + upperRight.x - lowerRight.x, y: lowerLeft.y + upperRight.y - lowerRight.y };
  const corners = [lowerRight, upperRight, lowerLeft, upperLeft];
  const [x, farX] = widened(
    corners.map((corner) => corner.x),
    adjust.width,
    image.width,
  );
  const [y, farY] = widened(
    corners.map((corner) => corner.y),
    adjust.height,
    image.height,
  );
  return farX > x && farY > y ? { x, y, width: farX - x, height: farY - y } : undefined;
}

function widened(places: readonly number[], share: number, most: number): [number, number] {
  const [first, last] = [Math.min(...places), Math.max(...places)];
  const begin = Math.max(0, pixels(first - (last - first) * share));
  // The second side is widened by a share of what the first has become.
  return [begin, Math.min(most, pixels(last + (last - begin) * share))];
}

function pixels(length: number): number {
  return Math.trunc(Math.fround(length));
}
