import { annotation } from '../api/names.ts';
import type { KubeObject, ObjectMeta } from '../cluster/kube-object.ts';
import type { Pod } from '../reconcile/pod-facts.ts';

/** What of a child is compared with what it should be. Only a Deployment's status is of interest. */
export function slimChild(object: KubeObject & { readonly status?: unknown }): KubeObject {
  if (object.kind === 'Deployment') return object;
  const { status: _, ...rest } = object;
  return rest;
}

/** What of a pod is judged; of a thousand pods, all else would be most of the operator's memory. */
export function slimPod({ apiVersion, kind, metadata, status = {} }: Pod): Pod {
  const { phase, podIP, conditions, containerStatuses, initContainerStatuses } = status;
  const told = metadata.annotations?.[annotation.config];
  return {
    apiVersion,
    kind,
    metadata: slimMetadata(metadata, told === undefined ? {} : { [annotation.config]: told }),
    status: {
      ...(phase === undefined ? {} : { phase }),
      ...(podIP === undefined ? {} : { podIP }),
      ...(conditions
        ? {
            conditions: conditions.filter(({ type }) => type === 'Ready' || type === 'PodScheduled').map(slimCondition),
          }
        : {}),
      ...(containerStatuses ? { containerStatuses: containerStatuses.map(slimContainer) } : {}),
      ...(initContainerStatuses ? { initContainerStatuses: initContainerStatuses.map(slimContainer) } : {}),
    },
  };
}

/** That a claim is there is all that matters. */
export function slimClaim({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion } = metadata;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
  };
}

type PodStatus = NonNullable<Pod['status']>;
type Condition = NonNullable<PodStatus['conditions']>[number];
type Container = NonNullable<PodStatus['containerStatuses']>[number];

/** Without the times at which it was looked at. */
function slimCondition({ type, status, reason, message }: Condition): Condition {
  return { type, status, ...(reason === undefined ? {} : { reason }), ...(message === undefined ? {} : { message }) };
}

function slimContainer({ name, ready, restartCount, state, lastState }: Container): Container {
  return {
    name,
    ...(ready === undefined ? {} : { ready }),
    ...(restartCount === undefined ? {} : { restartCount }),
    ...(state === undefined ? {} : { state }),
    ...(lastState === undefined ? {} : { lastState }),
  };
}

function slimMetadata(metadata: ObjectMeta, annotations: Readonly<Record<string, string>>): ObjectMeta {
  const { name, namespace, uid, resourceVersion, deletionTimestamp, labels, ownerReferences } = metadata;
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    ...(labels === undefined ? {} : { labels }),
    ...(ownerReferences === undefined ? {} : { ownerReferences }),
    annotations,
  };
}
