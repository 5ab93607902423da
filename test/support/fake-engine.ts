import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine, Inference, InferOptions, LoadedModel, ModelState } from '../../src/server/engine/engine.ts';
import { portLayouts } from '../../src/server/engine/layout.ts';
import { RequestPool } from '../../src/server/engine/request-pool.ts';
import { newShapes } from '../../src/server/engine/reshape.ts';
import { ServingError } from '../../src/server/model/error.ts';
import type { Signature, TensorInfo } from '../../src/server/model/signature.ts';
import { bytesPerElement, type NumericPrecision, type Tensor } from '../../src/server/model/tensor.ts';
import type { LoadOptions } from '../../src/server/model/wanted.ts';
import { type Size, scalar } from './ir-model.ts';

interface Description {
  readonly precision: NumericPrecision;
  readonly shape: readonly Size[];
  readonly addend: number;
  /** Whether it adds its last sum as well: in FP32, the same for all elements. */
  readonly keeps?: boolean;
  /** The input's name, if that is not `b`. */
  readonly input?: string;
}

/** Writes a model of the fake engine: it adds a constant to its input `b` and calls the sum `a`. */
export function writeFakeModel(folder: string, description: Description): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'model.json'), JSON.stringify(description));
}

/** An engine of a few lines, which passes the suite of the real ones. Loads can be held up, and asked about. */
export class FakeEngine implements Engine {
  readonly description = 'fake';
  /** Called before each load; what it throws is the load's failure. */
  beforeLoad: (directory: string) => Promise<void> = async () => {};
  /** Models that are loaded now. */
  open = 0;
  readonly #mostWaiting: number;

  constructor(mostWaiting = 16) {
    this.#mostWaiting = mostWaiting;
  }

  async load(directory: string, options: LoadOptions): Promise<LoadedModel> {
    let description: Description;
    try {
      await this.beforeLoad(directory);
      description = JSON.parse(readFileSync(join(directory, 'model.json'), 'utf8'));
    } catch (error) {
      throw new ServingError('failed-precondition', `Cannot read the model - ${(error as Error).message}`, {
        cause: error,
      });
    }
    const info = infoOf(description, options);
    this.open++;
    return new FakeModel(description, info, options.inferRequests || 1, this.#mostWaiting, () => this.open--);
  }

  async close(): Promise<void> {
    if (this.open !== 0) throw new Error(`${this.open} models are still loaded`);
  }
}

interface State {
  last: number;
}

class FakeModel implements LoadedModel {
  readonly signature: Signature;
  readonly inferRequests: number;
  readonly streams = 1;
  openStates = 0;
  readonly #addend: number;
  readonly #keeps: boolean;
  /** That of inferences without one of their own. */
  readonly #shared: State = { last: 0 };
  readonly #pool: RequestPool<number>;
  readonly #closed: () => void;

  constructor(
    { addend, keeps = false }: Description,
    info: TensorInfo,
    requests: number,
    mostWaiting: number,
    closed: () => void,
  ) {
    this.signature = { inputs: [info], outputs: [{ ...info, name: 'a' }] };
    this.inferRequests = requests;
    this.#addend = addend;
    this.#keeps = keeps;
    this.#pool = new RequestPool(
      Array.from({ length: requests }, (_, i) => i),
      mostWaiting,
    );
    this.#closed = closed;
  }

  get inUse(): number {
    return this.#pool.inUse;
  }

  get waiting(): number {
    return this.#pool.waiting;
  }

  infer(inputs: readonly Tensor[], options: InferOptions): Inference | Promise<Inference> {
    return this.#infer(this.#shared, inputs, options);
  }

  async openState({ signal }: Pick<InferOptions, 'signal'>): Promise<ModelState> {
    this.#pool.give(await this.#pool.take(signal));
    const state = { last: 0 };
    this.openStates++;
    return {
      infer: (inputs, options) => this.#infer(state, inputs, options),
      close: () => {
        this.openStates--;
      },
    };
  }

  async rehearse(inputs: readonly Tensor[]): Promise<void> {
    (await this.infer(inputs, {})).release();
  }

  async close(): Promise<void> {
    await this.#pool.drain();
    this.#closed();
  }

  #infer(state: State, [input]: readonly Tensor[], options: InferOptions): Inference | Promise<Inference> {
    const request = this.#pool.tryTake();
    if (request !== undefined) return this.#run(state, input!, request, 0, options);
    const arrived = performance.now();
    return this.#pool
      .take(options.signal)
      .then((taken) => this.#run(state, input!, taken, performance.now() - arrived, options));
  }

  /** Sums of zeros and the addend, or of the first element where it keeps the last sum: all that the tests ask for. */
  #run(state: State, input: Tensor, request: number, waitedMs: number, options: InferOptions): Inference {
    const begin = performance.now();
    options.onStart?.();
    if (input.precision === 'STRING') throw new Error('the fake engine computes with numbers');
    const count = input.data.byteLength / bytesPerElement[input.precision];
    if (this.#keeps) state.last += this.#addend + Buffer.from(input.data).readFloatLE();
    const sum = scalar(input.precision, this.#keeps ? state.last : this.#addend);
    const data = Buffer.concat(Array.from({ length: count }, () => sum));
    const tensor: Tensor = { precision: input.precision, shape: input.shape, data: new Uint8Array(data) };
    const ranMs = performance.now() - begin;
    return { outputs: [{ name: 'a', tensor }], waitedMs, ranMs, release: () => this.#pool.give(request) };
  }
}

/** The input, in the layout and shape that are asked for. It transposes nothing. @throws ServingError */
function infoOf({ precision, shape, input = 'b' }: Description, { layouts, reshape }: LoadOptions): TensorInfo {
  const port = { name: input, shape: shape.map(dimension) };
  const [layout] = portLayouts(layouts, [port], [{ ...port, name: 'a' }], new Map()).inputs;
  const info = { ...port, precision, layout: layout!.seen };
  const wanted = reshape && newShapes(reshape, [info]).get(0);
  return wanted ? { ...info, shape: wanted } : info;
}

function dimension(size: Size) {
  if (typeof size === 'number') return size < 0 ? { min: 0, max: Number.POSITIVE_INFINITY } : { min: size, max: size };
  const [min, max] = size.split('..').map(Number);
  return { min: min!, max: max! };
}
