// A custom node: writes the digits that were read as a text.
import type { NodeTensor, OpenNode } from '../../src/server/pipeline/node-module.ts';

export function open(): OpenNode {
  return {
    // As many as were found, each a batch of one; of none, the size of the batch is not known.
    inputs: { digits: { precision: 'I64', shape: [-1, -1] } },
    outputs: { text: { precision: 'STRING', shape: [1] } },
    execute({ digits }: { digits: NodeTensor<BigInt64Array> }) {
      return { text: { shape: [1], data: [digits.data.join('')] } };
    },
  };
}
