import type { TakeMemory } from '../model/inference.ts';
import type { Signature } from '../model/signature.ts';
import type { Tensor } from '../model/tensor.ts';

/** A custom node with its parameters: what it takes and gives, and how it is run. */
export interface CustomNode {
  /** Names, precisions and shapes (a dynamic dimension is { min: 0, max: Infinity }); lists are sorted by name. */
  readonly signature: Signature;
  /**
   * @param inputs in the order of `signature.inputs`, held against it.
   * @returns in the order of `signature.outputs`.
   * @throws ServingError
   */
  execute(inputs: readonly Tensor[], call: CustomNodeCall): readonly Tensor[] | Promise<readonly Tensor[]>;
}

export interface CustomNodeCall {
  /** Of the node in its pipeline, for what is told of errors. */
  readonly node?: string;
  readonly signal?: AbortSignal;
  readonly takeMemory: TakeMemory;
}

export interface CustomNodeLibrary {
  /** @throws ServingError `invalid-argument` that names the parameter, the expected and the actual */
  open(parameters: Readonly<Record<string, string>>): CustomNode | Promise<CustomNode>;
  close(): Promise<void>;
}

/**
 * Finds a library by an entry of custom_node_library_config_list; base_path is a path like
 * /ovms/lib/custom_nodes/libcustom_node_image_transformation.so, or of an ES module.
 */
export type FindLibrary = (entry: { readonly name: string; readonly basePath: string }) => Promise<CustomNodeLibrary>;
