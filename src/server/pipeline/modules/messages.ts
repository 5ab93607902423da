import type { MessagePort } from 'node:worker_threads';
import type { Precision, Shape } from '../../model/tensor.ts';
import type { NodeParameters, TensorSpecs } from '../node-module.ts';

/** What a worker is started with. */
export interface WorkerStart {
  /** URL of the module. */
  readonly module: string;
  /** For all that follows. */
  readonly port: MessagePort;
}

/** What a worker is asked, one after the other; each question but `abort` has one answer. */
export type Question =
  | { readonly kind: 'open'; readonly parameters: NodeParameters }
  | {
      readonly kind: 'execute';
      /** Tells nodes with other parameters apart. */
      readonly node: number;
      readonly parameters: NodeParameters;
      readonly inputs: readonly SentTensor[];
      /** Which outputs are wanted back. */
      readonly outputs: readonly string[];
    }
  | { readonly kind: 'abort' };

/** Sent once by a worker, when the module has been read and its node opened: time begins to count for what it was asked. */
export interface Started {
  readonly kind: 'started';
}

export type Answer =
  | { readonly kind: 'opened'; readonly inputs: TensorSpecs; readonly outputs: TensorSpecs }
  | { readonly kind: 'executed'; readonly outputs: readonly GivenTensor[] }
  | { readonly kind: 'failed'; readonly reason: string; readonly stack?: string };

/** An input on its way to a module, in memory that goes with it. */
export interface SentTensor {
  readonly name: string;
  readonly precision: Precision;
  readonly shape: Shape;
  readonly bytes: Uint8Array;
  /** Where each of a STRING tensor's elements lies in `bytes`. */
  readonly ranges?: Uint32Array;
}

/** An output as a module gave it, not yet held against what the module has said of it. */
export interface GivenTensor {
  /** Undefined if it is no list of numbers. */
  readonly shape: Shape | undefined;
  /** The name of the array's class; `strings` for a list of byte strings or texts; undefined for anything else. */
  readonly array: string | undefined;
  readonly bytes: Uint8Array;
  readonly ranges?: Uint32Array;
}
