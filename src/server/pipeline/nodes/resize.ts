import { positions } from '../../image/positions.ts';
import type { FloatImage } from './float-image.ts';

/**
 * Writes an image in the size of the target, interpolated bilinearly between the centres of its pixels, without smoothing what is made
 * smaller: what OpenCV calls INTER_LINEAR.
 * @param target of as many channels
 */
export function resize(image: FloatImage, target: FloatImage): void {
  const columns = positions(image.width, target.width);
  const rows = positions(image.height, target.height);
  const { column, row, channel } = image.steps;
  const left = columns.places.map((place) => place * column);
  const right = columns.places.map((place) => Math.min(place + 1, image.width - 1) * column);
  const { samples } = image;
  const result = target.samples;
  for (let c = 0; c < target.channels; c++) {
    for (let y = 0; y < target.height; y++) {
      const place = rows.places[y]!;
      const above = image.begin + c * channel + place * row;
      const below = image.begin + c * channel + Math.min(place + 1, image.height - 1) * row;
      const down = rows.shares[y]!;
      let to = target.begin + c * target.steps.channel + y * target.steps.row;
      for (let x = 0; x < target.width; x++, to += target.steps.column) {
        const share = columns.shares[x]!;
        const first = samples[above + left[x]!]! * (1 - share) + samples[above + right[x]!]! * share;
        const second = samples[below + left[x]!]! * (1 - share) + samples[below + right[x]!]! * share;
        result[to] = first * (1 - down) + second * down;
      }
    }
  }
}
