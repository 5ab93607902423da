import type { NumericPrecision } from './tensor.ts';

/** What the model's only input goes through before the model sees it, in this order. */
export interface Preprocessing {
  readonly precision?: Conversion<NumericPrecision>;
  readonly colors?: Conversion<ColorFormat>;
  /** Subtracted. */
  readonly mean?: PerChannel;
  /** Divided by. */
  readonly scale?: PerChannel;
}

/** From what clients send to what the model takes. */
export interface Conversion<T> {
  readonly seen: T;
  readonly own: T;
}

/** One number for all elements, or one for each channel. */
export type PerChannel = number | readonly number[];

/** Colour formats whose pictures are one tensor. */
export const colorFormats = ['RGB', 'BGR', 'GRAY', 'NV12', 'I420'] as const;

export type ColorFormat = (typeof colorFormats)[number];
