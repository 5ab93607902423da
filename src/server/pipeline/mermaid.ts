import {
  type Comparison,
  type Connection,
  type Demultiply,
  type NodeDefinition,
  type PipelineDefinition,
  requestNode,
  responseNode,
} from '../model/pipeline.ts';

/**
 * A pipeline as a Mermaid flowchart. Thick arrows carry shards: what follows runs for each. It is drawn as it is written, also where that
 * is wrong.
 */
export function drawPipeline(pipeline: PipelineDefinition): string {
  const { name, nodes, inputs, outputs } = pipeline;
  const ids = new Map([requestNode, ...nodes.map((node) => node.name), responseNode].map((node, i) => [node, `n${i}`]));
  const demultiply = (node: string): Demultiply | undefined =>
    node === requestNode ? pipeline.demultiply : nodes.find((known) => known.name === node)?.demultiply;
  const end = (node: string, label: string) => `  ${ids.get(node)}(["${label}"])`;
  const arrow = (to: string, { to: input, from: { node, item } }: Connection): string => {
    const count = demultiply(node);
    const text = [item === input ? item : `${item} → ${input}`, ...(count === undefined ? [] : [shards(count)])];
    const label = quoted(text.join(', '));
    const line = count === undefined ? `-- "${label}" -->` : `== "${label}" ==>`;
    return `  ${ids.get(node) ?? `missing["${quoted(node)}?"]`} ${line} ${ids.get(to)}`;
  };
  return [
    '---',
    `title: ${JSON.stringify(name)}`,
    '---',
    'flowchart LR',
    end(requestNode, quoted(`request: ${inputs.join(', ')}`)),
    ...nodes.map((node) => `  ${ids.get(node.name)}["${quoted(describe(node))}"]`),
    end(responseNode, 'response'),
    ...nodes.flatMap((node) => node.inputs.map((connection) => arrow(node.name, connection))),
    ...nodes.flatMap(({ name: node, when }) => {
      if (!when) return [];
      const text = `${when.from.item} ${signs[when.comparison]} ${when.value}?`;
      return [`  ${ids.get(when.from.node) ?? quoted(when.from.node)} -. "${quoted(text)}" .-> ${ids.get(node)}`];
    }),
    ...outputs.map((connection) => arrow(responseNode, connection)),
    '',
  ].join('\n');
}

const signs: Readonly<Record<Comparison, string>> = { equals: '=', at_least: '≥', at_most: '≤' };

function shards(count: Demultiply): string {
  return count === 'dynamic' ? 'any number' : `${count} shards`;
}

function describe({ name, runs, gatherFrom }: NodeDefinition): string {
  const gathers = gatherFrom === undefined ? '' : `, gathers from ${gatherFrom}`;
  switch (runs.kind) {
    case 'model':
      return `${name}: model ${runs.model}${runs.version === undefined ? '' : `, version ${runs.version}`}${gathers}`;
    case 'custom':
      return `${name}: library ${runs.library}${gathers}`;
    case 'unsupported':
      return `${name}: ${runs.type}?${gathers}`;
  }
}

/** Mermaid's own way to have any character in a text. */
function quoted(text: string): string {
  return text.replaceAll(/["#;<>&\n]/g, (character) => `#${character.codePointAt(0)};`);
}
