import type { Inference, InferOptions } from '../../src/server/engine/engine.ts';
import { RequestPool } from '../../src/server/engine/request-pool.ts';
import { ServingError } from '../../src/server/model/error.ts';
import type { Signature } from '../../src/server/model/signature.ts';
import type { Tensor } from '../../src/server/model/tensor.ts';

export interface ArithmeticOptions {
  /** How many inferences run at a time. */
  readonly inferRequests?: number;
  /** How many wait beside them. */
  readonly mostWaiting?: number;
  /** Answers later, by a promise. */
  readonly isSlow?: boolean;
  readonly compute?: (inputs: readonly Float32Array[]) => Float32Array;
  /** The shape of the output; that of the first input unless given. */
  readonly shapeOf?: (inputs: readonly Tensor[]) => readonly number[];
}

/** Adds its inputs, element by element, and 1. Its outputs turn to nonsense once their inference is released. */
export class ArithmeticModel {
  readonly signature: Signature;
  readonly inferRequests: number;
  readonly streams = 1;
  /** Inferences that have begun, and not been released. */
  held = 0;
  /** The most that were at once. */
  mostHeld = 0;
  ran = 0;
  /** Awaited before each inference that is slow. */
  beforeEach: () => Promise<void> = async () => {};
  failure: Error | undefined;
  readonly #pool: RequestPool<number>;
  readonly #isSlow: boolean;
  readonly #shapeOf: (inputs: readonly Tensor[]) => readonly number[];
  readonly #compute: (inputs: readonly Float32Array[]) => Float32Array;

  constructor(signature: Signature, options: ArithmeticOptions = {}) {
    const { inferRequests = 2, mostWaiting = 8, isSlow = false, compute = sumAndOne } = options;
    this.#shapeOf = options.shapeOf ?? (([first]) => first!.shape);
    this.signature = signature;
    this.inferRequests = inferRequests;
    this.#isSlow = isSlow;
    this.#compute = compute;
    this.#pool = new RequestPool([...Array(inferRequests).keys()], mostWaiting);
  }

  get inUse(): number {
    return this.#pool.inUse;
  }

  get waiting(): number {
    return this.#pool.waiting;
  }

  infer(inputs: readonly Tensor[], { signal, onStart }: InferOptions): Inference | Promise<Inference> {
    const request = this.#isSlow ? undefined : this.#pool.tryTake();
    if (request !== undefined) {
      onStart?.();
      return this.#run(inputs, request);
    }
    return this.#pool.take(signal).then(async (taken) => {
      onStart?.();
      await this.beforeEach();
      return this.#run(inputs, taken);
    });
  }

  #run(inputs: readonly Tensor[], request: number): Inference {
    if (this.failure) {
      this.#pool.give(request);
      throw this.failure;
    }
    this.ran++;
    this.held++;
    this.mostHeld = Math.max(this.mostHeld, this.held);
    const values = this.#compute(inputs.map(floatsOf));
    const [info] = this.signature.outputs;
    const data = new Uint8Array(values.buffer);
    let isReleased = false;
    const release = () => {
      if (isReleased) throw new Error('an inference was released twice');
      isReleased = true;
      data.fill(0xff);
      this.held--;
      this.#pool.give(request);
    };
    const shape = this.#shapeOf(inputs);
    return {
      outputs: [{ name: info!.name, tensor: { precision: 'FP32', shape, data } }],
      waitedMs: 0,
      ranMs: 0,
      release,
    };
  }
}

function sumAndOne(inputs: readonly Float32Array[]): Float32Array {
  return inputs[0]!.map((_, i) => inputs.reduce((sum, input) => sum + input[i]!, 1));
}

export function floatsOf(tensor: Tensor): Float32Array {
  if (tensor.precision !== 'FP32') throw new ServingError('internal', `it is ${tensor.precision}`);
  return new Float32Array(Uint8Array.from(tensor.data).buffer);
}

export function floatTensor(values: readonly number[], ...shape: number[]): Tensor {
  return { precision: 'FP32', shape, data: new Uint8Array(Float32Array.from(values).buffer) };
}
