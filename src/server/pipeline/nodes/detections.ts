import { insideOf } from './boxes.ts';
import type { ImageSize, Rectangle } from './float-image.ts';

/** What an SSD model has found. */
export interface Detection {
  readonly label: number;
  readonly confidence: number;
  /** Left, top, right and bottom, as shares of the image's width and height: as the model gave them. */
  readonly place: readonly [number, number, number, number];
  /** In pixels, inside the image. */
  readonly box: Rectangle;
}

/** Numbers of a detection: image, label, confidence, and the place. */
export const detectionLength = 7;

/**
 * Those detections of the first image that are sure enough and have at least one pixel in it.
 * @param rows seven numbers for each
 * @param label of those that are wanted, if not of all
 */
export function readDetections(
  rows: Float32Array,
  image: ImageSize,
  { confidenceThreshold, label: wanted }: { readonly confidenceThreshold: number; readonly label?: number | undefined },
): Detection[] {
  const found: Detection[] = [];
  for (let at = 0; at + detectionLength <= rows.length; at += detectionLength) {
    const row = rows.subarray(at, at + detectionLength);
    const [which, label, confidence, ...place] = row as unknown as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    if (Math.trunc(which) !== 0 || !(confidence >= confidenceThreshold)) continue;
    if (wanted !== undefined && Math.trunc(label) !== wanted) continue;
    const box = insideOf(image, boxOf(place, image));
    if (box) found.push({ label: Math.trunc(label), confidence, place, box });
  }
  return found;
}

function boxOf(place: readonly [number, number, number, number], { width, height }: ImageSize): Rectangle {
  const [left, top, right, bottom] = place.map((share, i) => Math.trunc(Math.fround(share * (i % 2 ? height : width))));
  const [x, y] = [Math.min(left!, right!), Math.min(top!, bottom!)];
  return { x, y, width: Math.max(left!, right!) - x, height: Math.max(top!, bottom!) - y };
}
