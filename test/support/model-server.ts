import { readCustomResource, type Schema } from '../../scripts/crd-schema.ts';
import type { ModelServer } from '../../src/operator/api/model-server.ts';

const { schema } = readCustomResource();

/** A ModelServer as the API server gives it out: with the defaults of its CustomResourceDefinition. */
export function modelServer(spec: object = {}, over: object = {}): ModelServer {
  const { metadata, ...rest } = over as { metadata?: object };
  return withDefaults(
    {
      apiVersion: 'modelserver.dev/v1alpha1',
      kind: 'ModelServer',
      metadata: { name: 'x', namespace: 'ns', uid: 'uid-of-x', generation: 1, ...metadata },
      spec: { repository: { persistentVolumeClaim: { claimName: 'models' } }, models: [{ name: 'digits' }], ...spec },
      ...rest,
    },
    schema,
  ) as ModelServer;
}

/** A ModelServer to create: without what the API server adds, and with the defaults that a fake does not. */
export function newModelServer(name: string, spec?: object): ModelServer {
  const { metadata: _, ...rest } = modelServer(spec);
  return { ...rest, metadata: { name, namespace: 'ns' } } as ModelServer;
}

/** Fills in defaults as structural schemas have it: of missing fields, at any depth, of objects that are there. */
function withDefaults(value: unknown, schema: Schema): unknown {
  if (Array.isArray(value)) return value.map((item) => (schema.items ? withDefaults(item, schema.items) : item));
  if (typeof value !== 'object' || value === null) return value;
  const filled: Record<string, unknown> = { ...value };
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (filled[name] === undefined && property.default !== undefined) filled[name] = structuredClone(property.default);
    if (filled[name] !== undefined) filled[name] = withDefaults(filled[name], property);
  }
  const { additionalProperties } = schema;
  if (!additionalProperties) return filled;
  return Object.fromEntries(
    Object.entries(filled).map(([name, item]) => [name, withDefaults(item, additionalProperties)]),
  );
}
