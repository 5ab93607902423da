import type { ModelPort } from '../layout.ts';
import { check, type Handle, handleFrom, type Library } from './library.ts';
import { nameOf, shapeOf } from './port.ts';

/** The inputs and outputs of a model that has been read and not compiled yet, in its order. */
export function modelPorts(library: Library, model: Handle): { inputs: ModelPort[]; outputs: ModelPort[] } {
  const { modelInputsSize, modelInput, modelOutputsSize, modelOutput } = library;
  return {
    inputs: list(library, 'in', modelInputsSize, modelInput, model),
    outputs: list(library, 'out', modelOutputsSize, modelOutput, model),
  };
}

function list(
  library: Library,
  kind: 'in' | 'out',
  size: Library['modelInputsSize'],
  portAt: Library['modelInput'],
  model: Handle,
): ModelPort[] {
  const count: [number | bigint] = [0];
  check(library, size(model, count));
  return Array.from({ length: Number(count[0]) }, (_, index) => {
    const port = handleFrom(library, (out) => portAt(model, index, out));
    try {
      return { name: nameOf(library, port, kind, index), shape: shapeOf(library, port) };
    } finally {
      library.portFree(port);
    }
  });
}
