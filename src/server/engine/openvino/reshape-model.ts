import type { Reshape } from '../../model/reshape.ts';
import type { Dimension } from '../../model/signature.ts';
import { type ModelInput, newShapes } from '../reshape.ts';
import { type Handle, type Library, offLoop } from './library.ts';
import type { NativeDimension } from './port.ts';

/**
 * A step that gives a model that has been read the shapes that are asked for, on a thread of the pool: they are followed through the
 * whole model.
 * @param inputs of the model, in its order
 * @returns the step, which gives OpenVINO's status; undefined if nothing is to be done
 * @throws ServingError `failed-precondition` if the shapes do not fit the inputs that there are
 */
export function reshaping(
  library: Library,
  model: Handle,
  reshape: Reshape,
  inputs: readonly ModelInput[],
): (() => Promise<number>) | undefined {
  const shapes = [...newShapes(reshape, inputs)];
  if (shapes.length === 0) return undefined;
  const indexes = shapes.map(([index]) => index);
  const native = shapes.map(([, shape]) => nativePartialShape(shape));
  return () => offLoop(library.reshape, model, indexes, native, native.length);
}

/** The C API takes a rank of 0 for one that is open: shapes have one dimension at least. */
function nativePartialShape(shape: readonly Dimension[]): { rank: NativeDimension; dims: NativeDimension[] } {
  const dims = shape.map(({ min, max }) => ({ min, max: max === Number.POSITIVE_INFINITY ? -1 : max }));
  return { rank: { min: shape.length, max: shape.length }, dims };
}
