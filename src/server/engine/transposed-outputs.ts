import { bytesPerElement, type NumericTensor, type Shape, type Tensor } from '../model/tensor.ts';
import type { Inference, InferOptions, LoadedModel, ModelState } from './engine.ts';

/** For each output, in the order of the signature, where its dimensions stand in what the model gives; undefined for the same order. */
export type Transpositions = readonly (readonly number[] | undefined)[];

/**
 * A model whose outputs clients see in other layouts than it gives. The runtimes' interfaces transpose inputs only.
 * @param model whose signature tells its outputs as it gives them
 */
export function withTransposedOutputs(
  model: LoadedModel,
  transpositions: Transpositions,
  layouts: readonly string[],
): LoadedModel {
  return transpositions.some((places) => places) ? new TransposedOutputs(model, transpositions, layouts) : model;
}

class TransposedOutputs implements LoadedModel {
  readonly signature: LoadedModel['signature'];
  readonly #model: LoadedModel;
  readonly #transpositions: Transpositions;

  constructor(model: LoadedModel, transpositions: Transpositions, layouts: readonly string[]) {
    this.#model = model;
    this.#transpositions = transpositions;
    const { inputs, outputs } = model.signature;
    this.signature = {
      inputs,
      outputs: outputs.map((info, i) => {
        const shape = info.shape && (transpositions[i]?.map((place) => info.shape![place]!) ?? info.shape);
        return { ...info, shape, layout: layouts[i]! };
      }),
    };
  }

  get inferRequests(): number {
    return this.#model.inferRequests;
  }

  get streams(): number {
    return this.#model.streams;
  }

  get inUse(): number {
    return this.#model.inUse;
  }

  get waiting(): number {
    return this.#model.waiting;
  }

  infer(inputs: readonly Tensor[], options: InferOptions): Inference | Promise<Inference> {
    return this.#soonSeen(this.#model.infer(inputs, options));
  }

  rehearse(inputs: readonly Tensor[]): Promise<void> {
    return this.#model.rehearse(inputs);
  }

  async openState(options: Pick<InferOptions, 'signal'>): Promise<ModelState> {
    const state = await this.#model.openState(options);
    return {
      infer: (inputs, inferOptions) => this.#soonSeen(state.infer(inputs, inferOptions)),
      close: () => state.close(),
    };
  }

  close(): Promise<void> {
    return this.#model.close();
  }

  #soonSeen(inference: Inference | Promise<Inference>): Inference | Promise<Inference> {
    return inference instanceof Promise ? inference.then((ready) => this.#seen(ready)) : this.#seen(inference);
  }

  #seen(inference: Inference): Inference {
    const outputs = inference.outputs.map(({ name, tensor }, i) => {
      const places = this.#transpositions[i];
      return { name, tensor: places && tensor.precision !== 'STRING' ? transposed(tensor, places) : tensor };
    });
    return { outputs, waitedMs: inference.waitedMs, ranMs: inference.ranMs, release: () => inference.release() };
  }
}

/**
 * @param places for each dimension to be, where it stands now
 * @returns a view of the same memory, if none but dimensions of size 1 change their places
 */
export function transposed({ precision, shape, data }: NumericTensor, places: readonly number[]): NumericTensor {
  const to = places.map((place) => shape[place]!);
  const moving = places.filter((place) => shape[place] !== 1);
  const isInOrder = moving.every((place, i) => i === 0 || place > moving[i - 1]!);
  if (isInOrder || data.byteLength === 0) return { precision, shape: to, data };
  const bytes = new Uint8Array(new ArrayBuffer(data.byteLength));
  const size = bytesPerElement[precision];
  // Elements of eight bytes go as pairs: as numbers they could lose bits.
  const pair = size === 8 ? [2] : [];
  const Elements = size === 1 ? Uint8Array : size === 2 ? Uint16Array : Uint32Array;
  const strides = stridesOf([...shape, ...pair]);
  const steps = [...places.map((place) => strides[place]!), ...pair.map(() => 1)];
  // The runtime's own memory is aligned.
  const source = new Elements(
    data.buffer as ArrayBuffer,
    data.byteOffset,
    data.byteLength / Elements.BYTES_PER_ELEMENT,
  );
  copyTransposed(source, new Elements(bytes.buffer), [...to, ...pair], steps);
  return { precision, shape: to, data: bytes };
}

type Elements = Uint8Array | Uint16Array | Uint32Array;

/** Walks through the target in order; `steps` say how far each of its dimensions leads in the source. */
function copyTransposed(source: Elements, target: Elements, sizes: Shape, steps: readonly number[]): void {
  const last = sizes.length - 1;
  const width = sizes[last]!;
  const step = steps[last]!;
  const at = sizes.map(() => 0);
  let from = 0;
  for (let row = 0; row < target.length; row += width) {
    for (let i = 0, place = from; i < width; i++, place += step) target[row + i] = source[place]!;
    for (let dimension = last - 1; dimension >= 0; dimension--) {
      from += steps[dimension]!;
      if (++at[dimension]! < sizes[dimension]!) break;
      from -= steps[dimension]! * sizes[dimension]!;
      at[dimension] = 0;
    }
  }
}

function stridesOf(shape: Shape): number[] {
  const strides = shape.map(() => 1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = strides[i + 1]! * shape[i + 1]!;
  return strides;
}
