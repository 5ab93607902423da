import { readCustomResource, type Schema } from '../../scripts/crd-schema.ts';
import type { ModelServer } from '../../src/operator/api/model-server.ts';

/**
 * A ModelServer as the API server keeps it: what the CRD's schema gives for what is left out. Of the rules nothing is looked at.
 * @param object with metadata, of which a name suffices
 */
export function defaultModelServer(object: object): ModelServer {
  const { metadata, ...rest } = applyDefaults(schema, object) as ModelServer;
  return { ...rest, metadata: { ...fresh, ...metadata } };
}

const fresh = { namespace: 'default', uid: '00000000-0000-4000-8000-000000000000', generation: 1 };

const { schema } = readCustomResource();

/** The value with the schema's defaults, as structural schemas are defined to give them. Null counts as left out. */
export function applyDefaults(schema: Schema, value: unknown): unknown {
  if (Array.isArray(value)) return schema.items ? value.map((item) => applyDefaults(schema.items!, item)) : value;
  if (typeof value !== 'object' || value === null) return value;
  const filled: Record<string, unknown> = {};
  for (const [key, content] of Object.entries(value)) {
    const inside = schema.properties?.[key] ?? schema.additionalProperties;
    if (inside === undefined) filled[key] = content;
    else if (content !== null) filled[key] = applyDefaults(inside, content);
  }
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    if (!(key in filled) && property.default !== undefined) {
      filled[key] = applyDefaults(property, structuredClone(property.default));
    }
  }
  return filled;
}
