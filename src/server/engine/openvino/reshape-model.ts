import type { Reshape } from '../../model/reshape.ts';
import type { Dimension } from '../../model/signature.ts';
import { type ModelInput, newShapes } from '../reshape.ts';
import { check, type Handle, handleFrom, type Library, offLoop } from './library.ts';
import { layoutOf, type NativeDimension, nameOf, shapeOf } from './port.ts';

/**
 * A step that gives a model that has been read the shapes that are asked for, on a thread of the pool: they are followed through the
 * whole model.
 * @returns the step, which gives OpenVINO's status; undefined if nothing is to be done
 * @throws ServingError `failed-precondition` if the shapes do not fit the inputs that there are
 */
export function reshaping(library: Library, model: Handle, reshape: Reshape): (() => Promise<number>) | undefined {
  const shapes = [...newShapes(reshape, inputsOf(library, model))];
  if (shapes.length === 0) return undefined;
  const indexes = shapes.map(([index]) => index);
  const native = shapes.map(([, shape]) => nativePartialShape(shape));
  return () => offLoop(library.reshape, model, indexes, native, native.length);
}

function inputsOf(library: Library, model: Handle): ModelInput[] {
  const count: [number | bigint] = [0];
  check(library, library.modelInputsSize(model, count));
  return Array.from({ length: Number(count[0]) }, (_, index) => {
    const port = handleFrom(library, (out) => library.modelInput(model, index, out));
    try {
      const shape = shapeOf(library, port);
      return { name: nameOf(library, port, 'in', index), shape, layout: layoutOf(shape) };
    } finally {
      library.portFree(port);
    }
  });
}

/** The C API takes a rank of 0 for one that is open: shapes have one dimension at least. */
function nativePartialShape(shape: readonly Dimension[]): { rank: NativeDimension; dims: NativeDimension[] } {
  const dims = shape.map(({ min, max }) => ({ min, max: max === Number.POSITIVE_INFINITY ? -1 : max }));
  return { rank: { min: shape.length, max: shape.length }, dims };
}
