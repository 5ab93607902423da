import type { Condition, Demultiply, PipelineDefinition } from '../model/pipeline.ts';
import { compareNames, type Dimension, type Signature, type TensorInfo } from '../model/signature.ts';
import { buildGraph, type Graph, type Runnable } from './graph.ts';
import { type Level, levelsOf } from './levels.ts';
import { PipelineProblems } from './problems.ts';
import { countOf, type Described, describe, wrap } from './shapes.ts';
import type { Surroundings } from './surroundings.ts';

/** Where an output of a node goes. */
export interface Reader {
  /** Place among the outputs of what gives it. */
  readonly output: number;
  /** Place of the node that takes it, and of the input there. */
  readonly node: number;
  readonly input: number;
  /** The reader runs once for all shards, and takes them together. */
  readonly gathers: boolean;
}

/** An input that is made of all shards of a demultiplexer. */
export interface GatheredInput {
  readonly node: number;
  readonly input: number;
  /** What the shards are, which may be none. */
  readonly shard: Described;
}

export interface PlannedNode {
  readonly name: string;
  readonly runs: Runnable | { readonly kind: 'request' };
  readonly inputs: readonly TensorInfo[];
  /** Of the number that is read as one more input, behind the others; if it does not hold, the node does not run. */
  readonly when: Omit<Condition, 'from'> | undefined;
  /** What its outputs have to be, where something has to be told of them; of the request undefined. */
  readonly outputs: readonly TensorInfo[] | undefined;
  readonly readers: readonly Reader[];
  /** Places of its outputs, and of the pipeline's that they become. */
  readonly results: readonly { readonly output: number; readonly result: number }[];
  readonly level: Level;
  readonly demultiply: Demultiply | undefined;
  /** Places of outputs that someone reads. */
  readonly used: readonly number[];
  /** Inputs that its shards are gathered into. */
  readonly gathered: readonly GatheredInput[];
}

/** An output of the pipeline, made of all shards of its level. */
export interface PlannedResult {
  readonly name: string;
  readonly level: Level;
  readonly shard: Described;
}

/** How a pipeline is run: all that can be known before a request. */
export interface Plan {
  readonly signature: Signature;
  /** The request first, whose outputs are in the order of the signature's inputs; each node behind those it takes from. */
  readonly nodes: readonly PlannedNode[];
  /** In the order of the signature's outputs. */
  readonly results: readonly PlannedResult[];
}

/** @returns the plan, or all that is wrong with the definition */
export function makePlan(definition: PipelineDefinition, surroundings: Surroundings): Plan | PipelineProblems {
  const problems = new PipelineProblems();
  const graph = buildGraph(definition, surroundings, problems);
  const levels = graph && levelsOf(graph, problems);
  if (!graph || !levels) return problems;
  const given = describe(graph, problems);
  graph.inputs.forEach((name, i) => {
    if (!given[0]![i]) problems.add('unconnectedNodes', `Input: ${name}; no node takes it`);
  });
  checkConditional(graph, given, levels.outputs, problems);
  if (!problems.isEmpty) return problems;
  return planOf(graph, levels, given as Described[][]);
}

function planOf(
  { nodes, inputs, outputs }: Graph,
  levels: { readonly nodes: readonly Level[]; readonly outputs: readonly Level[] },
  given: readonly (readonly Described[])[],
): Plan {
  const countsOf = (level: Level) => level.map((place) => countOf(nodes[place]!.demultiply!));
  const [request] = nodes;
  const conditional = conditionalNodes(nodes);
  const inputOrder = sortedPlaces(inputs);
  const resultOrder = sortedPlaces(outputs.map(({ name }) => name));
  const requestCounts = request!.demultiply === undefined ? [] : [countOf(request!.demultiply)];
  const signature = {
    inputs: inputOrder.map((i) => ({ name: inputs[i]!, ...wrap(given[0]![i]!, requestCounts) })),
    outputs: resultOrder.map((i) => {
      const { name, origin } = outputs[i]!;
      const info = { name, ...wrap(given[origin.node]![origin.output]!, countsOf(levels.outputs[i]!)) };
      return conditional.has(origin.node) ? { ...info, shape: info.shape && orEmpty(info.shape) } : info;
    }),
  };
  /** Places of outputs as the plan has them: those of the request are sorted. */
  const placeOf = (node: number, output: number) => (node === 0 ? inputOrder.indexOf(output) : output);
  const planned = nodes.map((node, place): PlannedNode => {
    const readers = nodes.flatMap(({ origins, when, gatherFrom }, reader) =>
      [...origins, ...(when ? [when.origin] : [])].flatMap((origin, input): Reader | [] =>
        origin.node === place
          ? {
              output: placeOf(place, origin.output),
              node: reader,
              input,
              gathers: gatherFrom !== undefined && input < origins.length,
            }
          : [],
      ),
    );
    const results = resultOrder.flatMap((i, result) => {
      const { origin } = outputs[i]!;
      return origin.node === place ? [{ output: placeOf(place, origin.output), result }] : [];
    });
    const gathered = nodes.flatMap(({ origins, gatherFrom }, reader) =>
      gatherFrom === place
        ? origins.map((origin, input) => ({ node: reader, input, shard: given[origin.node]![origin.output]! }))
        : [],
    );
    const used = [...new Set([...readers, ...results].map(({ output }) => output))].sort((a, b) => a - b);
    const { name, runs, demultiply, when } = node;
    return {
      name,
      runs,
      inputs: node.inputs,
      when: when && { comparison: when.comparison, value: when.value },
      outputs: node.outputs,
      readers,
      results,
      level: levels.nodes[place]!,
      demultiply,
      used,
      gathered,
    };
  });
  const results = resultOrder.map((i) => {
    const { name, origin } = outputs[i]!;
    return { name, level: levels.outputs[i]!, shard: given[origin.node]![origin.output]! };
  });
  return { signature, nodes: planned, results };
}

/** Nodes that may not run, since they have a condition or take from what has. */
function conditionalNodes(nodes: Graph['nodes']): ReadonlySet<number> {
  const conditional = new Set<number>();
  for (const [place, { when, origins }] of nodes.entries()) {
    if (when || origins.some(({ node }) => conditional.has(node))) conditional.add(place);
  }
  return conditional;
}

/** What does not run gives outputs without elements, which a scalar cannot be. */
function checkConditional(
  { nodes, outputs }: Graph,
  given: readonly (readonly (Described | undefined)[])[],
  levels: readonly Level[],
  problems: PipelineProblems,
): void {
  const conditional = conditionalNodes(nodes);
  outputs.forEach(({ name, origin }, i) => {
    const isScalar = levels[i]!.length === 0 && given[origin.node]![origin.output]?.shape?.length === 0;
    if (conditional.has(origin.node) && isScalar) {
      problems.add('condition', `Output: ${name}; it is a scalar, which cannot be without elements`);
    }
  });
}

function orEmpty([first, ...rest]: readonly Dimension[]): readonly Dimension[] {
  return [{ min: 0, max: first!.max }, ...rest];
}

function sortedPlaces(names: readonly string[]): number[] {
  return [...names.keys()].sort((a, b) => compareNames(names[a]!, names[b]!));
}
