import { ServingError } from '../model/error.ts';
import type { Layout } from '../model/layout.ts';
import { anySize, type InputShape, type Reshape } from '../model/reshape.ts';
import { batchIndex, type Dimension } from '../model/signature.ts';
import type { ModelPort } from './layout.ts';

/** An input of a model that has been read and not compiled yet. */
export interface ModelInput extends ModelPort {
  readonly layout: Layout;
}

/** What stands before the runtime's words when it refuses new shapes. */
export const couldNotReshape = 'Model could not be reshaped with requested shape';

/**
 * The shapes to set, by the places of the inputs; those that are not among them keep theirs.
 * @throws ServingError `failed-precondition` if they do not fit the inputs that there are
 */
export function newShapes(reshape: Reshape, inputs: readonly ModelInput[]): ReadonlyMap<number, readonly Dimension[]> {
  const shapes = new Map<number, readonly Dimension[]>();
  const set = (index: number, shape: InputShape) => {
    // Without a rank any shape will do already; a scalar has no size to set.
    const sizes = shape === 'dynamic' ? inputs[index]!.shape?.map(() => anySize) : shape;
    if (sizes?.length) shapes.set(index, sizes);
  };
  const names = inputs.map(({ name }) => name).join(', ');
  switch (reshape.kind) {
    case 'batch':
      for (const [index, input] of inputs.entries()) {
        const shape = withBatch(input, reshape.size);
        if (shape) shapes.set(index, shape);
      }
      if (shapes.size === 0) throw refused('no input has a batch dimension');
      break;
    case 'shape':
      if (reshape.shape !== 'dynamic' && inputs.length > 1) {
        throw new ServingError(
          'failed-precondition',
          `Anonymous fixed shape is invalid for models with multiple inputs - Inputs: ${names}`,
        );
      }
      for (const index of inputs.keys()) set(index, reshape.shape);
      break;
    case 'shapes':
      for (const { input, shape } of reshape.shapes) {
        const index = inputs.findIndex(({ name }) => name === input);
        if (index < 0) throw refused(`there is no input ${input}; inputs: ${names}`);
        set(index, shape);
      }
  }
  return shapes;
}

/** Undefined for an input without a batch dimension. */
function withBatch({ name, shape, layout }: ModelInput, size: Dimension): readonly Dimension[] | undefined {
  if (!shape) throw refused(`input ${name} has no fixed rank, so its batch dimension is not known: set its shape`);
  const batch = batchIndex(layout, shape.length);
  return batch === undefined ? undefined : shape.with(batch, size);
}

function refused(cause: string): ServingError {
  return new ServingError('failed-precondition', `${couldNotReshape} - ${cause}`);
}
