// Writes docs/config.schema.json, for editors, and docs/config.md, for people, from the schema in the code; with --check, only compares.
import { configSchema, modelSchema } from '../src/server/config/config-schema.ts';
import type { JsonSchema } from '../src/server/config/json-schema.ts';
import { finish, format } from './generated-file.ts';

const schemaFile = 'docs/config.schema.json';
const referenceFile = 'docs/config.md';

function reference(): string {
  return `<!-- Generated from src/server/config/config-schema.ts by scripts/generate-config-reference.ts. Do not edit. -->

# config.json

The file of \`--config_path\` says which models are served. It is read anew when it changes, or when [asked to](../README.md#changes-while-it-runs); if anything in
it is wrong, all of that is logged and told in \`GetModelStatus\`, and what it said before stays in force. Editors complete and check it with
[a JSON Schema](config.schema.json):

\`\`\`json
{
  "$schema": "docs/config.schema.json",
  "model_config_list": [{ "config": { "name": "faces", "base_path": "/models/faces" } }]
}
\`\`\`

## The file

What is bold must be there.

${table(configSchema)}

## A model

Each entry of \`model_config_list\` is an object with the one key \`config\`, which has these. A model is loaded anew, beside its old load, when
any of them changes that concerns how it is loaded; policy and labels change what is served without that.

${table(modelSchema)}

The flags that serve one model have the same names and take the same values, objects as JSON, with \`--model_name\` and \`--model_path\` for the first two;
labels and \`required\` are for files with several.

## Metrics

\`monitoring\` has the one key \`metrics\`, which has these ([what there is](metrics.md)).

${table(configSchema.properties!.monitoring!.properties!.metrics!)}
`;
}

function table({ properties = {}, required = [] }: JsonSchema): string {
  const must = new Set(required as readonly string[]);
  const rows = Object.entries(properties).map(([name, schema]) => [
    must.has(name) ? `**\`${name}\`**` : `\`${name}\``,
    kinds(schema).join(', '),
    'default' in schema ? code(schema.default) : '',
    [schema.description ?? '', examples(schema)].join(' ').trim(),
  ]);
  return [['Field', 'Type', 'Default', 'What it is'], ['---', '---', '---', '---'], ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}

const words: Readonly<Record<string, string>> = { array: 'list' };

/** What a value may be, each once. */
function kinds(schema: JsonSchema): string[] {
  if ('const' in schema) return [code(schema.const)];
  const choices = (schema.anyOf ?? schema.oneOf) as readonly JsonSchema[] | undefined;
  if (choices) return [...new Set(choices.flatMap(kinds))];
  return [schema.type].flat().map((type) => words[String(type)] ?? String(type));
}

function examples({ examples = [] }: JsonSchema): string {
  const list = (examples as readonly unknown[]).map(code);
  return list.length > 0 ? `For example ${list.join(', ')}.` : '';
}

function code(value: unknown): string {
  return `\`${print(value)}\``;
}

/** JSON as people write it in a line. */
function print(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(print).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}: ${print(member)}`);
  return `{${members.join(', ')}}`;
}

finish(schemaFile, format(JSON.stringify(configSchema), schemaFile), process.argv);
finish(referenceFile, reference(), process.argv);
