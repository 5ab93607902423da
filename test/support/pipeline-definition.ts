import type { NodeDefinition, PipelineDefinition, Source } from '../../src/server/model/pipeline.ts';
import { anySize } from '../../src/server/model/reshape.ts';
import type { Signature, TensorInfo } from '../../src/server/model/signature.ts';
import type { Precision } from '../../src/server/model/tensor.ts';

/** Connections as `to: 'node.item'`. */
export type Wiring = Readonly<Record<string, string>>;

/** A definition by its connections. */
export function pipeline(
  inputs: readonly string[],
  nodes: readonly NodeDefinition[],
  outputs: Wiring,
  over: Partial<PipelineDefinition> = {},
): PipelineDefinition {
  return { name: 'p', required: true, inputs, nodes, outputs: connections(outputs), whenEmpty: 'outputs', ...over };
}

/** A node of a model, whose outputs keep their names. */
export function modelNode(
  name: string,
  model: string,
  inputs: Wiring,
  outputs: readonly string[] = ['a'],
  over: Partial<NodeDefinition> = {},
): NodeDefinition {
  return node(name, { kind: 'model', model }, inputs, outputs, over);
}

/** A node of a library, whose outputs keep their names. */
export function customNode(
  name: string,
  library: string,
  inputs: Wiring,
  outputs: readonly string[],
  over: Partial<NodeDefinition> = {},
): NodeDefinition {
  return node(name, { kind: 'custom', library, parameters: {} }, inputs, outputs, over);
}

function node(
  name: string,
  runs: NodeDefinition['runs'],
  inputs: Wiring,
  outputs: readonly string[],
  over: Partial<NodeDefinition>,
): NodeDefinition {
  const aliases = outputs.map((item) => ({ item, alias: item }));
  return { name, runs, inputs: connections(inputs), outputs: aliases, ...over };
}

function connections(wiring: Wiring): { to: string; from: Source }[] {
  return Object.entries(wiring).map(([to, from]) => {
    const [source, item] = from.split('.');
    return { to, from: { node: source!, item: item! } };
  });
}

/** A tensor as `FP32 1 -1 10` or `FP32 1 -1 10 NHWC`; `?` for any rank. */
export function tensorInfo(name: string, text: string): TensorInfo {
  const [precision, ...rest] = text.split(' ');
  const last = rest.at(-1);
  const hasLayout = last !== undefined && /[NHWC.]/.test(last) && !/^\d/.test(last);
  const layout = hasLayout ? last : 'N...';
  const sizes = hasLayout ? rest.slice(0, -1) : rest;
  const shape = sizes.map((size) => {
    const [min, max = min] = size.split(':').map(Number);
    return min === -1 ? anySize : { min: min!, max: max! };
  });
  return { name, precision: precision as Precision, shape: sizes[0] === '?' ? undefined : shape, layout };
}

/** A signature of tensors as `tensorInfo` has them. */
export function signature(inputs: Wiring, outputs: Wiring): Signature {
  const infos = (all: Wiring) => Object.entries(all).map(([name, text]) => tensorInfo(name, text));
  return { inputs: infos(inputs), outputs: infos(outputs) };
}
