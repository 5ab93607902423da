import type { ModelServer } from '../api/model-server.ts';
import type { ObjectKey } from '../cluster/cluster.ts';
import type { Kind, KubeObject } from '../cluster/kube-object.ts';
import type { Pod } from './pod-facts.ts';

/** What watches have told. It may lag behind; it holds of the children's kinds what carries our label. */
export interface Caches {
  resource(at: ObjectKey): ModelServer | undefined;
  child(kind: Kind, at: ObjectKey): KubeObject | undefined;
  /** Whether there is such a PersistentVolumeClaim. */
  hasClaim(at: ObjectKey): boolean;
  /** The pods whose label names this ModelServer. */
  pods(owner: ObjectKey): readonly Pod[];
  /** How many ModelServers there are. */
  size(): number;
}
