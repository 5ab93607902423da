import { ServingError } from '../../model/error.ts';

/** As many as a TensorFlow shape can have: each takes a byte or two of a message, which there may be a gigabyte of. */
const mostDimensions = 254;

/** More inputs or outputs than any model has: names cost many times their bytes. */
const mostNames = 65_536;

/** @throws ServingError `invalid-argument` if there would be more than any tensor has */
export function addDimension(shape: number[], size: number): void {
  if (shape.length === mostDimensions) {
    throw new ServingError(
      'invalid-argument',
      `Invalid number of shape dimensions - Expected: at most ${mostDimensions}; Actual: more`,
    );
  }
  shape.push(size);
}

/**
 * @param what there are `count` of
 * @throws ServingError `invalid-argument` if that is more than any model has
 */
export function checkNames(count: number, what: string): void {
  if (count <= mostNames) return;
  throw new ServingError('invalid-argument', `Too many ${what} - Expected: at most ${mostNames}; Actual: more`);
}
