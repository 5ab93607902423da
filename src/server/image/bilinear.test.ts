import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BilinearRows } from './bilinear.ts';
import type { Pixels } from './pixels.ts';

function resize(image: Pixels, width: number, height: number): number[] {
  const rows = new BilinearRows(image, width, height);
  return Array.from({ length: height }, (_, y) => [...rows.row(y)]).flat();
}

/** One sample, by the definition: the four pixels around the place, by how near their centres are. */
function sampleAt(image: Pixels, width: number, height: number, x: number, y: number, channel: number): number {
  const at = (column: number, row: number) => {
    const inside = (place: number, size: number) => Math.max(0, Math.min(size - 1, place));
    const pixel = inside(row, image.height) * image.width + inside(column, image.width);
    return image.samples[pixel * image.channels + channel]!;
  };
  const centre = (place: number, from: number, to: number) => ((place + 0.5) * from) / to - 0.5;
  const [cx, cy] = [centre(x, image.width, width), centre(y, image.height, height)];
  const [left, top] = [Math.floor(cx), Math.floor(cy)];
  const [right, down] = [cx - left, cy - top];
  const row = (line: number) => at(left, line) * (1 - right) + at(left + 1, line) * right;
  return row(top) * (1 - down) + row(top + 1) * down;
}

const sizes = fc.integer({ min: 1, max: 9 });

for (const [bits, Samples] of [
  [8, Uint8Array],
  [16, Uint16Array],
] as const) {
  test(`samples of ${bits} bits are at most one level from the definition`, () => {
    const cases = fc.record({ width: sizes, height: sizes, channels: fc.constantFrom(1, 3, 4) }).chain((size) => {
      const length = size.width * size.height * size.channels;
      const samples = fc.array(fc.nat(2 ** bits - 1), { minLength: length, maxLength: length });
      return fc.tuple(fc.constant(size), samples, sizes, sizes);
    });
    fc.assert(
      fc.property(cases, ([size, samples, width, height]) => {
        const image: Pixels = { ...size, samples: Samples.from(samples) };
        for (const [i, sample] of resize(image, width, height).entries()) {
          const channel = i % image.channels;
          const pixel = Math.floor(i / image.channels);
          const expected = sampleAt(image, width, height, pixel % width, Math.floor(pixel / width), channel);
          assert.ok(Math.abs(sample - expected) <= 1, `${sample} for ${expected}`);
        }
      }),
    );
  });
}

test('a picture of its own size stays as it is', () => {
  const samples = Uint8Array.from({ length: 60 }, (_, i) => (i * 41) % 256);
  assert.deepEqual(resize({ width: 5, height: 4, channels: 3, samples }, 5, 4), [...samples]);
});
