import {
  type Condition,
  type Connection,
  type Demultiply,
  type NodeDefinition,
  type PipelineDefinition,
  type Runs,
  requestNode,
  responseNode,
  type Source,
} from '../model/pipeline.ts';
import type { Signature, TensorInfo } from '../model/signature.ts';
import { depthFirst } from './depth-first.ts';
import type { PipelineProblems } from './problems.ts';
import type { Surroundings } from './surroundings.ts';

/** An output of a node: its place in the node's signature, or among the pipeline's inputs for the request. */
export interface Origin {
  /** Place in the graph's nodes. */
  readonly node: number;
  readonly output: number;
}

/** What a node of the graph runs. */
export type Runnable = Exclude<Runs, { kind: 'unsupported' }>;

export interface GraphNode {
  readonly name: string;
  readonly runs: Runnable | { readonly kind: 'request' };
  /** Empty for the request. */
  readonly inputs: readonly TensorInfo[];
  /** Where each input comes from. */
  readonly origins: readonly Origin[];
  /** Its outputs by their places; of the request, whose are as its readers want them, undefined. */
  readonly outputs: readonly TensorInfo[] | undefined;
  /** Places of those outputs that have names for others. */
  readonly named: readonly number[];
  readonly demultiply: Demultiply | undefined;
  /** Place of the node whose shards it takes together. */
  readonly gatherFrom: number | undefined;
  readonly when: GraphCondition | undefined;
}

/** What has to hold for a node to run, and where the number comes from. */
export interface GraphCondition extends Omit<Condition, 'from'> {
  readonly origin: Origin;
}

export interface Graph {
  /** The request first; each node behind those that it takes from. */
  readonly nodes: readonly GraphNode[];
  /** Names of the request's outputs. */
  readonly inputs: readonly string[];
  readonly outputs: readonly { readonly name: string; readonly origin: Origin }[];
}

/** A node by name; without a signature where what it is to run is not there. */
interface Known {
  readonly definition: NodeDefinition | undefined;
  readonly signature: Signature | undefined;
}

/**
 * The nodes of a pipeline with all that they are connected to.
 * @returns undefined if anything is wrong, all of which is added to the problems
 */
export function buildGraph(
  definition: PipelineDefinition,
  surroundings: Surroundings,
  problems: PipelineProblems,
): Graph | undefined {
  checkEnds(definition, problems);
  const known = nodesByName(definition, surroundings, problems);
  for (const node of definition.nodes) checkNode(node, known, definition, problems);
  for (const { to, from } of definition.outputs) checkSource(from, `Output: ${to}`, known, definition, problems);
  const sorted = sort(known, definition, problems);
  if (!problems.isEmpty || !sorted) return undefined;

  const places = new Map(sorted.map((name, i) => [name, i]));
  const originOf = ({ node, item }: Source): Origin => ({
    node: places.get(node)!,
    output: outputAt(known.get(node)!, item, definition)!,
  });
  const nodes = sorted.map((name): GraphNode => {
    const { definition: node, signature } = known.get(name)!;
    if (!node || !signature) return requestOf(definition);
    const origins = signature.inputs.map((input) => originOf(node.inputs.find(({ to }) => to === input.name)!.from));
    return {
      name,
      runs: node.runs as Runnable,
      inputs: signature.inputs,
      origins,
      outputs: signature.outputs,
      named: [...new Set(node.outputs.map(({ alias }) => outputAt(known.get(name)!, alias, definition)!))],
      demultiply: node.demultiply,
      gatherFrom: node.gatherFrom === undefined ? undefined : places.get(node.gatherFrom)!,
      when: node.when && { ...node.when, origin: originOf(node.when.from) },
    };
  });
  const outputs = definition.outputs.map(({ to, from }) => ({ name: to, origin: originOf(from) }));
  return { nodes, inputs: definition.inputs, outputs };
}

function requestOf({ inputs, demultiply }: PipelineDefinition): GraphNode {
  return {
    name: requestNode,
    runs: { kind: 'request' },
    inputs: [],
    origins: [],
    outputs: undefined,
    named: [...inputs.keys()],
    demultiply,
    gatherFrom: undefined,
    when: undefined,
  };
}

function checkEnds({ inputs, outputs, nodes }: PipelineDefinition, problems: PipelineProblems): void {
  if (inputs.length === 0) problems.add('ends', 'there are no inputs');
  if (outputs.length === 0) problems.add('ends', 'there are no outputs');
  for (const { name } of nodes) {
    if (name === requestNode) problems.add('requests', `Node: ${name}, which is the name of where inputs come from`);
    if (name === responseNode) problems.add('responses', `Node: ${name}, which is the name of where outputs go to`);
  }
}

function nodesByName(
  { nodes }: PipelineDefinition,
  surroundings: Surroundings,
  problems: PipelineProblems,
): ReadonlyMap<string, Known> {
  const known = new Map<string, Known>([[requestNode, { definition: undefined, signature: undefined }]]);
  for (const definition of nodes) {
    const { name } = definition;
    if (name === requestNode || name === responseNode) continue;
    if (known.has(name)) problems.add('sameName', `Node: ${name}`);
    else known.set(name, { definition, signature: signatureOf(definition, surroundings, problems) });
  }
  return known;
}

function signatureOf(
  { name, runs }: NodeDefinition,
  surroundings: Surroundings,
  problems: PipelineProblems,
): Signature | undefined {
  switch (runs.kind) {
    case 'unsupported':
      problems.add('type', `Node: ${name}; type: ${runs.type}; there are "DL model" and "custom"`);
      return undefined;
    case 'model': {
      const found = surroundings.model(runs.model, runs.version);
      if ('signature' in found) return found.signature;
      const version = runs.version === undefined ? '' : `; version: ${runs.version}`;
      const where = `Node: ${name}; model: ${runs.model}${version}`;
      if ('missing' in found) problems.add('model', `${where}; ${found.missing}`);
      else problems.add('forbidden', `${where}; ${found.forbidden}`);
      return undefined;
    }
    case 'custom': {
      const found = surroundings.custom(name);
      if (!('signature' in found)) {
        problems.add(found.at, `Node: ${name}; library: ${runs.library}; ${found.cause}`);
        return undefined;
      }
      const { inputs, outputs } = found.signature;
      if (inputs.some((info) => info.name === '')) problems.add('customInputName', `Node: ${name}`);
      if (outputs.some((info) => info.name === '')) problems.add('customOutputName', `Node: ${name}`);
      return found.signature;
    }
  }
}

function checkNode(
  node: NodeDefinition,
  known: ReadonlyMap<string, Known>,
  pipeline: PipelineDefinition,
  problems: PipelineProblems,
): void {
  const { name, inputs, outputs, gatherFrom, when } = node;
  const { definition, signature } = known.get(name) ?? {};
  if (definition !== node) return;
  if (gatherFrom !== undefined) checkGather(name, gatherFrom, known, pipeline, problems);
  for (const { to, from } of inputs) checkSource(from, `Node: ${name}; input: ${to}`, known, pipeline, problems);
  if (when) checkSource(when.from, `Node: ${name}; when`, known, pipeline, problems);
  if (!signature) return;
  for (const { item, alias } of outputs) {
    if (signature.outputs.some((info) => info.name === item)) continue;
    problems.add(
      'modelOutput',
      `Node: ${name}; output: ${item}; alias: ${alias}; there are: ${namesOf(signature.outputs)}`,
    );
  }
  checkConnections(name, inputs, signature, problems);
}

function checkConnections(
  name: string,
  inputs: readonly Connection[],
  signature: Signature,
  problems: PipelineProblems,
): void {
  const connected = new Set<string>();
  for (const { to } of inputs) {
    if (!signature.inputs.some((info) => info.name === to)) {
      problems.add('modelInput', `Node: ${name}; input: ${to}; there are: ${namesOf(signature.inputs)}`);
    } else if (connected.has(to)) problems.add('connectedTwice', `Node: ${name}; input: ${to}`);
    connected.add(to);
  }
  const missing = signature.inputs.filter((info) => !connected.has(info.name));
  if (missing.length > 0) problems.add('unconnectedInputs', `Node: ${name}; inputs: ${namesOf(missing)}`);
}

function checkGather(
  name: string,
  from: string,
  known: ReadonlyMap<string, Known>,
  pipeline: PipelineDefinition,
  problems: PipelineProblems,
): void {
  const target = known.get(from);
  const demultiply = target?.definition ? target.definition.demultiply : pipeline.demultiply;
  if (!target) problems.add('gatherFromNothing', `Node: ${name}; gather_from_node: ${from}`);
  else if (demultiply === undefined) problems.add('gatherFromOther', `Node: ${name}; gather_from_node: ${from}`);
}

/** @param reader who wants it, for the text */
function checkSource(
  { node, item }: Source,
  reader: string,
  known: ReadonlyMap<string, Known>,
  pipeline: PipelineDefinition,
  problems: PipelineProblems,
): void {
  const source = known.get(node);
  if (node === responseNode) problems.add('fromResponse', `${reader}; data_item: ${item}`);
  else if (!source) problems.add('node', `${reader}; node_name: ${node}`);
  else {
    const names = source.definition ? source.definition.outputs.map(({ alias }) => alias) : pipeline.inputs;
    if (names.includes(item)) return;
    problems.add('dataSource', `${reader}; node_name: ${node}; data_item: ${item}; there are: ${names.join(', ')}`);
  }
}

/** Undefined for the names of outputs that the node does not have. */
function outputAt({ definition, signature }: Known, alias: string, { inputs }: PipelineDefinition): number | undefined {
  if (!definition) return inputs.indexOf(alias);
  const item = definition.outputs.find((output) => output.alias === alias)?.item;
  const place = signature?.outputs.findIndex(({ name }) => name === item) ?? -1;
  return place < 0 ? undefined : place;
}

/** Names so that each stands behind those that it takes from; the request first. */
function sort(
  known: ReadonlyMap<string, Known>,
  { outputs }: PipelineDefinition,
  problems: PipelineProblems,
): string[] | undefined {
  const sourcesOf = (name: string) => {
    const { inputs = [], when } = known.get(name)?.definition ?? {};
    const sources = [...inputs.map(({ from }) => from.node), ...(when ? [when.from.node] : [])];
    return [...new Set(sources)].filter((node) => known.has(node));
  };
  const { order, cycle } = depthFirst([...known.keys()], sourcesOf);
  if (cycle) {
    problems.add('cycle', `Nodes: ${cycle.join(' -> ')}`);
    return undefined;
  }
  const reached = new Set(
    depthFirst(
      outputs.map(({ from }) => from.node).filter((node) => known.has(node)),
      sourcesOf,
    ).order,
  );
  const left = order.filter((name) => !reached.has(name) && name !== requestNode);
  // Where a source is missing, what should have been behind it is not to blame.
  if (left.length > 0 && problems.isEmpty) problems.add('unconnectedNodes', `Nodes: ${left.join(', ')}`);
  return order;
}

function namesOf(infos: readonly TensorInfo[]): string {
  return infos.map(({ name }) => name).join(', ');
}
