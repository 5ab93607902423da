import type { ModelServer } from '../api/model-server.ts';
import { label } from '../api/names.ts';
import type { ObjectMeta } from '../cluster/kube-object.ts';

/**
 * Of all children. Not `app.kubernetes.io/instance`: Argo CD would take children that carry it for its application's own,
 * and prune them.
 */
export function childLabels(owner: ModelServer): Record<string, string> {
  return {
    'app.kubernetes.io/name': 'modelserver',
    'app.kubernetes.io/component': 'server',
    [label.managedBy]: 'modelserver-operator',
    [label.name]: owner.metadata.name,
  };
}

/** What selects the pods. Immutable in a Deployment, so it holds nothing that may ever change. */
export function podSelector(owner: ModelServer): Record<string, string> {
  return { [label.name]: owner.metadata.name };
}

/** The metadata of a child: it goes when its owner goes, by Kubernetes' garbage collector, whether the operator runs or not. */
export function owned(
  owner: ModelServer,
  name: string,
  annotations: Readonly<Record<string, string>> = {},
): ObjectMeta {
  return {
    name,
    namespace: owner.metadata.namespace!,
    labels: childLabels(owner),
    annotations,
    ownerReferences: [
      {
        apiVersion: owner.apiVersion,
        kind: owner.kind,
        name: owner.metadata.name,
        uid: owner.metadata.uid!,
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  };
}
