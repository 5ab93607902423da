import type { Layout } from '../../model/layout.ts';
import type { PortLayout } from '../layout.ts';
import { check, type Handle, handleFrom, type Library, offLoop } from './library.ts';

/**
 * A step that has a model that has been read take its inputs in other layouts than its own, on a thread of the pool: the runtime adds what
 * transposes them.
 * @param layouts of the inputs, in the model's order
 * @returns the step, which gives OpenVINO's status and, through its parameter, the model to go on with beside the old one; undefined
 *   if nothing is to be done
 */
export function transposing(
  library: Library,
  model: Handle,
  layouts: readonly PortLayout[],
): ((out: [Handle | null]) => Promise<number>) | undefined {
  const changes = [...layouts.entries()].filter(([, { seen, own }]) => seen !== own);
  if (changes.length === 0) return undefined;
  return async (out) => {
    const steps = handleFrom(library, (handle) => library.stepsCreate(model, handle));
    try {
      for (const [index, layout] of changes) setLayouts(library, steps, index, layout);
      return await offLoop(library.stepsBuild, steps, out);
    } finally {
      library.stepsFree(steps);
    }
  };
}

function setLayouts(library: Library, steps: Handle, index: number, { seen, own }: PortLayout): void {
  const input = handleFrom(library, (out) => library.stepsInput(steps, index, out));
  try {
    const tensor = handleFrom(library, (out) => library.stepsTensor(input, out));
    try {
      setLayout(library, seen, (layout) => library.stepsTensorLayout(tensor, layout));
    } finally {
      library.stepsTensorFree(tensor);
    }
    const model = handleFrom(library, (out) => library.stepsModel(input, out));
    try {
      setLayout(library, own, (layout) => library.stepsModelLayout(model, layout));
    } finally {
      library.stepsModelFree(model);
    }
  } finally {
    library.stepsInputFree(input);
  }
}

function setLayout(library: Library, text: Layout, set: (layout: Handle) => number): void {
  const layout = handleFrom(library, (out) => library.layoutCreate(text, out));
  try {
    check(library, set(layout));
  } finally {
    library.layoutFree(layout);
  }
}
