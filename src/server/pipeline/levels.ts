import type { Graph, GraphNode } from './graph.ts';
import type { PipelineProblems } from './problems.ts';

/** The demultiplexers, by their places, for each of whose shards something is there once; outermost first. */
export type Level = readonly number[];

export interface Levels {
  /** Where each node runs. */
  readonly nodes: readonly Level[];
  /** Where each output of the pipeline comes from. */
  readonly outputs: readonly Level[];
}

/**
 * For which shards each node runs.
 * @returns undefined if that cannot be said, and adds why to the problems
 */
export function levelsOf({ nodes, outputs }: Graph, problems: PipelineProblems): Levels | undefined {
  const levels: Level[] = [];
  const behind = (place: number): Level => {
    const level = levels[place]!;
    return nodes[place]!.demultiply === undefined ? level : [...level, place];
  };
  for (const node of nodes) {
    levels.push(levelOf(node, behind, nodes, problems));
    if (!node.when || (levels.at(-1)!.length === 0 && behind(node.when.origin.node).length === 0)) continue;
    problems.add('condition', `Node: ${node.name}; conditions are not supported within demultiplexers`);
  }
  const outputLevels = outputs.map(({ origin }) => behind(origin.node));
  for (const [i, { name }] of outputs.entries()) {
    const within = outputLevels[i]!.slice(1).find((place) => nodes[place]!.demultiply === 'dynamic');
    if (within === undefined) continue;
    problems.add(
      'dynamicWithin',
      `Output: ${name}; node ${nodes[within]!.name} splits into any number of shards within those of another, and they are not gathered before the response`,
    );
  }
  return problems.isEmpty ? { nodes: levels, outputs: outputLevels } : undefined;
}

function levelOf(
  { name, origins, gatherFrom }: GraphNode,
  behind: (place: number) => Level,
  nodes: readonly GraphNode[],
  problems: PipelineProblems,
): Level {
  const print = (level: Level) => `(${level.map((place) => nodes[place]!.name).join(', ')})`;
  const [first, ...others] = origins.map(({ node }) => behind(node));
  const level = first ?? [];
  const other = others.find((found) => found.join() !== level.join());
  if (other) {
    problems.add(
      'order',
      `Node: ${name}; its inputs come from within different demultiplexers: ${print(level)} and ${print(other)}`,
    );
  }
  if (gatherFrom === undefined) return level;
  if (level.at(-1) !== gatherFrom) {
    problems.add(
      'order',
      `Node: ${name}; gather_from_node: ${nodes[gatherFrom]!.name}; its inputs come from within: ${print(level)}`,
    );
  }
  return level.slice(0, -1);
}
