import type { Value } from './values-table.ts';

/** What is read here of a JSON schema. */
export interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
}

/**
 * Puts the values' descriptions into their schema, for editors.
 * @throws if schema and values do not name the same
 */
export function describeSchema(schema: Schema, values: readonly Value[]): Schema {
  return describe(schema, values, []);
}

function describe(schema: Schema, values: readonly Value[], path: readonly string[]): Schema {
  const place = path.join('.') || 'values';
  const own = values.find((value) => value.path.length === path.length);
  if (own) {
    const { description: _, ...rest } = schema;
    return { description: own.description, ...rest };
  }
  const names = new Set(values.map((value) => value.path[path.length]!));
  const described = Object.entries(schema.properties ?? {}).map(([name, property]): [string, Schema] => {
    // Helm's own: given to every chart that is part of another.
    if (path.length === 0 && name === 'global') return [name, property];
    const inner = values.filter((value) => value.path[path.length] === name);
    if (!names.delete(name)) throw new Error(`values.schema.json: ${place} has ${name}, values.yaml has not`);
    return [name, describe(property, inner, [...path, name])];
  });
  if (names.size > 0) throw new Error(`values.schema.json: ${place} lacks ${[...names].join(', ')}`);
  return { ...schema, properties: Object.fromEntries(described) };
}
