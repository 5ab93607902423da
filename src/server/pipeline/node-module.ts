import type { Precision, Shape } from '../model/tensor.ts';

/**
 * What an ES module exports to be a library of custom nodes; the server's own nodes are written to it too. Modules import no more
 * of the server than these types.
 */
export interface NodeModule {
  /**
   * Called for each node of a pipeline that names the library, and again in each worker that runs it.
   * @param parameters the node's `params`, as they stand in config.json
   * @throws Error whose message says which parameter is wrong, what is expected and what was given
   */
  open(parameters: NodeParameters): OpenNode | Promise<OpenNode>;
}

export type NodeParameters = Readonly<Record<string, string>>;

/** A node that knows its parameters. */
export interface OpenNode {
  readonly inputs: TensorSpecs;
  readonly outputs: TensorSpecs;
  /**
   * @param inputs one for each of `inputs`, held against it, in memory of their own: they may be changed, and kept
   * @returns one for each of `outputs`; what is returned is copied before anything else runs
   * @throws Error the request is answered with its message, as an internal error
   */
  execute(inputs: NodeTensors, call: NodeCall): NodeTensors | Promise<NodeTensors>;
}

/** By the name of the input or output. */
export type TensorSpecs = Readonly<Record<string, TensorSpec>>;

export interface TensorSpec {
  readonly precision: Precision;
  /** Outermost first; -1 where any size goes. */
  readonly shape: Shape;
}

// biome-ignore lint/suspicious/noExplicitAny: a node knows its inputs' precisions, and with them which arrays they are
export type NodeTensors = Readonly<Record<string, NodeTensor<any>>>;

export interface NodeTensor<Data extends NodeData = NodeData> {
  readonly shape: Shape;
  /** As many elements as the shape has, in row-major order. */
  readonly data: Data;
}

/**
 * The array that goes with each precision: Float32Array for FP32, Float64Array for FP64, Float16Array for FP16, Int8Array to
 * BigInt64Array for I8 to I64, Uint8Array to BigUint64Array for U8 to U64, Uint16Array for BF16 (its bits), Uint8Array for BOOL
 * (0 or 1), and a list of byte strings for STRING, whose outputs may be texts as well.
 */
export type NodeData =
  | Float64Array
  | Float32Array
  | Float16Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | readonly (Uint8Array | string)[];

export interface NodeCall {
  /** Aborted when nobody waits for the answer any more. A node that never waits has no use for it. */
  readonly signal?: AbortSignal;
}
