/** Where a tensor comes from: a node and the name that it gives one of its outputs; the pipeline's own inputs come from `request`. */
export interface Source {
  readonly node: string;
  readonly item: string;
}

/** The names of a pipeline's ends, which are no nodes of its own. */
export const requestNode = 'request';
export const responseNode = 'response';

/** A connection, named for the input that it ends at, or for the output of the pipeline. */
export interface Connection {
  readonly to: string;
  readonly from: Source;
}

/** Into how many shards outputs are split along their first dimension; `dynamic`: as many as that turns out to have. */
export type Demultiply = number | 'dynamic';

/** More shards than these are refused where their number is not known before. */
export const mostShards = 10_000;

export const comparisons = ['equals', 'at_least', 'at_most'] as const;
export type Comparison = (typeof comparisons)[number];

/** That the one number of a tensor compares so to a value. */
export interface Condition {
  readonly from: Source;
  readonly comparison: Comparison;
  readonly value: number;
}

export interface NodeDefinition {
  readonly name: string;
  readonly runs: Runs;
  readonly inputs: readonly Connection[];
  /** Outputs of what it runs, by the names that other nodes use. */
  readonly outputs: readonly { readonly alias: string; readonly item: string }[];
  /** Its outputs are split, and what follows runs for each shard. */
  readonly demultiply?: Demultiply;
  /** It takes all shards of that node's together, as one more dimension in front. */
  readonly gatherFrom?: string;
  /** If it does not hold, neither this node runs nor what takes from it. */
  readonly when?: Condition;
}

export type Runs =
  /** Without a version the default one, as of each request. */
  | { readonly kind: 'model'; readonly model: string; readonly version?: number }
  | { readonly kind: 'custom'; readonly library: string; readonly parameters: Readonly<Record<string, string>> }
  /** A type of node that there is not. */
  | { readonly kind: 'unsupported'; readonly type: string };

/** A pipeline as its user describes it. Nothing in it has been held against models or libraries yet. */
export interface PipelineDefinition {
  readonly name: string;
  /** Whether the server as a whole is ready for requests only with it. */
  readonly required: boolean;
  readonly inputs: readonly string[];
  readonly nodes: readonly NodeDefinition[];
  readonly outputs: readonly Connection[];
  /** The inputs are split, and all nodes run for each shard. */
  readonly demultiply?: Demultiply;
  /** What a request gets when something that is split turns out to be empty: outputs of no elements, or an error. */
  readonly whenEmpty: 'outputs' | 'abort';
}

/** A library of custom nodes, by the name that nodes use. */
export interface LibraryEntry {
  readonly name: string;
  /** Absolute. */
  readonly basePath: string;
}

/** All pipelines that are wanted, and the libraries that their custom nodes come from. */
export interface PipelineSet {
  readonly pipelines: readonly PipelineDefinition[];
  readonly libraries: readonly LibraryEntry[];
}

export const noPipelines: PipelineSet = { pipelines: [], libraries: [] };
