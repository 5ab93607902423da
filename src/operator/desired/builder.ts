import type { ModelServer } from '../api/model-server.ts';
import type { KubeObject } from '../cluster/kube-object.ts';
import type { PodTemplate } from './pod-template.ts';

/** An object as it is applied: the fields that the operator has a say in, and no others. */
export type Applied = KubeObject & { readonly [field: string]: unknown };

/** What has been worked out of the resource beforehand. */
export interface Rendering {
  readonly pods: PodTemplate;
  /** The text of config.json. */
  readonly config: string;
}

/** What is the same for all ModelServers of an operator. */
export interface Surroundings {
  /** The namespace that the operator runs in. */
  readonly operatorNamespace: string;
  /** Whether the cluster knows PodMonitors. */
  readonly podMonitors: boolean;
}

/** Builds a child; undefined says that there should be none. */
export type Builder = (owner: ModelServer, rendering: Rendering, surroundings: Surroundings) => Applied | undefined;
