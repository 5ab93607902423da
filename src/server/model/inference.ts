import type { ServingError } from './error.ts';
import type { Signature } from './signature.ts';
import type { Strings } from './strings.ts';
import type { Tensor } from './tensor.ts';

/**
 * Counts bytes that a request takes beside its message, until it is answered.
 * @throws ServingError `resource-exhausted` if they are not to be had
 */
export type TakeMemory = (bytes: number) => void;

/** Which servable a request names. Version undefined (or 0 on the wire) asks for the default one. */
export interface ServableSpec {
  readonly name: string;
  readonly version?: number;
  readonly label?: string;
}

/**
 * An input as a client sent it, not yet held against a signature. Its shape may be anything an int64 can say.
 * `precision` is what the client called it, where that has no name of ours (then no input takes it).
 */
export interface InputTensor {
  readonly precision: string;
  /** What the client called the precision, where its protocol's texts say that and not our name. */
  readonly datatype?: string;
  readonly shape: readonly number[];
  readonly payload: Payload;
}

/**
 * - `bytes`: elements as they lie in memory (tensor_content, raw_input_contents).
 * - `values`: elements that came one by one, already laid out as in memory; `count` of them.
 * - `strings`: elements of a STRING tensor, or encoded images.
 * - `packed`: the same in one run of bytes, each string behind its length (see packed-strings.ts).
 */
export type Payload =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'values'; readonly bytes: Uint8Array; readonly count: number }
  | { readonly kind: 'strings'; readonly strings: Strings }
  | { readonly kind: 'packed'; readonly bytes: Uint8Array };

/** Which sequence of a stateful model a request belongs to, and how it stands in it. Neither first nor last: in between. */
export interface SequenceStep {
  /** 0n: the client names none. */
  readonly id: bigint;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/** Protocols say the same differently, and mean a little different things by it: see dataplane/dialect.ts. */
export type Dialect = 'TFS' | 'KServe';

export interface InferRequest {
  readonly servable: ServableSpec;
  readonly inputs: ReadonlyMap<string, InputTensor>;
  /** Names of the outputs that the client wants, in its order; empty for all. */
  readonly outputFilter: readonly string[];
  readonly signatureName?: string;
  /** Absent: TensorFlow Serving's. */
  readonly dialect?: Dialect;
  /** Where the protocol tells it beside the inputs. */
  readonly sequence?: SequenceStep;
  /** Of what is wrong with the request whatever the model; told after the number of inputs, as the order of the checks is. */
  readonly fault?: ServingError;
}

/** A request whose inputs do not say of what types they are: it can be read only by the signature of the version that answers it. */
export interface UnreadRequest {
  readonly servable: ServableSpec;
  /** @throws ServingError */
  read(signature: Signature): InferRequest;
}

/** An output by its name. */
export interface NamedTensor {
  readonly name: string;
  readonly tensor: Tensor;
}
