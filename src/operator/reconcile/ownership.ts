import type { ModelServer } from '../api/model-server.ts';
import { annotation, label } from '../api/names.ts';
import type { KubeObject } from '../cluster/kube-object.ts';

/**
 * - `ours`: to be applied to, or deleted.
 * - `leftover`: of a ModelServer of the same name that was deleted; garbage collection is about to take it.
 * - `foreign`: somebody else's, to be left alone.
 */
export type Ownership = 'ours' | 'leftover' | 'foreign';

export function ownershipOf(live: KubeObject, owner: ModelServer): Ownership {
  const { metadata } = live;
  const controller = metadata.ownerReferences?.find((reference) => reference.controller);
  if (controller?.uid === owner.metadata.uid) return 'ours';
  if (controller) return isNamesake(controller, owner) ? 'leftover' : 'foreign';
  // Someone took our reference away; what we applied is on it still.
  const isMarked = metadata.annotations?.[annotation.applied] && metadata.labels?.[label.name] === owner.metadata.name;
  return isMarked ? 'ours' : 'foreign';
}

function isNamesake(reference: { kind: string; name: string; apiVersion: string }, owner: ModelServer): boolean {
  return (
    reference.kind === owner.kind &&
    reference.name === owner.metadata.name &&
    reference.apiVersion.split('/')[0] === owner.apiVersion.split('/')[0]
  );
}
