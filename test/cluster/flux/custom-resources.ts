/** What of Flux's kinds its kustomize-controller cannot do without, with any content: [group, kind, plural]. */
const kinds = [
  ['kustomize.toolkit.fluxcd.io', 'Kustomization', 'kustomizations'],
  ['source.toolkit.fluxcd.io', 'GitRepository', 'gitrepositories'],
  // It watches these too, though nobody makes one.
  ['source.toolkit.fluxcd.io', 'OCIRepository', 'ocirepositories'],
  ['source.toolkit.fluxcd.io', 'Bucket', 'buckets'],
] as const;

export const customResources: readonly object[] = kinds.map(([group, kind, plural]) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.${group}` },
  spec: {
    group,
    names: { kind, plural, singular: kind.toLowerCase() },
    scope: 'Namespaced',
    versions: [
      {
        ...{ name: 'v1', served: true, storage: true, subresources: { status: {} } },
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
}));
