import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Connection, Demultiply, NodeDefinition, PipelineDefinition } from '../../src/server/model/pipeline.ts';

/** A definition as config.json writes it. */
export function toConfig({ name, inputs, nodes, outputs, demultiply, whenEmpty }: PipelineDefinition): object {
  return {
    name,
    inputs,
    nodes: nodes.map(toNode),
    outputs: outputs.map(toConnection),
    ...count(demultiply),
    ...(whenEmpty === 'abort' && { empty_demultiply: 'abort' }),
  };
}

function toNode({ name, runs, inputs, outputs, demultiply, gatherFrom, when }: NodeDefinition): object {
  return {
    name,
    ...typeOf(runs),
    inputs: inputs.map(toConnection),
    outputs: outputs.map(({ alias, item }) => ({ data_item: item, alias })),
    ...count(demultiply),
    ...(gatherFrom !== undefined && { gather_from_node: gatherFrom }),
    ...(when && { when: { node_name: when.from.node, data_item: when.from.item, [when.comparison]: when.value } }),
  };
}

function typeOf(runs: NodeDefinition['runs']): object {
  switch (runs.kind) {
    case 'model':
      return { type: 'DL model', model_name: runs.model, ...(runs.version && { version: runs.version }) };
    case 'custom':
      return { type: 'custom', library_name: runs.library, params: runs.parameters };
    case 'unsupported':
      return { type: runs.type };
  }
}

function toConnection({ to, from }: Connection): object {
  return { [to]: { node_name: from.node, data_item: from.item } };
}

function count(demultiply: Demultiply | undefined): object {
  return demultiply === undefined ? {} : { demultiply_count: demultiply === 'dynamic' ? -1 : demultiply };
}

/** Changes a config file, at once for whoever reads it. */
export function changeConfig(path: string, change: (config: Record<string, unknown>) => object): void {
  const config = change(JSON.parse(readFileSync(path, 'utf8')));
  writeFileSync(`${path}.new`, JSON.stringify(config));
  renameSync(`${path}.new`, path);
}
