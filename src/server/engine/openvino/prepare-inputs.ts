import { unknown } from '../../model/layout.ts';
import type { ColorFormat, PerChannel, Preprocessing } from '../../model/preprocessing.ts';
import type { PortLayout } from '../layout.ts';
import { elementTypeCode } from './element-type.ts';
import { check, type Handle, handleFrom, type Library, offLoop } from './library.ts';

/** OpenVINO's numbers of colour formats. */
const colorFormatCode: Readonly<Record<ColorFormat, number>> = { NV12: 1, I420: 3, RGB: 5, BGR: 6, GRAY: 7 };

/**
 * A step that has a model that has been read take its inputs otherwise than it does, on a thread of the pool: the runtime adds
 * what transposes, converts and normalises them.
 * @param layouts of the inputs, in the model's order
 * @param preprocessing of its only input
 * @returns the step, which gives OpenVINO's status and, through its parameter, the model to go on with beside the old one; undefined
 *   if nothing is to be done
 */
export function preparing(
  library: Library,
  model: Handle,
  layouts: readonly PortLayout[],
  preprocessing: Preprocessing | undefined,
): ((out: [Handle | null]) => Promise<number>) | undefined {
  const changes = [...layouts.entries()].filter(([, { seen, own }]) => seen !== own || preprocessing);
  if (changes.length === 0) return undefined;
  return async (out) => {
    const steps = handleFrom(library, (handle) => library.stepsCreate(model, handle));
    try {
      for (const [index, layout] of changes) prepare(library, steps, index, layout, preprocessing ?? {});
      return await offLoop(library.stepsBuild, steps, out);
    } finally {
      library.stepsFree(steps);
    }
  };
}

function prepare(library: Library, steps: Handle, index: number, layout: PortLayout, preprocessing: Preprocessing) {
  const { precision, colors } = preprocessing;
  withPart(library, [library.stepsInput, steps, index], library.stepsInputFree, (input) => {
    withPart(library, [library.stepsTensor, input], library.stepsTensorFree, (tensor) => {
      setLayout(library, layout.seen, (handle) => library.stepsTensorLayout(tensor, handle));
      if (precision) check(library, library.stepsTensorType(tensor, elementTypeCode(precision.seen)));
      if (colors) check(library, library.stepsTensorColors(tensor, colorFormatCode[colors.seen]));
    });
    withPart(library, [library.stepsModel, input], library.stepsModelFree, (model) =>
      setLayout(library, layout.own, (handle) => library.stepsModelLayout(model, handle)),
    );
    withPart(library, [library.stepsProcess, input], library.stepsProcessFree, (process) =>
      addSteps(library, process, preprocessing),
    );
  });
}

/** In the order in which the runtime is to take them: colours are those of the model before each channel's mean is subtracted. */
function addSteps(library: Library, process: Handle, { precision, colors, mean, scale }: Preprocessing): void {
  if (precision) check(library, library.stepsToType(process, elementTypeCode(precision.own)));
  if (colors) check(library, library.stepsToColors(process, colorFormatCode[colors.own]));
  const perChannel = (values: PerChannel | undefined, all: Library['stepsMean'], each: Library['stepsMeans']) => {
    if (typeof values === 'number') check(library, all(process, values));
    else if (values) check(library, each(process, Float32Array.from(values), values.length));
  };
  perChannel(mean, library.stepsMean, library.stepsMeans);
  perChannel(scale, library.stepsScale, library.stepsScales);
}

type Get = (...parameters: unknown[]) => number;

/** Uses a part of something that the runtime owns, and gives it back. */
function withPart(
  library: Library,
  [get, ...parameters]: readonly [Get, ...unknown[]],
  free: (part: Handle) => void,
  use: (part: Handle) => void,
): void {
  const part = handleFrom(library, (out) => get(...parameters, out));
  try {
    use(part);
  } finally {
    free(part);
  }
}

function setLayout(library: Library, text: string, set: (layout: Handle) => number): void {
  if (text === unknown) return;
  withPart(library, [library.layoutCreate, text], library.layoutFree, (layout) => check(library, set(layout)));
}
