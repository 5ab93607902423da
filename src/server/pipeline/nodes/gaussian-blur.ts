import type { FloatImage, Rectangle } from './float-image.ts';

/** Small kernels are these, as OpenCV has them; larger ones follow the normal distribution. */
const small: Readonly<Record<number, readonly number[]>> = {
  1: [1],
  3: [0.25, 0.5, 0.25],
  5: [0.0625, 0.25, 0.375, 0.25, 0.0625],
  7: [0.03125, 0.109375, 0.21875, 0.28125, 0.21875, 0.109375, 0.03125],
  9: [4, 13, 30, 51, 60, 51, 30, 13, 4].map((part) => part / 256),
};

/** Weights of the pixels around one, which add up to 1. @param size odd */
export function gaussianKernel(size: number): readonly number[] {
  const known = small[size];
  if (known) return known;
  const sigma = 0.3 * ((size - 1) / 2 - 1) + 0.8;
  const weights = Array.from({ length: size }, (_, i) => Math.exp(-((i - (size - 1) / 2) ** 2) / (2 * sigma ** 2)));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** Blurs a part of an image in its place. The pixels around it count; those that the image lacks are its own, mirrored at its edge. */
export function blur(image: FloatImage, { x, y, width, height }: Rectangle, kernel: readonly number[]): void {
  const radius = (kernel.length - 1) / 2;
  const { samples, begin, steps } = image;
  const columns = Int32Array.from({ length: width + 2 * radius }, (_, i) => mirror(x - radius + i, image.width));
  const across = new Float32Array((height + 2 * radius) * width);
  for (let channel = 0; channel < image.channels; channel++) {
    const first = begin + channel * steps.channel;
    for (let line = 0; line < height + 2 * radius; line++) {
      const from = first + mirror(y - radius + line, image.height) * steps.row;
      for (let i = 0; i < width; i++) {
        let sum = 0;
        for (let k = 0; k < kernel.length; k++) sum += kernel[k]! * samples[from + columns[i + k]! * steps.column]!;
        across[line * width + i] = sum;
      }
    }
    for (let line = 0; line < height; line++) {
      let to = first + (y + line) * steps.row + x * steps.column;
      for (let i = 0; i < width; i++, to += steps.column) {
        let sum = 0;
        for (let k = 0; k < kernel.length; k++) sum += kernel[k]! * across[(line + k) * width + i]!;
        samples[to] = sum;
      }
    }
  }
}

/** The place inside that stands for one outside, which is mirrored at the first or last pixel's centre. */
function mirror(place: number, size: number): number {
  if (size === 1) return 0;
  const period = 2 * (size - 1);
  const inside = ((place % period) + period) % period;
  return inside < size ? inside : period - inside;
}
