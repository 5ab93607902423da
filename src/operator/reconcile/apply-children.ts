import { bounded } from '../api/conditions.ts';
import type { ModelServer } from '../api/model-server.ts';
import { annotation, fieldManager } from '../api/names.ts';
import type { Cluster, ObjectKey } from '../cluster/cluster.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import type { KubeObject } from '../cluster/kube-object.ts';
import type { Child } from '../desired/children.ts';
import type { Caches } from './caches.ts';
import { matches, project } from './matches.ts';
import { ownershipOf } from './ownership.ts';
import type { Trouble } from './pod-facts.ts';
import type { Written } from './written.ts';

/** What the children are after they have been seen to. */
export interface AppliedChildren {
  /** By kind and name; those that are there and ours. */
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
  /** By child: the form that the API server gave to what we applied, where it is not ours word for word. */
  readonly forms: Map<string, { readonly hash: string; readonly form: unknown }>;
}

export const childKey = (child: Child, namespace: string) => `${child.kind.kind}/${namespace}/${child.name}`;

/**
 * Makes the children what they should be: applies what differs, deletes what should not be, touches nothing else.
 * @param mayWrite false to look only
 * @throws what may pass: no answer, conflicts. What the API server refuses for good is an obstacle.
 */
export async function applyChildren(
  owner: ModelServer,
  children: readonly Child[],
  mayWrite: boolean,
  { cluster, caches, written, forms }: ApplyDependencies,
  signal: AbortSignal,
): Promise<AppliedChildren> {
  const live = new Map<string, KubeObject>();
  const found = { obstacle: undefined as Trouble | undefined, isBehind: false, isWaitingForGarbage: false };
  for (const child of children) {
    const at: ObjectKey = { namespace: owner.metadata.namespace!, name: child.name };
    const key = childKey(child, at.namespace!);
    const cached = caches.child(child.kind, at);
    const known = written.read(key, cached);
    // The caches hold what carries our label. Before something is made, look whether its name is taken.
    const current = known ?? (child.object ? await cluster.get(child.kind, at, { signal }) : undefined);
    const ownership = current && ownershipOf(current, owner);
    if (ownership === 'leftover') {
      found.isWaitingForGarbage = true;
      continue;
    }
    if (ownership === 'foreign') {
      if (child.object) found.obstacle ??= nameConflict(child, current!);
      continue;
    }
    if (child.object ? isAsWanted(child.object, current, forms.get(key)) : current === undefined) {
      if (current) live.set(key, current);
      continue;
    }
    found.isBehind = true;
    if (!mayWrite) {
      if (current) live.set(key, current);
      continue;
    }
    try {
      const seen = cached?.metadata.resourceVersion;
      if (child.object) {
        const result = await cluster.apply(child.kind, withUid(child.object, current), {
          manager: fieldManager,
          signal,
        });
        written.put(key, seen, result);
        live.set(key, result);
        if (matches(child.object, result)) forms.delete(key);
        else forms.set(key, { hash: hashOf(child.object), form: project(child.object, result) });
      } else {
        await cluster.delete(child.kind, { ...at, uid: current!.metadata.uid! }, { signal });
        written.put(key, seen, undefined);
        forms.delete(key);
      }
    } catch (error) {
      if (!(error instanceof ClusterError) || !['invalid', 'forbidden'].includes(error.code)) throw error;
      if (current) live.set(key, current);
      found.obstacle ??= rejected(child, error);
    }
  }
  return { live, ...found };
}

/** An object that is being deleted is as good as gone, but cannot be made anew before it is. */
function isAsWanted(
  wanted: KubeObject,
  current: KubeObject | undefined,
  known: { readonly hash: string; readonly form: unknown } | undefined,
): boolean {
  if (!current) return false;
  if (current.metadata.deletionTimestamp !== undefined || matches(wanted, current)) return true;
  return known?.hash === hashOf(wanted) && matches(known.form, current);
}

function hashOf({ metadata }: KubeObject): string {
  return metadata.annotations?.[annotation.applied] ?? '';
}

/** Applied to that object only: should it be another of the name by now, the API server refuses (a conflict). */
function withUid<T extends KubeObject>(object: T, current: KubeObject | undefined): T {
  return current ? { ...object, metadata: { ...object.metadata, uid: current.metadata.uid! } } : object;
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
