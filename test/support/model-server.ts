import { readCustomResource } from '../../scripts/crd-schema.ts';
import type { ModelServer } from '../../src/operator/api/model-server.ts';
import { applyDefaults } from '../crds/apply-defaults.ts';

const { schema } = readCustomResource();

/** A ModelServer as the API server gives it out: with the defaults of its CustomResourceDefinition. */
export function modelServer(spec: object = {}, over: object = {}): ModelServer {
  const { metadata, ...rest } = over as { metadata?: object };
  return applyDefaults(schema, {
    apiVersion: 'modelserver.dev/v1alpha1',
    kind: 'ModelServer',
    metadata: { name: 'x', namespace: 'ns', uid: 'uid-of-x', generation: 1, ...metadata },
    spec: { repository: { persistentVolumeClaim: { claimName: 'models' } }, models: [{ name: 'digits' }], ...spec },
    ...rest,
  }) as ModelServer;
}

/** A ModelServer to create: without what the API server adds, and with the defaults that a fake does not. */
export function newModelServer(name: string, spec?: object): ModelServer {
  const { metadata: _, ...rest } = modelServer(spec);
  return { ...rest, metadata: { name, namespace: 'ns' } } as ModelServer;
}
