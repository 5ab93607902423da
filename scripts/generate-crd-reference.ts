// Writes docs/operator/reference.md, a table for each object of the resource, from its CRD; with --check, only compares.
import { type CustomResource, type Place, readCustomResource, type Schema, walk } from './crd-schema.ts';
import { finish } from './generated-file.ts';

export const referenceFile = 'docs/operator/reference.md';

/** The text of the reference. */
export function crdReference(resource: CustomResource = readCustomResource()): string {
  const { spec, status } = resource.schema.properties ?? {};
  const sections = [
    '<!-- Generated from crds/modelserver.dev_modelservers.yaml by scripts/generate-crd-reference.ts. Do not edit. -->\n',
    `# ${resource.kind}\n`,
    `\`apiVersion: ${resource.group}/${resource.version}\`, \`kind: ${resource.kind}\`. ${words(resource.schema.description)}\n`,
    'What `kubectl explain modelserver` says, in one place. A duration is a text such as `1h30m`, `10s` or `500ms`: hours, minutes,',
    'seconds, milliseconds, in this order. What is bold must be there.\n',
  ];
  for (const place of [...walk({ path: 'spec', schema: spec! }), ...walk({ path: 'status', schema: status! })]) {
    if (place.schema.properties) sections.push(section(place));
  }
  return sections.join('\n');
}

function section({ path, schema }: Place): string {
  const rows = Object.entries(schema.properties ?? {}).map(([key, property]) => {
    const name = schema.required?.includes(key) ? `**\`${key}\`**` : `\`${key}\``;
    return [name, typeOf(property, `${path}.${key}`), defaultOf(property), words(property.description)];
  });
  const table = [['Field', 'Type', 'Default', 'What it is'], ['---', '---', '---', '---'], ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
  const rules = (schema['x-kubernetes-validations'] ?? [])
    .filter(({ message }) => message !== undefined)
    .map(({ message, fieldPath }) => `- ${fieldPath ? `\`${fieldPath.slice(1)}\`: ` : ''}${words(message)}`);
  const level = path.includes('.') ? '###' : '##';
  const more = schema['x-kubernetes-preserve-unknown-fields']
    ? '\nIts other fields go to Kubernetes as they are.\n'
    : '';
  return [
    `${level} ${path}\n`,
    `${words(schema.description)}\n`,
    table,
    more,
    ...(rules.length > 0 ? [`${rules.join('\n')}\n`] : []),
  ].join('\n');
}

function typeOf(schema: Schema, path: string): string {
  if (schema['x-kubernetes-int-or-string']) return 'integer or string';
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(', ');
  switch (schema.type) {
    case 'integer':
      return `integer${range(schema.minimum, schema.maximum)}`;
    case 'string':
      return schema.format === 'date-time'
        ? 'time'
        : `string${range(schema.minLength, schema.maxLength, ' characters')}`;
    case 'array':
      return `list of ${typeOf(schema.items!, `${path}[]`)}${range(schema.minItems, schema.maxItems, ' items')}`;
    case 'object':
      if (schema.properties) return `[object](#${anchor(path)})`;
      if (!schema.additionalProperties) return 'object';
      return `map of ${typeOf(schema.additionalProperties, `${path}{}`)}${range(schema.minProperties, schema.maxProperties, ' entries')}`;
    default:
      return schema.type ?? '';
  }
}

function range(least: number | undefined, most: number | undefined, unit = ''): string {
  if (most !== undefined && most !== Number.MAX_SAFE_INTEGER) {
    return least === undefined ? `, at most ${most}${unit}` : `, ${least} to ${most}${unit}`;
  }
  return least === undefined ? '' : `, at least ${least}${unit}`;
}

function defaultOf(schema: Schema): string {
  if (schema.default === undefined) return '';
  return `\`${typeof schema.default === 'string' ? schema.default : JSON.stringify(schema.default)}\``;
}

/** As GitHub makes it of a heading. */
function anchor(path: string): string {
  return path.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

function words(text = ''): string {
  return text.trim().replaceAll(/\s+/g, ' ');
}

if (import.meta.main) finish(referenceFile, crdReference(), process.argv);
