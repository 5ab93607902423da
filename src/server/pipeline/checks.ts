import { ServingError } from '../model/error.ts';
import { accepts, batchIndex, printShape, type TensorInfo } from '../model/signature.ts';
import { countStrings } from '../model/strings.ts';
import { bytesPerElement, elementCount, type Tensor } from '../model/tensor.ts';

/**
 * Holds what a node gets against what it takes: what dimensions turn out to be is known only now. The texts are those of OpenVINO Model
 * Server, part of the contract.
 * @throws ServingError `invalid-argument`
 */
export function checkInput(tensor: Tensor, info: TensorInfo, node: string): void {
  const refuse = (what: string, short: string, expected: string, actual: string): never => {
    throw new ServingError(
      'invalid-argument',
      `${what} - Node: ${node} input: ${info.name} ${short} - Expected: ${expected}; Actual: ${actual}`,
    );
  };
  if (tensor.precision !== info.precision) {
    refuse('Invalid input precision', 'Invalid precision', info.precision, tensor.precision);
  }
  const { shape: expected } = info;
  const { shape } = tensor;
  if (!expected) return;
  if (expected.length !== shape.length) {
    const rank = 'Invalid number of shape dimensions';
    refuse(rank, rank, printShape(expected), printShape(shape));
  }
  const wrong = shape.findIndex((size, i) => !accepts(expected[i]!, size));
  if (wrong < 0) return;
  const isBatch = wrong === batchIndex(info.layout, shape.length);
  if (isBatch) refuse('Invalid input batch size', 'Invalid batch size', printShape(expected), printShape(shape));
  refuse('Invalid input shape', 'Invalid shape', printShape(expected), printShape(shape));
}

/**
 * Holds what a custom node gives against what it said: others read it by that, the runtime among them.
 * @throws ServingError `internal`
 */
export function checkOutputs(tensors: readonly Tensor[], infos: readonly TensorInfo[], node: string): void {
  if (tensors.length !== infos.length) {
    throw new ServingError(
      'internal',
      `Custom node gave another number of outputs than it has - Node: ${node}; Expected: ${infos.length}; Actual: ${tensors.length}`,
    );
  }
  for (const [i, info] of infos.entries()) {
    const { shape, precision } = tensors[i]!;
    const isRight =
      precision === info.precision &&
      (!info.shape ||
        (info.shape.length === shape.length && info.shape.every((dimension, at) => accepts(dimension, shape[at]!)))) &&
      isWhole(tensors[i]!);
    if (isRight) continue;
    throw new ServingError(
      'internal',
      `Custom node gave an output other than it has - Node: ${node}; output: ${info.name}; Expected: ${info.precision} ${info.shape ? printShape(info.shape) : ''}; Actual: ${precision} ${printShape(shape)} of ${sizeOf(tensors[i]!)}`,
    );
  }
}

/** Whether there is as much in it as its shape says. */
function isWhole(tensor: Tensor): boolean {
  const count = elementCount(tensor.shape);
  if (count === undefined || tensor.shape.some((size) => !Number.isSafeInteger(size) || size < 0)) return false;
  if (tensor.precision === 'STRING') return countStrings(tensor.strings) === count;
  return tensor.data.byteLength === count * bytesPerElement[tensor.precision];
}

function sizeOf(tensor: Tensor): string {
  if (tensor.precision === 'STRING') return `${countStrings(tensor.strings)} strings`;
  return `${tensor.data.byteLength} bytes`;
}
