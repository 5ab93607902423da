import { annotation } from '../api/names.ts';
import type { KubeObject, ObjectMeta } from '../cluster/kube-object.ts';
import { present } from '../desired/present.ts';
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
  const { deletionTimestamp, labels, ownerReferences } = metadata;
  const told = metadata.annotations?.[annotation.config];
  return {
    apiVersion,
    kind,
    metadata: present<ObjectMeta>({
      ...identity(metadata),
      deletionTimestamp,
      labels,
      ownerReferences,
      annotations: told === undefined ? {} : { [annotation.config]: told },
    }),
    status: present<PodStatus>({
      phase,
      podIP,
      conditions: conditions?.filter(({ type }) => type === 'Ready' || type === 'PodScheduled').map(slimCondition),
      containerStatuses: containerStatuses?.map(slimContainer),
      initContainerStatuses: initContainerStatuses?.map(slimContainer),
    }),
  };
}

/** That a claim is there is all that matters. */
export function slimClaim({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  return { apiVersion, kind, metadata: present<ObjectMeta>(identity(metadata)) };
}

type PodStatus = NonNullable<Pod['status']>;
type Condition = NonNullable<PodStatus['conditions']>[number];
type Container = NonNullable<PodStatus['containerStatuses']>[number];

/** Without the times at which it was looked at. */
function slimCondition({ type, status, reason, message }: Condition): Condition {
  return present<Condition>({ type, status, reason, message });
}

function slimContainer({ name, ready, restartCount, state, lastState }: Container): Container {
  return present<Container>({ name, ready, restartCount, state, lastState });
}

function identity({ name, namespace, uid, resourceVersion }: ObjectMeta) {
  return { name, namespace, uid, resourceVersion };
}
