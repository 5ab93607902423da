import type { Demultiply } from '../model/pipeline.ts';
import { type Dimension, isStatic, printShape, type TensorInfo } from '../model/signature.ts';
import type { Graph, GraphNode } from './graph.ts';
import { sharedLayout, splitLayout, wrapLayout } from './layouts.ts';
import type { PipelineProblems } from './problems.ts';

/** The fewest dimensions that an output must have to be split: the shards', and two that a tensor with a batch has. */
export const leastRank = 3;

/** What all know of tensors, but for their names. */
export type Described = Omit<TensorInfo, 'name'>;

/** What each node gives to one reader: a shard, where it splits its outputs. In the order of its outputs; the request's too. */
export type Given = readonly (readonly Described[])[];

/** How many a demultiplexer makes. */
export function countOf(demultiply: Demultiply): Dimension {
  return demultiply === 'dynamic' ? { min: 0, max: Number.POSITIVE_INFINITY } : { min: demultiply, max: demultiply };
}

/**
 * Holds what nodes give against what their readers take.
 * @returns what each gives, undefined for an input of the pipeline that no node reads; whatever is wrong is added to the problems
 */
export function describe(graph: Graph, problems: PipelineProblems): (Described | undefined)[][] {
  const given = graph.nodes.map((node) => (node.outputs ? shardsOf(node, node.outputs, problems) : []));
  const wanted: Described[][] = graph.inputs.map(() => []);
  for (const node of graph.nodes) {
    node.origins.forEach((origin, i) => {
      const input = node.inputs[i]!;
      const where = `Node: ${node.name}; input: ${input.name}`;
      const want = ungathered(input, node, graph, where, problems);
      if (!want) return;
      if (origin.node === 0) wanted[origin.output]!.push(want);
      else compare(given[origin.node]![origin.output]!, want, where, problems);
    });
  }
  for (const { name, when } of graph.nodes) {
    const tested = when && when.origin.node > 0 ? given[when.origin.node]![when.origin.output]! : undefined;
    if (tested && !mayBeNumber(tested)) {
      const actual = `${tested.precision} ${printShape(tested.shape ?? [])}`;
      problems.add('condition', `Node: ${name}; Expected: one number; Actual: ${actual}`);
    }
  }
  const [request] = graph.nodes;
  const inputs = wanted.map((all, i) => {
    const shared = share(all, graph.inputs[i]!, problems);
    const { demultiply } = request!;
    if (shared && demultiply !== undefined) {
      checkSplit(wrap(shared, [countOf(demultiply)]), demultiply, `Input: ${graph.inputs[i]}`, problems);
    }
    return shared;
  });
  return [inputs, ...given.slice(1)];
}

/** Whether it may turn out to be one number. */
function mayBeNumber({ precision, shape }: Described): boolean {
  return precision !== 'STRING' && (shape ?? []).every(({ min, max }) => min <= 1 && max >= 1);
}

/** The same within more dimensions. */
export function wrap({ precision, shape, layout }: Described, counts: readonly Dimension[]): Described {
  if (counts.length === 0) return { precision, shape, layout };
  return { precision, shape: shape && [...counts, ...shape], layout: wrapLayout(layout, counts.length) };
}

/** What one shard of an input has to be; the input as it is, where it is not made of shards; undefined if it cannot be. */
function ungathered(
  input: TensorInfo,
  { gatherFrom }: GraphNode,
  { nodes }: Graph,
  where: string,
  problems: PipelineProblems,
): Described | undefined {
  if (gatherFrom === undefined || !input.shape) return input;
  const count = countOf(nodes[gatherFrom]!.demultiply!);
  const [first, ...rest] = input.shape;
  if (first && overlaps(first, count))
    return { ...input, shape: rest, layout: splitLayout(input.layout, input.shape.length) };
  problems.add(
    'shape',
    `${where}; Expected: ${printShape(input.shape)}; Actual: shards gathered into ${printShape([count])} and more`,
  );
  return undefined;
}

function shardsOf(node: GraphNode, outputs: readonly TensorInfo[], problems: PipelineProblems): Described[] {
  const { demultiply, named, name } = node;
  if (demultiply === undefined) return [...outputs];
  return outputs.map((output, i) => {
    if (named.includes(i)) checkSplit(output, demultiply, `Node: ${name}; output: ${output.name}`, problems);
    const { precision, shape, layout } = output;
    return { precision, shape: shape?.slice(1), layout: shape ? splitLayout(layout, shape.length) : layout };
  });
}

function checkSplit(
  { precision, shape }: Described,
  demultiply: Demultiply,
  where: string,
  problems: PipelineProblems,
): void {
  if (precision === 'STRING') problems.add('demultipliedStrings', where);
  if (!shape) return;
  if (shape.length < leastRank) {
    problems.add(
      'demultipliedRank',
      `${where}; Expected: at least ${leastRank} dimensions; Actual: ${printShape(shape)}`,
    );
  }
  const [first] = shape;
  if (demultiply !== 'dynamic' && first && isStatic(first) && first.min !== demultiply) {
    problems.add('demultipliedCount', `${where}; Expected: ${demultiply}; Actual: ${printShape(shape)}`);
  }
}

function compare(given: Described, wanted: Described, where: string, problems: PipelineProblems): void {
  if (given.precision !== wanted.precision) {
    problems.add('precision', `${where}; Expected: ${wanted.precision}; Actual: ${given.precision}`);
  } else if (given.precision === 'STRING') {
    problems.add('strings', `${where}; nodes cannot be connected by tensors of strings`);
  }
  const { shape: from } = given;
  const { shape: to } = wanted;
  if (!from || !to) return;
  if (from.length === to.length && from.every((size, i) => overlaps(size, to[i]!))) return;
  problems.add('shape', `${where}; Expected: ${printShape(to)}; Actual: ${printShape(from)}`);
}

/** What all readers of an input of the pipeline take; undefined if there are none. */
function share(wanted: readonly Described[], name: string, problems: PipelineProblems): Described | undefined {
  return wanted.reduce<Described | undefined>((all, one) => {
    const both = all ? intersect(all, one) : one;
    if (both) return both;
    const print = ({ precision, shape, layout }: Described) =>
      `${precision} ${shape ? printShape(shape) : 'of any shape'} ${layout}`;
    problems.add('sharedInput', `Input: ${name}; ${print(all!)}; ${print(one)}`);
    return all;
  }, undefined);
}

function intersect(a: Described, b: Described): Described | undefined {
  if (a.precision !== b.precision) return undefined;
  if (!a.shape || !b.shape) return a.shape ? a : b;
  const { length } = a.shape;
  const layout = sharedLayout(a.layout, b.layout, length);
  if (length !== b.shape.length || layout === undefined) return undefined;
  const shape = a.shape.map((size, i) => ({
    min: Math.max(size.min, b.shape![i]!.min),
    max: Math.min(size.max, b.shape![i]!.max),
  }));
  return shape.every(({ min, max }) => min <= max) ? { precision: a.precision, shape, layout } : undefined;
}

function overlaps(a: Dimension, b: Dimension): boolean {
  return Math.max(a.min, b.min) <= Math.min(a.max, b.max);
}
