import type { Schema } from '../../scripts/crd-schema.ts';

/** The value with the schema's defaults, as structural schemas are defined to give them. Null counts as left out. */
export function applyDefaults(schema: Schema, value: unknown): unknown {
  if (Array.isArray(value)) return schema.items ? value.map((item) => applyDefaults(schema.items!, item)) : value;
  if (typeof value !== 'object' || value === null) return value;
  const filled: Record<string, unknown> = {};
  for (const [key, content] of Object.entries(value)) {
    const inside = schema.properties?.[key] ?? schema.additionalProperties;
    if (inside === undefined) filled[key] = content;
    else if (content !== null && content !== undefined) filled[key] = applyDefaults(inside, content);
  }
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    if (!(key in filled) && property.default !== undefined) {
      filled[key] = applyDefaults(property, structuredClone(property.default));
    }
  }
  return filled;
}
