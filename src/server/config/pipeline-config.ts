import {
  type Condition,
  type Connection,
  comparisons,
  type Demultiply,
  mostShards,
  type NodeDefinition,
  type PipelineDefinition,
  type Runs,
} from '../model/pipeline.ts';
import { isInteger, isObject, type Problems } from './problems.ts';

type At = (field: string) => string;

/**
 * An entry of `pipeline_config_list`.
 * @param isRequired whether the server waits for a pipeline of these models, where the entry does not say
 * @returns undefined if it cannot be made sense of
 */
export function readPipelineConfig(
  value: unknown,
  path: string,
  isRequired: (models: readonly string[]) => boolean,
  problems: Problems,
): PipelineDefinition | undefined {
  if (!isObject(value)) {
    problems.add(path, 'an object that describes a pipeline', value);
    return undefined;
  }
  const { name, inputs, nodes, outputs, demultiply_count, empty_demultiply, required, ...rest } = value;
  const at: At = (field) => `${path}.${field}`;
  refuseOthers(rest, at, problems);
  const hasName = checkName(name, at('name'), problems);
  const demultiply = readDemultiply(demultiply_count, at('demultiply_count'), problems);
  if (empty_demultiply !== undefined && empty_demultiply !== 'outputs' && empty_demultiply !== 'abort') {
    problems.add(at('empty_demultiply'), '"outputs" or "abort"', empty_demultiply);
  }
  if (required !== undefined && typeof required !== 'boolean') problems.add(at('required'), 'true or false', required);
  const definedNodes = readList(nodes, at('nodes'), 'a list of nodes', problems, (node, where) =>
    readNode(node, where, problems),
  );
  const models = definedNodes.flatMap(({ runs }) => (runs.kind === 'model' ? runs.model : []));
  const definition: PipelineDefinition = {
    name: hasName ? name : '',
    required: typeof required === 'boolean' ? required : isRequired(models),
    inputs: readInputNames(inputs, at('inputs'), problems),
    nodes: definedNodes,
    outputs: readConnections(outputs, at('outputs'), problems, 'once'),
    ...(demultiply !== undefined && { demultiply }),
    whenEmpty: empty_demultiply === 'abort' ? 'abort' : 'outputs',
  };
  return hasName ? definition : undefined;
}

function readNode(value: unknown, path: string, problems: Problems): NodeDefinition | undefined {
  if (!isObject(value)) {
    problems.add(path, 'an object that describes a node', value);
    return undefined;
  }
  const { name, type, inputs, outputs, demultiply_count, gather_from_node, when, ...own } = value;
  const at: At = (field) => `${path}.${field}`;
  const hasName = checkName(name, at('name'), problems);
  const runs = readRuns(type, own, at, problems);
  const demultiply = readDemultiply(demultiply_count, at('demultiply_count'), problems);
  if (Array.isArray(gather_from_node)) {
    problems.say(at('gather_from_node'), `Manual gathering from multiple nodes is not supported - ${gather_from_node}`);
  } else if (gather_from_node !== undefined) checkName(gather_from_node, at('gather_from_node'), problems);
  const condition = when === undefined ? undefined : readCondition(when, at('when'), problems);
  const connections = readConnections(inputs, at('inputs'), problems, 'any number of times');
  const aliases = readAliases(outputs, at('outputs'), problems);
  if (!hasName || !runs) return undefined;
  return {
    name,
    runs,
    inputs: connections,
    outputs: aliases,
    ...(demultiply !== undefined && { demultiply }),
    ...(isFilled(gather_from_node) && { gatherFrom: gather_from_node }),
    ...(condition && { when: condition }),
  };
}

function readRuns(type: unknown, own: Record<string, unknown>, at: At, problems: Problems): Runs | undefined {
  const { model_name, version, library_name, params, ...rest } = own;
  refuseOthers(rest, at, problems);
  const refuse = (field: string, content: unknown) => {
    if (content !== undefined) problems.say(at(field), `nodes of the type ${JSON.stringify(type)} have no such field`);
  };
  switch (type) {
    case 'DL model': {
      refuse('library_name', library_name);
      refuse('params', params);
      if (version !== undefined && !isInteger(version, 1)) problems.add(at('version'), 'an integer ≥ 1', version);
      if (!checkName(model_name, at('model_name'), problems)) return undefined;
      return { kind: 'model', model: model_name, ...(isInteger(version, 1) && { version }) };
    }
    case 'custom': {
      refuse('model_name', model_name);
      refuse('version', version);
      const parameters = readParameters(params, at('params'), problems);
      if (!checkName(library_name, at('library_name'), problems)) return undefined;
      return { kind: 'custom', library: library_name, parameters };
    }
    default:
      if (!checkName(type, at('type'), problems)) return undefined;
      return { kind: 'unsupported', type };
  }
}

function readParameters(value: unknown, path: string, problems: Problems): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  if (!isObject(value)) {
    problems.add(path, 'an object of texts', value);
    return {};
  }
  const entries = Object.entries(value);
  for (const [name, text] of entries)
    if (typeof text !== 'string') problems.add(`${path}.${name}`, 'a text, in quotes', text);
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

function readCondition(value: unknown, path: string, problems: Problems): Condition | undefined {
  const { node_name, data_item, ...rest } = isObject(value) ? value : {};
  const [entry, ...others] = Object.entries(rest);
  const comparison = comparisons.find((known) => known === entry?.[0]);
  const number = entry?.[1];
  if (!comparison || others.length > 0 || typeof number !== 'number') {
    const example = '{"node_name": "n", "data_item": "score", "at_least": 0.5}';
    problems.add(path, `an object with one of ${comparisons.join(', ')}, as in ${example}`, value);
    return undefined;
  }
  const hasNode = checkName(node_name, `${path}.node_name`, problems);
  const hasItem = checkName(data_item, `${path}.data_item`, problems);
  return hasNode && hasItem ? { from: { node: node_name, item: data_item }, comparison, value: number } : undefined;
}

/** 0 is an old way to say dynamic. */
function readDemultiply(value: unknown, path: string, problems: Problems): Demultiply | undefined {
  if (value === undefined) return undefined;
  if (!isInteger(value, -1, mostShards)) {
    problems.add(path, `an integer from 1 to ${mostShards}, or -1 for any number`, value);
    return undefined;
  }
  return value < 1 ? 'dynamic' : value;
}

function readInputNames(value: unknown, path: string, problems: Problems): string[] {
  const names = readList(value, path, 'a list of names', problems, (name, at) =>
    checkName(name, at, problems) ? name : undefined,
  );
  sayTwice(names, path, 'inputs', problems);
  return [...new Set(names)];
}

/** @param each how often something may be connected: what the graph finds is its to tell */
function readConnections(
  value: unknown,
  path: string,
  problems: Problems,
  each: 'once' | 'any number of times',
): Connection[] {
  const connections = readList(value, path, 'a list of connections', problems, (entry, at) => {
    const entries = isObject(entry) ? Object.entries(entry) : [];
    const [to, from] = entries[0] ?? [];
    if (entries.length !== 1 || !to || !isObject(from)) {
      problems.add(
        at,
        'an object with one key, as in {"image": {"node_name": "request", "data_item": "image"}}',
        entry,
      );
      return undefined;
    }
    const { node_name, data_item, ...rest } = from;
    const field: At = (name) => `${at}.${to}.${name}`;
    refuseOthers(rest, field, problems);
    const hasNode = checkName(node_name, field('node_name'), problems);
    const hasItem = checkName(data_item, field('data_item'), problems);
    return hasNode && hasItem ? { to, from: { node: node_name, item: data_item } } : undefined;
  });
  if (each === 'once')
    sayTwice(
      connections.map(({ to }) => to),
      path,
      'outputs',
      problems,
    );
  return connections;
}

function readAliases(value: unknown, path: string, problems: Problems): NodeDefinition['outputs'] {
  const outputs = readList(value, path, 'a list of outputs', problems, (entry, at) => {
    if (!isObject(entry)) {
      problems.add(at, 'an object, as in {"data_item": "out", "alias": "digit"}', entry);
      return undefined;
    }
    const { data_item, alias, ...rest } = entry;
    refuseOthers(rest, (name) => `${at}.${name}`, problems);
    const hasItem = checkName(data_item, `${at}.data_item`, problems);
    const hasAlias = checkName(alias, `${at}.alias`, problems);
    return hasItem && hasAlias ? { item: data_item, alias } : undefined;
  });
  sayTwice(
    outputs.map(({ alias }) => alias),
    path,
    'aliases',
    problems,
  );
  return outputs;
}

function readList<T>(
  value: unknown,
  path: string,
  expected: string,
  problems: Problems,
  read: (entry: unknown, path: string) => T | undefined,
): T[] {
  if (!Array.isArray(value)) {
    problems.add(path, expected, value);
    return [];
  }
  return value.flatMap((entry, i) => read(entry, `${path}[${i}]`) ?? []);
}

function refuseOthers(fields: Record<string, unknown>, at: At, problems: Problems): void {
  for (const field of Object.keys(fields)) problems.say(at(field), 'there is no such field');
}

function sayTwice(names: readonly string[], path: string, what: string, problems: Problems): void {
  const twice = new Set(names.filter((name, i) => names.indexOf(name) !== i));
  for (const name of twice) problems.say(path, `two ${what} have the name ${name}`);
}

function checkName(value: unknown, path: string, problems: Problems): value is string {
  if (isFilled(value)) return true;
  problems.add(path, 'a name', value);
  return false;
}

function isFilled(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
