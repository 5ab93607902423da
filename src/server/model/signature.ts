import type { Layout } from './layout.ts';
import type { Precision, Shape } from './tensor.ts';

/** A size, if `min === max`; else the sizes that a dynamic dimension takes. `max` is Infinity where there is no bound. */
export interface Dimension {
  readonly min: number;
  readonly max: number;
}

/** One input or output, by the name that clients use. */
export interface TensorInfo {
  readonly name: string;
  readonly precision: Precision;
  /** Outermost first; `[]` is a scalar. Undefined if the model leaves the rank open. */
  readonly shape: readonly Dimension[] | undefined;
  readonly layout: Layout;
}

/** What a servable takes and gives; both lists are sorted by name, byte by byte: validation reports in this order. */
export interface Signature {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
}

export function isStatic(dimension: Dimension): boolean {
  return dimension.min === dimension.max;
}

export function accepts(dimension: Dimension, size: number): boolean {
  return size >= dimension.min && size <= dimension.max;
}

/**
 * Where the batch dimension stands in a shape of that rank: where the layout has its `N`; what stands behind an ellipsis is counted
 * from the end.
 * @returns undefined if the layout names none
 */
export function batchIndex(layout: Layout, rank: number): number | undefined {
  const at = layout.indexOf('N');
  if (at < 0) return undefined;
  const ellipsis = layout.indexOf('...');
  const index = ellipsis >= 0 && ellipsis < at ? rank - (layout.length - at) : at;
  return index >= 0 && index < rank ? index : undefined;
}

/** As error texts print a shape: `(1,10)`, `(-1,[1~5])`. */
export function printShape(shape: readonly Dimension[] | Shape): string {
  return `(${shape.map((size) => (typeof size === 'number' ? size : printDimension(size))).join(',')})`;
}

/** `-1` for any size, `[1~5]` for a range. */
export function printDimension(dimension: Dimension): string {
  if (isStatic(dimension)) return String(dimension.min);
  return dimension.max === Number.POSITIVE_INFINITY ? '-1' : `[${dimension.min}~${dimension.max}]`;
}

/** Byte-wise order of names, as the C++ servers' maps have it (UTF-16 order differs beyond the basic plane). */
export function compareNames(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
