import { ServingError } from '../../model/error.ts';
import type { Signature } from '../../model/signature.ts';
import { totalLength } from '../../model/strings.ts';
import type { Tensor } from '../../model/tensor.ts';
import type { Inference, InferOptions, LoadedModel } from '../engine.ts';
import { RequestPool } from '../request-pool.ts';
import { Cost } from './cost.ts';
import type { InferRequest } from './infer-request.ts';

/** A compiled model and its infer requests. */
export class OpenVinoModel implements LoadedModel {
  readonly signature: Signature;
  readonly inferRequests: number;
  readonly streams: number;
  readonly #pool: RequestPool<InferRequest>;
  readonly #threads: RequestPool<number>;
  readonly #cost = new Cost();
  readonly #free: () => Promise<unknown>;

  /**
   * @param threads what an inference off the event loop needs one of: those of the process that are left for inference
   * @param free gives the compiled model back, after its requests; off the event loop, since large memory takes its time
   */
  constructor(
    signature: Signature,
    requests: readonly InferRequest[],
    streams: number,
    mostWaiting: number,
    threads: RequestPool<number>,
    free: () => Promise<unknown>,
  ) {
    this.signature = signature;
    this.inferRequests = requests.length;
    this.streams = streams;
    this.#pool = new RequestPool(requests, mostWaiting);
    this.#threads = threads;
    this.#free = free;
  }

  get inUse(): number {
    return this.#pool.inUse;
  }

  get waiting(): number {
    return this.#pool.waiting;
  }

  infer(inputs: readonly Tensor[], options: InferOptions): Inference | Promise<Inference> {
    const request = this.#pool.tryTake();
    if (!request) return this.#inferLater(inputs, options);
    const bytes = byteSize(inputs);
    if (!this.#cost.isInline(bytes)) return this.#inferOffLoop(request, inputs, bytes, performance.now(), options);
    options.onStart?.();
    return this.#inferInline(request, inputs, bytes);
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
      this.#giveBack(request);
    } catch (error) {
      throw this.#failed(request, error);
    }
  }

  async close(): Promise<void> {
    for (const request of await this.#pool.drain()) request.free();
    await this.#free();
  }

  async #inferLater(inputs: readonly Tensor[], options: InferOptions): Promise<Inference> {
    const arrived = performance.now();
    const request = await this.#pool.take(options.signal);
    return this.#inferOffLoop(request, inputs, byteSize(inputs), arrived, options);
  }

  #inferInline(request: InferRequest, inputs: readonly Tensor[], bytes: number): Inference {
    const begin = performance.now();
    try {
      request.setInputs(inputs);
      request.run();
      const ranMs = performance.now() - begin;
      this.#cost.record(ranMs, bytes);
      return this.#inference(request, 0, ranMs);
    } catch (error) {
      throw this.#failed(request, error);
    }
  }

  async #inferOffLoop(
    request: InferRequest,
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
      return this.#inference(request, begin - arrived, ranMs);
    } catch (error) {
      throw this.#failed(request, error);
    } finally {
      if (thread !== undefined) this.#threads.give(thread);
    }
  }

  #inference(request: InferRequest, waitedMs: number, ranMs: number): Inference {
    return { outputs: request.outputs(), waitedMs, ranMs, release: () => this.#giveBack(request) };
  }

  #failed(request: InferRequest, cause: unknown): ServingError {
    this.#giveBack(request);
    if (cause instanceof ServingError) return cause;
    return new ServingError('internal', 'Internal inference error', { cause });
  }

  #giveBack(request: InferRequest): void {
    request.clear();
    this.#pool.give(request);
  }
}

function byteSize(tensors: readonly Tensor[]): number {
  let bytes = 0;
  for (const tensor of tensors) {
    if (tensor.precision !== 'STRING') bytes += tensor.data.byteLength;
    else bytes += totalLength(tensor.strings);
  }
  return bytes;
}
