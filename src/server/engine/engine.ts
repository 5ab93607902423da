import type { NamedTensor } from '../model/inference.ts';
import type { Signature } from '../model/signature.ts';
import type { Tensor } from '../model/tensor.ts';
import type { LoadOptions } from '../model/wanted.ts';

/** Port to a runtime that reads, compiles and runs models. Adapters pass `test/suites/engine-suite.ts`. */
export interface Engine {
  /** Name and version of the runtime, for the log: `OpenVINO 2026.4.1`. */
  readonly description: string;

  /**
   * Reads and compiles the model in a version's directory, off the event loop.
   * @param directory holds the model's files, in any format that the runtime reads
   * @throws ServingError `failed-precondition`, with the real cause in its message; nothing stays behind
   */
  load(directory: string, options: LoadOptions): Promise<LoadedModel>;

  /** Gives the runtime back. Every model has been closed before. */
  close(): Promise<void>;
}

export interface LoadedModel {
  readonly signature: Signature;
  /** How many inferences run at a time; more wait their turn. */
  readonly inferRequests: number;
  /** How many of them the runtime works on side by side. */
  readonly streams: number;
  /** Infer requests that someone has at this moment. */
  readonly inUse: number;
  /** How many wait for an infer request at this moment. */
  readonly waiting: number;

  /**
   * Runs the model once. Answers at once, not by a promise, if an infer request was free and the model is quick enough to run
   * on the calling thread without others noticing.
   *
   * @param inputs one tensor for each input of the signature, in its order, each valid for it; the bytes must not change
   *   until the inference is done
   * @throws ServingError `resource-exhausted` if too many wait already; `cancelled` or `deadline-exceeded` if the call was
   *   given up before it began; `internal` ("Internal inference error") if the runtime failed
   */
  infer(inputs: readonly Tensor[], options: InferOptions): Inference | Promise<Inference>;

  /**
   * Runs the model, away from the event loop, so that its first requests need not wait for what it sets up at first, and so that it is known
   * how long it takes.
   * @param inputs as for `infer`
   * @throws ServingError `internal` if the runtime failed
   */
  rehearse(inputs: readonly Tensor[]): Promise<void>;

  /**
   * Makes an infer request for one user alone, away from the event loop. What the model keeps from one inference to the next begins there as the
   * model says, and nobody else sees it.
   * @throws ServingError as `infer`
   */
  openState(options: Pick<InferOptions, 'signal'>): Promise<ModelState>;

  /** Frees the model, and the states that are open, once the inferences under way are done. No inference may begin after. */
  close(): Promise<void>;
}

/** An infer request of its own, for a model that keeps something from one inference to the next. */
export interface ModelState {
  /**
   * As that of the model, which lets as many run at a time in states and without. Here they come one by one: none may begin before the one
   * before it has been released.
   */
  infer(inputs: readonly Tensor[], options: InferOptions): Inference | Promise<Inference>;
  /** Frees it, when no inference is under way. */
  close(): void;
}

export interface InferOptions {
  /** Aborted when the caller no longer wants the answer. Its reason, if a ServingError, is thrown as it is. */
  readonly signal?: AbortSignal;
  /** Called once, when an infer request is at hand and the inference begins: the wait in the queue is over. */
  readonly onStart?: () => void;
}

/** Outputs that lie in the runtime's own memory: to be read before `release`, which must be called exactly once. */
export interface Inference {
  /** In the order of the signature's outputs. */
  readonly outputs: readonly NamedTensor[];
  /** Milliseconds in the queue, before an infer request was at hand; 0 if one was at once. */
  readonly waitedMs: number;
  /** Milliseconds that the inference took from there. */
  readonly ranMs: number;
  release(): void;
}
