import { ServingError } from '../model/error.ts';
import { requestNode } from '../model/pipeline.ts';
import { printShape, type Signature } from '../model/signature.ts';
import type { Tensor } from '../model/tensor.ts';
import type { PlannedNode } from './plan.ts';
import { leastRank } from './shapes.ts';

/**
 * Into how many shards a node's outputs are split.
 * @param signature of the pipeline, whose inputs are the request's outputs
 * @throws ServingError if they cannot be split as they should: the client's fault for the request, else that of the pipeline
 */
export function countShards(
  { name, demultiply, used, outputs: infos }: PlannedNode,
  outputs: readonly Tensor[],
  signature: Signature,
): number {
  const expected = demultiply === 'dynamic' ? (outputs[used[0]!]!.shape[0] ?? 0) : demultiply!;
  for (const output of used) {
    const { shape } = outputs[output]!;
    const info = (infos ?? signature.inputs)[output]!;
    const where = `Node: ${name}; output: ${info.name}`;
    if (shape.length < leastRank) {
      throw notSplit(
        name,
        `Pipeline has not enough shape dimensions to demultiply - ${where}; Expected: at least ${leastRank} dimensions; Actual: ${printShape(shape)}`,
      );
    }
    if (shape[0] !== expected) {
      throw notSplit(
        name,
        `Wrong dimension size. Should match demultiply count - ${where}; Expected: ${expected}; Actual: ${printShape(shape)}`,
      );
    }
  }
  return expected;
}

export function notSplit(node: string, message: string): ServingError {
  return new ServingError(node === requestNode ? 'invalid-argument' : 'failed-precondition', message);
}
