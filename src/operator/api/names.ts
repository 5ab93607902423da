/** The group of our resources, and the prefix of our labels and annotations. */
export const group = 'modelserver.dev';

export const label = {
  /** On each child: the name of its ModelServer. The selector of its pods. */
  name: 'modelserver.dev/name',
  /** On pods: which rendering of the pod template they were made from. */
  revision: 'modelserver.dev/revision',
  /** On each child: `modelserver-operator`. What the operator's caches select by. */
  managedBy: 'app.kubernetes.io/managed-by',
} as const;

export const annotation = {
  /** On a ModelServer: `disabled` keeps the operator's hands off its children; its status is told still. */
  reconcile: 'modelserver.dev/reconcile',
  /** On a child: the hash of all that the operator last applied to it. */
  applied: 'modelserver.dev/applied',
  /** On the Deployment: the pod template that the operator last applied, and hashes of what it was made from. */
  template: 'modelserver.dev/template',
  /** On the ConfigMap: the hash of the server's config. On a pod: the one that its kubelet was last told of. */
  config: 'modelserver.dev/config',
} as const;

/** Who applies the children, and in another entry the status. */
export const fieldManager = 'modelserver-operator';
