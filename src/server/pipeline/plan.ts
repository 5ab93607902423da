import type { Demultiply, PipelineDefinition } from '../model/pipeline.ts';
import { compareNames, type Signature, type TensorInfo } from '../model/signature.ts';
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
  const inputOrder = sortedPlaces(inputs);
  const resultOrder = sortedPlaces(outputs.map(({ name }) => name));
  const requestCounts = request!.demultiply === undefined ? [] : [countOf(request!.demultiply)];
  const signature = {
    inputs: inputOrder.map((i) => ({ name: inputs[i]!, ...wrap(given[0]![i]!, requestCounts) })),
    outputs: resultOrder.map((i) => {
      const { name, origin } = outputs[i]!;
      return { name, ...wrap(given[origin.node]![origin.output]!, countsOf(levels.outputs[i]!)) };
    }),
  };
  /** Places of outputs as the plan has them: those of the request are sorted. */
  const placeOf = (node: number, output: number) => (node === 0 ? inputOrder.indexOf(output) : output);
  const planned = nodes.map((node, place): PlannedNode => {
    const readers = nodes.flatMap(({ origins, gatherFrom }, reader) =>
      origins.flatMap((origin, input): Reader | [] =>
        origin.node === place
          ? { output: placeOf(place, origin.output), node: reader, input, gathers: gatherFrom !== undefined }
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
    const { name, runs, demultiply } = node;
    return {
      name,
      runs,
      inputs: node.inputs,
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

function sortedPlaces(names: readonly string[]): number[] {
  return [...names.keys()].sort((a, b) => compareNames(names[a]!, names[b]!));
}
