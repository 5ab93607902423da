import { bounded } from '../api/conditions.ts';
import type { ModelServer } from '../api/model-server.ts';
import { fieldManager } from '../api/names.ts';
import type { Cluster, ObjectKey } from '../cluster/cluster.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import type { Kind, KubeObject } from '../cluster/kube-object.ts';
import { objectKey, toKey } from '../cluster/object-key.ts';
import type { Child } from '../desired/children.ts';
import type { Caches } from './caches.ts';
import type { ChildMemory } from './child-memory.ts';
import { matches } from './matches.ts';
import { ownershipOf } from './ownership.ts';
import type { Trouble } from './pod-facts.ts';
import { resetChild } from './reset-child.ts';
import type { Written } from './written.ts';

/** What the children are after they have been seen to. */
export interface AppliedChildren {
  /** By `objectKey`; those that are there and ours. */
  readonly live: ReadonlyMap<string, KubeObject>;
  /** The first that could not be brought about, and why. Those after it were seen to all the same. */
  readonly obstacle: Trouble | undefined;
  /** What of the children is not as wanted; counts where nothing may be written. */
  readonly isBehind: boolean;
  /** A child of a deleted namesake is still there: it goes by itself. */
  readonly isWaitingForGarbage: boolean;
}

export interface ApplyDependencies {
  readonly cluster: Cluster;
  readonly caches: Caches;
  readonly written: Written;
  readonly memory: ChildMemory;
}

/**
 * Makes the children what they should be: applies what differs, deletes what should not be, touches nothing else.
 * @param mayTouch whether children of a kind may be written, rather than only looked at
 * @throws what may pass: no answer, conflicts. What the API server refuses for good is an obstacle.
 */
export async function applyChildren(
  owner: ModelServer,
  children: readonly Child[],
  mayTouch: (kind: Kind) => boolean,
  { cluster, caches, written, memory }: ApplyDependencies,
  signal: AbortSignal,
): Promise<AppliedChildren> {
  const live = new Map<string, KubeObject>();
  const found = { obstacle: undefined as Trouble | undefined, isBehind: false, isWaitingForGarbage: false };
  const ownerKey = toKey(owner.metadata);
  for (const child of children) {
    const { kind, object } = child;
    const mayWrite = mayTouch(kind);
    const at: ObjectKey = { namespace: owner.metadata.namespace!, name: child.name };
    const key = objectKey(kind, at);
    const cached = caches.child(kind, at);
    const known = written.read(key, cached);
    let refusal = object && memory.refusal(ownerKey, key, object, known);
    const isNew = object !== undefined && known === undefined && mayWrite && !refusal;
    // The caches hold what carries our label. Before something is made, look whether its name is taken.
    const current = isNew ? await cluster.get(kind, at, { signal }) : known;
    const ownership = current && ownershipOf(current, owner);
    if (ownership === 'leftover') {
      found.isWaitingForGarbage = true;
      continue;
    }
    if (ownership === 'foreign') {
      if (object) found.obstacle ??= nameConflict(child, current!);
      continue;
    }
    if (current) live.set(key, current);
    const isSettled =
      isGoing(current) ||
      (object ? current && (matches(object, current) || memory.wasAccepted(ownerKey, key, object, current)) : !current);
    if (isSettled) continue;
    found.isBehind = true;
    if (refusal) found.obstacle ??= refusal;
    if (!mayWrite || refusal) continue;
    const seen = cached?.metadata.resourceVersion;
    try {
      if (object) {
        const result = await written.record(key, seen, () => bringAbout(cluster, kind, object, current, signal));
        live.set(key, result);
        if (matches(object, result)) memory.forgetChild(ownerKey, key);
        else memory.accept(ownerKey, key, object, result);
      } else {
        await written.record(key, seen, async () => {
          await cluster.delete(kind, { ...at, uid: current!.metadata.uid! }, { signal });
          return undefined;
        });
        live.delete(key);
        memory.forgetChild(ownerKey, key);
      }
    } catch (error) {
      if (!(error instanceof ClusterError) || !['invalid', 'forbidden'].includes(error.code)) throw error;
      refusal = rejected(child, error);
      if (object) memory.refuse(ownerKey, key, object, current, refusal);
      found.obstacle ??= refusal;
    }
  }
  return { live, ...found };
}

/**
 * Applied to that object only: should it be another of the name by now, the API server refuses (a conflict). Where there was none,
 * no apply can say that there must be none still; but one without force is refused where somebody's has come that differs in
 * anything that we want.
 */
async function bringAbout(
  cluster: Cluster,
  kind: Kind,
  object: KubeObject,
  current: KubeObject | undefined,
  signal: AbortSignal,
): Promise<KubeObject> {
  if (!current) return cluster.apply(kind, object, { manager: fieldManager, force: false, signal });
  const sameOne = { ...object, metadata: { ...object.metadata, uid: current.metadata.uid! } };
  try {
    return await cluster.apply(kind, sameOne, { manager: fieldManager, signal });
  } catch (error) {
    if (!(error instanceof ClusterError && error.code === 'invalid')) throw error;
    return await resetChild(cluster, kind, object, current, signal).catch((again) => {
      throw again instanceof ClusterError && again.code === 'invalid' ? error : again;
    });
  }
}

/** What is being deleted is as good as gone, but cannot be made anew before it is. */
function isGoing(current: KubeObject | undefined): boolean {
  return current?.metadata.deletionTimestamp !== undefined;
}

function nameConflict({ kind, name }: Child, current: KubeObject): Trouble {
  const other = current.metadata.ownerReferences?.find((reference) => reference.controller);
  const whose = other ? `of ${other.kind} ${other.name}` : 'that is not ours';
  return {
    reason: 'NameConflict',
    message: bounded(
      `there is a ${kind.kind} ${name} ${whose}; rename the ModelServer, or delete it: it is left alone`,
    ),
  };
}

function rejected({ kind, name }: Child, error: ClusterError): Trouble {
  return { reason: 'Rejected', message: bounded(`the API server refuses ${kind.kind} ${name}: ${error.message}`) };
}
