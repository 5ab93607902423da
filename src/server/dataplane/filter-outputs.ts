import { ServingError } from '../model/error.ts';
import type { Signature } from '../model/signature.ts';

/**
 * The places, among the signature's outputs, of those that the client wants, in the client's order.
 * @param always an output that is given beside the signature's, whether it is named or not
 * @returns undefined for all of them
 * @throws ServingError `invalid-argument` for a name that is no output, or comes twice
 */
export function filterOutputs(names: readonly string[], signature: Signature, always?: string): number[] | undefined {
  if (names.length === 0) return undefined;
  const known = signature.outputs.map(({ name }) => name);
  const chosen = always === undefined ? names : names.filter((name) => name !== always);
  return chosen.map((name, i) => {
    const index = known.indexOf(name);
    if (index < 0) throw invalid(`Expected: one of ${known.join(', ')}; Actual: ${name}`);
    if (chosen.indexOf(name) !== i) throw invalid(`Expected: each output once; Actual: ${name} twice`);
    return index;
  });
}

function invalid(details: string): ServingError {
  return new ServingError('invalid-argument', `Invalid output filter - ${details}`);
}
