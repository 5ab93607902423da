import { ServingError } from '../../model/error.ts';
import type { Signature } from '../../model/signature.ts';
import { totalLength } from '../../model/strings.ts';
import type { Tensor } from '../../model/tensor.ts';
import type { Inference, InferOptions, LoadedModel, ModelState } from '../engine.ts';
import { RequestPool } from '../request-pool.ts';
import { Cost } from './cost.ts';
import type { InferRequest } from './infer-request.ts';

export interface OpenVinoModelOptions {
  readonly signature: Signature;
  readonly requests: readonly InferRequest[];
  readonly streams: number;
  readonly mostWaiting: number;
  /** What an inference off the event loop needs one of: those of the process that are left for inference. */
  readonly threads: RequestPool<number>;
  /** Makes one more, off the event loop. */
  readonly createRequest: () => Promise<InferRequest>;
  /** Gives the compiled model back, after its requests; off the event loop, since large memory takes its time. */
  readonly free: () => Promise<unknown>;
}

/** A compiled model and its infer requests. */
export class OpenVinoModel implements LoadedModel {
  readonly signature: Signature;
  readonly inferRequests: number;
  readonly streams: number;
  /** Whoever has one of these has a turn, and runs either that or an infer request of its own. */
  readonly #pool: RequestPool<InferRequest>;
  readonly #threads: RequestPool<number>;
  readonly #cost = new Cost();
  readonly #createRequest: () => Promise<InferRequest>;
  readonly #free: () => Promise<unknown>;
  /** Infer requests that have one user each. */
  readonly #states = new Set<InferRequest>();

  constructor(options: OpenVinoModelOptions) {
    this.signature = options.signature;
    this.inferRequests = options.requests.length;
    this.streams = options.streams;
    this.#pool = new RequestPool(options.requests, options.mostWaiting);
    this.#threads = options.threads;
    this.#createRequest = options.createRequest;
    this.#free = options.free;
  }

  get inUse(): number {
    return this.#pool.inUse;
  }

  get waiting(): number {
    return this.#pool.waiting;
  }

  infer(inputs: readonly Tensor[], options: InferOptions): Inference | Promise<Inference> {
    return this.#infer(undefined, inputs, options);
  }

  /** Runs twice: the first run pays for what the model sets up; how long the second takes says how to run the first requests. */
  async rehearse(inputs: readonly Tensor[]): Promise<void> {
    const request = await this.#pool.take(undefined);
    try {
      request.setInputs(inputs);
      await request.runOffLoop();
      const begin = performance.now();
      await request.runOffLoop();
      this.#cost.record(performance.now() - begin, byteSize(inputs));
      this.#giveBack(request, request);
    } catch (error) {
      throw this.#failed(request, request, error);
    }
  }

  async openState({ signal }: Pick<InferOptions, 'signal'>): Promise<ModelState> {
    // With a turn: a model that is to close waits for those that are out.
    const turn = await this.#pool.take(signal);
    let thread: number | undefined;
    try {
      thread = this.#threads.tryTake() ?? (await this.#threads.take(signal));
      const request = await this.#createRequest();
      this.#states.add(request);
      return {
        infer: (inputs, options) => this.#infer(request, inputs, options),
        close: () => {
          if (this.#states.delete(request)) request.free();
        },
      };
    } catch (error) {
      throw told(error);
    } finally {
      if (thread !== undefined) this.#threads.give(thread);
      this.#pool.give(turn);
    }
  }

  async close(): Promise<void> {
    for (const request of await this.#pool.drain()) request.free();
    for (const request of this.#states) request.free();
    this.#states.clear();
    await this.#free();
  }

  /** @param own what is run in the place of one from the pool, by whoever has one of those */
  #infer(
    own: InferRequest | undefined,
    inputs: readonly Tensor[],
    options: InferOptions,
  ): Inference | Promise<Inference> {
    const turn = this.#pool.tryTake();
    if (!turn) return this.#inferLater(own, inputs, options);
    const request = own ?? turn;
    const bytes = byteSize(inputs);
    if (!this.#cost.isInline(bytes)) {
      return this.#inferOffLoop(request, turn, inputs, bytes, performance.now(), options);
    }
    options.onStart?.();
    return this.#inferInline(request, turn, inputs, bytes);
  }

  async #inferLater(
    own: InferRequest | undefined,
    inputs: readonly Tensor[],
    options: InferOptions,
  ): Promise<Inference> {
    const arrived = performance.now();
    const turn = await this.#pool.take(options.signal);
    return this.#inferOffLoop(own ?? turn, turn, inputs, byteSize(inputs), arrived, options);
  }

  #inferInline(request: InferRequest, turn: InferRequest, inputs: readonly Tensor[], bytes: number): Inference {
    const begin = performance.now();
    try {
      request.setInputs(inputs);
      request.run();
      const ranMs = performance.now() - begin;
      this.#cost.record(ranMs, bytes);
      return this.#inference(request, turn, 0, ranMs);
    } catch (error) {
      throw this.#failed(request, turn, error);
    }
  }

  async #inferOffLoop(
    request: InferRequest,
    turn: InferRequest,
    inputs: readonly Tensor[],
    bytes: number,
    arrived: number,
    options: InferOptions,
  ): Promise<Inference> {
    let thread: number | undefined;
    try {
      thread = this.#threads.tryTake() ?? (await this.#threads.take(options.signal));
      options.onStart?.();
      const begin = performance.now();
      request.setInputs(inputs);
      await request.runOffLoop();
      const ranMs = performance.now() - begin;
      this.#cost.record(ranMs, bytes);
      return this.#inference(request, turn, begin - arrived, ranMs);
    } catch (error) {
      throw this.#failed(request, turn, error);
    } finally {
      if (thread !== undefined) this.#threads.give(thread);
    }
  }

  #inference(request: InferRequest, turn: InferRequest, waitedMs: number, ranMs: number): Inference {
    return { outputs: request.outputs(), waitedMs, ranMs, release: () => this.#giveBack(request, turn) };
  }

  #failed(request: InferRequest, turn: InferRequest, cause: unknown): ServingError {
    this.#giveBack(request, turn);
    return told(cause);
  }

  #giveBack(request: InferRequest, turn: InferRequest): void {
    request.clear();
    this.#pool.give(turn);
  }
}

function told(cause: unknown): ServingError {
  if (cause instanceof ServingError) return cause;
  return new ServingError('internal', 'Internal inference error', { cause });
}

function byteSize(tensors: readonly Tensor[]): number {
  let bytes = 0;
  for (const tensor of tensors) {
    if (tensor.precision !== 'STRING') bytes += tensor.data.byteLength;
    else bytes += totalLength(tensor.strings);
  }
  return bytes;
}
