import { ServingError } from '../model/error.ts';
import { expand } from '../model/layout.ts';
import type { PerChannel, Preprocessing } from '../model/preprocessing.ts';
import { isStatic, printShape } from '../model/signature.ts';
import type { ModelPort, PortLayouts } from './layout.ts';

/** What stands before the runtime's words when it refuses to preprocess. */
export const couldNotPreprocess = 'Model could not be given the requested preprocessing';

/**
 * Holds what is asked for against the inputs that there are; what only the runtime knows is left to that.
 * @param layouts of the inputs, in the model's order
 * @throws ServingError `failed-precondition`
 */
export function checkPreprocessing(
  { colors, mean, scale }: Preprocessing,
  inputs: readonly ModelPort[],
  layouts: PortLayouts['inputs'],
): void {
  const [input] = inputs;
  const [layout] = layouts;
  if (!input || !layout || inputs.length > 1) {
    throw refused(`it is for models with one input; inputs: ${inputs.map(({ name }) => name).join(', ')}`);
  }
  const checkChannels = (field: string, values?: PerChannel) => {
    const own = input.shape ? expand(layout.own, input.shape.length) : undefined;
    const channels = own?.indexOf('C') ?? -1;
    if (channels < 0) {
      throw refused(
        `${field}: which dimension holds the channels is not known, say so by a layout, such as NHWC; layout: ${layout.own}`,
      );
    }
    const size = input.shape![channels]!;
    if (!Array.isArray(values) || !isStatic(size) || size.min === values.length) return;
    throw refused(
      `${field}: expected ${size.min} values, one for each channel, got ${values.length}; shape: ${printShape(input.shape!)}; layout: ${layout.own}`,
    );
  };
  if (colors) checkChannels('color_format');
  if (typeof mean === 'object') checkChannels('mean', mean);
  if (typeof scale === 'object') checkChannels('scale', scale);
}

function refused(cause: string): ServingError {
  return new ServingError('failed-precondition', `${couldNotPreprocess} - ${cause}`);
}
