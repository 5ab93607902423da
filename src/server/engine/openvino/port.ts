import type { Dimension } from '../../model/signature.ts';
import { check, decodeArray, type Handle, type Library, takeString } from './library.ts';

export interface NativeDimension {
  readonly min: number | bigint;
  /** -1 where there is no bound. */
  readonly max: number | bigint;
}

/** Inputs without a tensor name, and outputs, as those of some converted models are, are called by their places. */
export function nameOf(library: Library, port: Handle, kind: 'in' | 'out', index: number): string {
  const out: [Handle | null] = [null];
  return library.portName(port, out) === 0 && out[0] ? takeString(library, out[0]) : `${kind}_${index}`;
}

/** Undefined if the rank is open. */
export function shapeOf(library: Library, port: Handle): Dimension[] | undefined {
  const shape: { rank: NativeDimension; dims: Handle } = { rank: { min: 0, max: 0 }, dims: 0n };
  check(library, library.portShape(port, shape));
  const { min, max } = shape.rank;
  const dimensions =
    Number(min) === Number(max)
      ? decodeArray(shape.dims, 'ov_dimension_t', Number(max)).map((size) => dimension(size as NativeDimension))
      : undefined;
  library.partialShapeFree(shape);
  return dimensions;
}

function dimension({ min, max }: NativeDimension): Dimension {
  return { min: Number(min), max: Number(max) < 0 ? Number.POSITIVE_INFINITY : Number(max) };
}
