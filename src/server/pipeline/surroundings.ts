import type { Signature } from '../model/signature.ts';
import type { CustomNode } from './custom-node.ts';

/** What a pipeline's definition is held against: what its nodes run, as it is at one moment. */
export interface Surroundings {
  /** The version of a model that answers; or why none does, or may not in a pipeline. */
  model(
    name: string,
    version: number | undefined,
  ): { readonly signature: Signature } | { readonly missing: string } | { readonly forbidden: string };
  /** What runs in a custom node, by the name of the node. */
  custom(node: string): CustomNode | CustomNodeFailure;
}

/** Why there is nothing to run in a custom node. */
export interface CustomNodeFailure {
  readonly at: 'library' | 'initialization' | 'customMetadata';
  readonly cause: string;
}
