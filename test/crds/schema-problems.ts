import type { Schema } from '../../scripts/crd-schema.ts';

/** What is wrong with the value by the schema alone, CEL rules aside; as paths with a few words each. */
export function schemaProblems(schema: Schema, value: unknown, path: string): string[] {
  if (schema['x-kubernetes-int-or-string']) {
    const fits = Number.isInteger(value) || (typeof value === 'string' && isWithin(value.length, 0, schema.maxLength));
    return fits ? [] : [`${path}: neither an integer nor a text`];
  }
  switch (schema.type) {
    case 'object':
      return isObject(value) ? objectProblems(schema, value, path) : [`${path}: no object`];
    case 'array':
      return Array.isArray(value) ? listProblems(schema, value, path) : [`${path}: no list`];
    case 'integer':
      return Number.isInteger(value) && isWithin(value as number, schema.minimum, schema.maximum)
        ? []
        : [`${path}: no integer within its bounds`];
    case 'string':
      if (typeof value !== 'string' || !isWithin(value.length, schema.minLength, schema.maxLength)) {
        return [`${path}: no text of an allowed length`];
      }
      return schema.enum && !schema.enum.includes(value) ? [`${path}: none of the values that there are`] : [];
    default:
      return typeof value === schema.type ? [] : [`${path}: no ${schema.type}`];
  }
}

function objectProblems(schema: Schema, value: Readonly<Record<string, unknown>>, path: string): string[] {
  const problems = (schema.required ?? []).filter((key) => !(key in value)).map((key) => `${path}.${key}: required`);
  if (!isWithin(Object.keys(value).length, schema.minProperties, schema.maxProperties)) {
    problems.push(`${path}: not as many properties as allowed`);
  }
  for (const [key, content] of Object.entries(value)) {
    const inside = schema.properties?.[key] ?? schema.additionalProperties;
    if (inside) problems.push(...schemaProblems(inside, content, `${path}.${key}`));
    else if (!schema['x-kubernetes-preserve-unknown-fields']) problems.push(`${path}.${key}: unknown`);
  }
  return problems;
}

function listProblems(schema: Schema, value: readonly unknown[], path: string): string[] {
  const problems = value.flatMap((item, i) => schemaProblems(schema.items!, item, `${path}[${i}]`));
  if (!isWithin(value.length, schema.minItems, schema.maxItems)) problems.push(`${path}: not as many items as allowed`);
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const names = value.map((item) => JSON.stringify(keys.length > 0 ? keys.map((key) => Object(item)[key]) : item));
  const distinct = ['map', 'set'].includes(schema['x-kubernetes-list-type'] ?? 'atomic');
  if (distinct && new Set(names).size < names.length) problems.push(`${path}: an item twice`);
  return problems;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isWithin(value: number, least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY): boolean {
  return value >= least && value <= most;
}
