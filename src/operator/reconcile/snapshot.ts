import type { ModelServer } from '../api/model-server.ts';
import type { KubeObject } from '../cluster/kube-object.ts';
import type { ModelAnswer } from '../models/model-status-source.ts';
import type { Hold } from './hold.ts';
import type { ModelWish } from './judge-model.ts';
import type { PodFacts, Trouble } from './pod-facts.ts';

export interface Deployment extends KubeObject {
  readonly spec?: {
    readonly replicas?: number;
    readonly paused?: boolean;
    readonly template?: {
      readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
      readonly spec?: {
        readonly serviceAccountName?: string;
        readonly volumes?: readonly {
          readonly name: string;
          readonly image?: object;
          readonly secret?: { readonly secretName?: string };
        }[];
        readonly containers?: readonly {
          readonly name: string;
          readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
        }[];
      };
    };
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly readyReplicas?: number;
    readonly availableReplicas?: number;
    readonly updatedReplicas?: number;
    readonly conditions?: readonly { type: string; status: string; reason?: string; message?: string }[];
  };
}

/** All that the status is made of. */
export interface Snapshot {
  readonly resource: ModelServer;
  /** Of the pod template that is wanted. */
  readonly revision: string;
  readonly configRevision: string;
  readonly models: readonly ModelWish[];
  readonly deployment: Deployment | undefined;
  readonly pods: readonly PodFacts[];
  /** By the pods' names, then by the models'; of the pods that run. */
  readonly answers: ReadonlyMap<string, ReadonlyMap<string, ModelAnswer>>;
  /** What stands in the way, found before or while the children were applied. */
  readonly obstacle: Trouble | undefined;
  readonly hold: Hold | undefined;
  /** Whether the children are not what they would be without the hold. */
  readonly isBehind: boolean;
  /** Whether a child of a deleted namesake is still in the way. */
  readonly isWaitingForGarbage: boolean;
  /** Whether a PodMonitor is asked for, and the cluster does not know them. */
  readonly lacksPodMonitors: boolean;
  readonly clusterDomain: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}
