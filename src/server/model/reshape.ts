import type { Dimension } from './signature.ts';

/** What a model's inputs are to be instead of what its files say. */
export type Reshape =
  /** The batch dimension of every input that has one. */
  | { readonly kind: 'batch'; readonly size: Dimension }
  /** The model's only input; all of them, if it is `dynamic`. */
  | { readonly kind: 'shape'; readonly shape: InputShape }
  /** Inputs by their names; those that are not named stay as they are. */
  | { readonly kind: 'shapes'; readonly shapes: readonly { readonly input: string; readonly shape: InputShape }[] };

/** One dimension at least. `dynamic`: as many as the model has, each of any size. */
export type InputShape = readonly Dimension[] | 'dynamic';

export const anySize: Dimension = { min: 0, max: Number.POSITIVE_INFINITY };
