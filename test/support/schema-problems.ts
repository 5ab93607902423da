import type { Schema } from '../../scripts/crd-schema.ts';

/**
 * What a structural schema finds wrong with a value, fields that it does not know among it, as an API server with strict
 * validation of fields would. CEL rules are for a real one.
 * @returns a line for each problem, with the path of the field
 */
export function schemaProblems(value: unknown, schema: Schema, path = ''): string[] {
  const wrong = (what: string) => [`${path}: ${what}, not ${JSON.stringify(value)}`];
  if (schema['x-kubernetes-int-or-string']) {
    if (typeof value === 'string') return bounds(value.length, schema.minLength, schema.maxLength, wrong);
    return Number.isInteger(value) ? [] : wrong('must be an integer or a string');
  }
  switch (schema.type) {
    case 'string':
      if (typeof value !== 'string') return wrong('must be a string');
      if (schema.enum && !schema.enum.includes(value)) return wrong(`must be one of ${schema.enum}`);
      if (schema.pattern && !new RegExp(schema.pattern, 'u').test(value)) return wrong(`must match ${schema.pattern}`);
      return bounds(value.length, schema.minLength, schema.maxLength, wrong);
    case 'integer':
      if (!Number.isInteger(value)) return wrong('must be an integer');
      return bounds(value as number, schema.minimum, schema.maximum, wrong);
    case 'boolean':
      return typeof value === 'boolean' ? [] : wrong('must be a boolean');
    case 'array': {
      if (!Array.isArray(value)) return wrong('must be a list');
      const { items } = schema;
      const keys = schema['x-kubernetes-list-map-keys'];
      const identities = value.map((item) => JSON.stringify(keys ? keys.map((key) => item?.[key]) : item));
      const isUnique = schema['x-kubernetes-list-type'] === 'atomic' || new Set(identities).size === value.length;
      return [
        ...bounds(value.length, schema.minItems, schema.maxItems, wrong),
        ...(isUnique ? [] : wrong('must not have items twice')),
        ...value.flatMap((item, i) => (items ? schemaProblems(item, items, `${path}[${i}]`) : [])),
      ];
    }
    default:
      return objectProblems(value, schema, path, wrong);
  }
}

function objectProblems(value: unknown, schema: Schema, path: string, wrong: (what: string) => string[]): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong('must be an object');
  const fields = value as Readonly<Record<string, unknown>>;
  const { properties = {}, additionalProperties, required = [] } = schema;
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] ?? path === '.metadata';
  return [
    ...bounds(Object.keys(fields).length, schema.minProperties, schema.maxProperties, wrong),
    ...required.filter((name) => fields[name] === undefined).map((name) => `${path}.${name}: must be there`),
    ...Object.entries(fields).flatMap(([name, field]) => {
      const inner = properties[name] ?? additionalProperties;
      if (inner) return schemaProblems(field, inner, `${path}.${name}`);
      return isOpen ? [] : [`${path}.${name}: nobody knows this field`];
    }),
  ];
}

function bounds(
  size: number,
  least: number | undefined,
  most: number | undefined,
  wrong: (what: string) => string[],
): string[] {
  if (least !== undefined && size < least) return wrong(`must be at least ${least}`);
  return most !== undefined && size > most ? wrong(`must be at most ${most}`) : [];
}
