import type { NodeParameters, NodeTensor, OpenNode } from '../node-module.ts';
import { ReadParameters } from './read-parameters.ts';

/** Adds one, or `add_number`, to ten numbers, and takes `sub_number` from them: the node that others are tried out with. */
export function open(parameters: NodeParameters): OpenNode {
  const read = new ReadParameters(parameters);
  const add = read.integer('add_number', { min: 0, otherwise: 1 });
  const subtract = read.integer('sub_number', { min: 0, otherwise: 0 });
  return {
    inputs: { input_numbers: { precision: 'FP32', shape: [1, 10] } },
    outputs: { output_numbers: { precision: 'FP32', shape: [1, 10] } },
    execute({ input_numbers }: { input_numbers: NodeTensor<Float32Array> }) {
      const { shape, data } = input_numbers;
      return { output_numbers: { shape, data: data.map((value) => value + add - subtract) } };
    },
  };
}
