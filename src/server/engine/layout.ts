import { ServingError } from '../model/error.ts';
import { expand, type Layout, type LayoutChange, type Layouts, unknown, unsaid } from '../model/layout.ts';
import { type Dimension, printShape, type TensorInfo } from '../model/signature.ts';

/** An input or output of a model that has been read and not compiled yet. */
export interface ModelPort {
  readonly name: string;
  readonly shape: readonly Dimension[] | undefined;
}

/** What the dimensions of a port are: as clients see them and as the model has them, in the same notation. */
export interface PortLayout {
  readonly seen: Layout;
  readonly own: Layout;
}

export interface PortLayouts {
  /** In the order of the model's inputs. */
  readonly inputs: readonly PortLayout[];
  readonly outputs: readonly PortLayout[];
}

/** What stands before the runtime's words when it cannot transpose. */
export const couldNotTranspose = 'Model could not be given the requested layout';

/**
 * The layouts of all ports: as they are asked for, else as the model's files say, else with the batch first.
 * @param told what the files say, by names
 * @throws ServingError `failed-precondition` if what is asked for does not fit the ports that there are
 */
export function portLayouts(
  wanted: Layouts | undefined,
  inputs: readonly ModelPort[],
  outputs: readonly ModelPort[],
  told: ReadonlyMap<string, Layout>,
): PortLayouts {
  const changes = changesByName(wanted, inputs, outputs);
  const layoutOf = ({ name, shape }: ModelPort, change: LayoutChange | undefined): PortLayout => {
    if (change) return checked(name, shape, change);
    const layout = told.get(name);
    const isFitting = layout !== undefined && (!shape || expand(layout, shape.length) !== undefined);
    const usual = isFitting ? layout : shape?.length === 0 ? unknown : unsaid;
    return { seen: usual, own: usual };
  };
  return {
    inputs: inputs.map((input) => layoutOf(input, changes.inputs.get(input.name))),
    outputs: outputs.map((output) => layoutOf(output, changes.outputs.get(output.name))),
  };
}

type Changes = ReadonlyMap<string, LayoutChange>;

function changesByName(
  wanted: Layouts | undefined,
  inputs: readonly ModelPort[],
  outputs: readonly ModelPort[],
): { inputs: Changes; outputs: Changes } {
  const none: Changes = new Map();
  if (!wanted) return { inputs: none, outputs: none };
  if (wanted.kind === 'only') {
    if (inputs.length === 1) return { inputs: new Map([[inputs[0]!.name, wanted.layout]]), outputs: none };
    throw new ServingError(
      'failed-precondition',
      `Anonymous fixed layout is invalid for models with multiple inputs - Inputs: ${listed(inputs)}`,
    );
  }
  for (const { tensor } of wanted.layouts) {
    if (![...inputs, ...outputs].some(({ name }) => name === tensor)) {
      throw refused(`there is no input or output ${tensor}; inputs: ${listed(inputs)}; outputs: ${listed(outputs)}`);
    }
  }
  const named = new Map(wanted.layouts.map(({ tensor, layout }) => [tensor, layout]));
  return { inputs: named, outputs: named };
}

/** Whether they are layouts of that many dimensions, and of the same ones. */
function checked(name: string, shape: ModelPort['shape'], { seen, own = seen }: LayoutChange): PortLayout {
  for (const layout of [seen, own]) {
    if (shape && expand(layout, shape.length) === undefined) {
      throw new ServingError(
        'failed-precondition',
        `Layout incompatible with given shape - Layout: ${layout}; Shape: ${printShape(shape)}; name: ${name}`,
      );
    }
  }
  if (seen !== own) {
    if (!shape) throw refused(`${name} has no fixed rank, so it cannot be transposed`);
    transposition(own, seen, shape.length, name);
  }
  return { seen, own };
}

/**
 * Where each dimension of one layout stands in another.
 * @throws ServingError `failed-precondition` if not each has its place
 */
function transposition(from: Layout, to: Layout, rank: number, name: string): number[] {
  const [source, target] = [named(from, rank), named(to, rank)];
  const places = target.map((letter) => source.indexOf(letter));
  if (new Set(places).size === rank && !places.includes(-1)) return places;
  throw refused(`${from} cannot be transposed to ${to}: each dimension must have one place in both; name: ${name}`);
}

/** Where the dimensions of outputs stand in what the model gives, where that is elsewhere; and what they are. In the ports' order. */
export function seenOutputs(
  ports: readonly { readonly index: number; readonly info: TensorInfo }[],
  { outputs }: PortLayouts,
): [places: (number[] | undefined)[], layouts: Layout[]] {
  const places = ports.map(({ index, info: { name, shape } }) => {
    const { seen, own } = outputs[index]!;
    return seen === own ? undefined : transposition(own, seen, shape!.length, name);
  });
  return [places, ports.map(({ index }) => outputs[index]!.seen)];
}

/** Dimensions by their letters; those that have none by how many of them there are before. */
function named(layout: Layout, rank: number): string[] {
  let others = 0;
  return [...expand(layout, rank)!].map((letter) => (letter === '?' ? `?${others++}` : letter));
}

function listed(ports: readonly ModelPort[]): string {
  return ports.map(({ name }) => name).join(', ');
}

function refused(cause: string): ServingError {
  return new ServingError('failed-precondition', `${couldNotTranspose} - ${cause}`);
}
