import type { Cluster } from '../../../src/operator/cluster/cluster.ts';
import type { Kind } from '../../../src/operator/cluster/kube-object.ts';
import { sleep, systemClock } from '../../../src/shared/clock.ts';

/** The kind that the cluster suite asks for. */
export const widgets: Kind = { apiVersion: 'suite.example/v1', kind: 'Widget', plural: 'widgets', namespaced: true };

const definitions: Kind = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
};

/** Resolves when the API server serves it. */
export async function defineWidgets(cluster: Cluster): Promise<void> {
  const integer = { type: 'integer' };
  const open = (properties: object) => ({
    type: 'object',
    properties,
    'x-kubernetes-preserve-unknown-fields': true,
  });
  const mapBy = (key: string) => ({
    type: 'array',
    items: {
      ...open({ [key]: { type: 'string' }, size: integer, deep: open({ p: integer, q: integer }) }),
      required: [key],
    },
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': [key],
  });
  const properties = {
    spec: open({ tree: open({ x: integer, y: open({ z: integer }) }), models: mapBy('name') }),
    status: open({ conditions: mapBy('type') }),
  };
  const definition = {
    apiVersion: definitions.apiVersion,
    kind: definitions.kind,
    metadata: { name: 'widgets.suite.example' },
    spec: {
      group: 'suite.example',
      scope: 'Namespaced',
      names: { kind: 'Widget', plural: 'widgets', singular: 'widget', listKind: 'WidgetList' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: { openAPIV3Schema: { type: 'object', properties } },
        },
      ],
    },
  };
  await cluster.apply(definitions, definition, { manager: 'suite' });
  while (!(await cluster.serves(widgets))) await sleep(systemClock, 100);
}
