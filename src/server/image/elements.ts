import type { NumericPrecision } from '../model/tensor.ts';

const arrays = {
  FP32: Float32Array,
  FP64: Float64Array,
  FP16: Float16Array,
  I32: Int32Array,
  I16: Int16Array,
  I8: Int8Array,
  U16: Uint16Array,
  U8: Uint8Array,
} as const;

export type Elements = InstanceType<(typeof arrays)[keyof typeof arrays]>;

/** The largest sample that an element type holds; larger ones become it. */
const largest: Readonly<Record<string, number>> = { I16: 32_767, I8: 127, U8: 255 };

/** Zeros, in memory of their own, at its begin. */
export function createElements(precision: NumericPrecision, count: number): Elements {
  return new arrays[precision as keyof typeof arrays](count);
}

/**
 * Writes the samples of pixels as elements, from `at` on, with red and blue in each other's place.
 * @param samples red, green, blue and alpha of each pixel; one of them if it is grey
 */
export function writeSamples(
  samples: Uint8Array | Uint16Array,
  channels: number,
  precision: NumericPrecision,
  elements: Elements,
  at: number,
): void {
  const most = largest[precision];
  const isWide = samples instanceof Uint16Array;
  if (most !== undefined && most < (isWide ? 65_535 : 255)) {
    for (let i = 0; i < samples.length; i++) if (samples[i]! > most) samples[i] = most;
  }
  if (channels < 3) {
    elements.set(samples, at);
    return;
  }
  const end = samples.length;
  for (let i = 0, to = at; i < end; i += channels, to += channels) {
    elements[to] = samples[i + 2]!;
    elements[to + 1] = samples[i + 1]!;
    elements[to + 2] = samples[i]!;
    if (channels === 4) elements[to + 3] = samples[i + 3]!;
  }
}
