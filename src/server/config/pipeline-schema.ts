import { comparisons, mostShards } from '../model/pipeline.ts';
import { closed, type JsonSchema } from './json-schema.ts';

const name: JsonSchema = { type: 'string', minLength: 1 };
const source = closed({ node_name: name, data_item: name }, ['node_name', 'data_item']);

/** Objects with one key each, which says what is connected. */
const connections: JsonSchema = {
  type: 'array',
  items: {
    type: 'object',
    propertyNames: { minLength: 1 },
    additionalProperties: source,
    minProperties: 1,
    maxProperties: 1,
  },
};

const demultiply: JsonSchema = {
  description: `Takes each output apart along its first dimension, into so many parts; -1 for any number.`,
  type: 'integer',
  minimum: -1,
  maximum: mostShards,
};

const common = {
  name: { description: 'The name of the node, by which others take from it.', ...name },
  inputs: { description: 'What it takes, each from an output of another node or from `request`.', ...connections },
  outputs: {
    description: 'What it gives, by the names that others take it by.',
    type: 'array',
    items: closed({ data_item: name, alias: name }, ['data_item', 'alias']),
  },
  demultiply_count: demultiply,
  gather_from_node: { description: 'Puts together what that node took apart.', ...name },
  when: {
    description: 'Runs only if one number of another node compares so.',
    oneOf: comparisons.map((comparison) =>
      closed({ node_name: name, data_item: name, [comparison]: { type: 'number' } }, [
        'node_name',
        'data_item',
        comparison,
      ]),
    ),
  },
};
const needed = ['name', 'type', 'inputs', 'outputs'];

const modelNode = closed(
  { ...common, type: { const: 'DL model' }, model_name: name, version: { type: 'integer', minimum: 1 } },
  [...needed, 'model_name'],
);
const customNode = closed(
  {
    ...common,
    type: { const: 'custom' },
    library_name: name,
    params: { type: 'object', additionalProperties: { type: 'string' } },
  },
  [...needed, 'library_name'],
);

/** An entry of `pipeline_config_list`. What only the graph as a whole can tell is not of its schema. */
export const pipelineSchema: JsonSchema = closed(
  {
    name: { description: 'The name that clients ask for.', ...name },
    inputs: { description: 'Names of what clients send.', type: 'array', items: name },
    nodes: { description: 'Models and custom nodes.', type: 'array', items: { anyOf: [modelNode, customNode] } },
    outputs: { description: 'What clients get, each an output of a node.', ...connections },
    demultiply_count: demultiply,
    empty_demultiply: {
      description: 'What there is when nothing is left: outputs without elements, or an error.',
      enum: ['outputs', 'abort'],
      default: 'outputs',
    },
    required: { description: 'Whether the server as a whole is ready only with this pipeline.', type: 'boolean' },
  },
  ['name', 'inputs', 'nodes', 'outputs'],
);

/** An entry of `custom_node_library_config_list`. */
export const librarySchema: JsonSchema = closed(
  {
    name: { description: 'The name by which nodes name it.', ...name },
    base_path: {
      description: 'The path of the library. A relative one starts at the folder of the config file.',
      ...name,
      not: { pattern: '(^|/)\\.\\.(/|$)' },
    },
  },
  ['name', 'base_path'],
);
