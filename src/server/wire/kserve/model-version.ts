import { ServingError } from '../../model/error.ts';

/** As many digits as an int64 has. */
const integer = /^-?\d{1,19}$/;

/**
 * A version as the messages have it.
 * @returns undefined if none is asked for
 * @throws ServingError `invalid-argument`
 */
export function parseVersion(text: string): number | undefined {
  if (text === '') return undefined;
  if (integer.test(text)) return Number(text);
  throw new ServingError('invalid-argument', 'invalid model version format in request');
}
