import { ServingError } from '../model/error.ts';
import type { TakeMemory } from '../model/inference.ts';
import { printShape } from '../model/signature.ts';
import { stringAt, stringsOf, totalLength } from '../model/strings.ts';
import { bytesPerElement, elementCount, type Shape, type StringTensor, type Tensor } from '../model/tensor.ts';
import type { Described } from './shapes.ts';

/** A view of the i-th of what a tensor has along its first dimension. */
export function shardOf(tensor: Tensor, i: number): Tensor {
  const shape = tensor.shape.slice(1);
  if (tensor.precision === 'STRING') {
    const { bytes, ranges } = tensor.strings;
    const count = 2 * elementCount(shape)!;
    return { ...tensor, shape, strings: { bytes, ranges: ranges.subarray(i * count, (i + 1) * count) } };
  }
  const size = tensor.data.byteLength / tensor.shape[0]!;
  return { precision: tensor.precision, shape, data: tensor.data.subarray(i * size, (i + 1) * size) };
}

/** A tensor of no elements: no shards, of which at least so much is known. */
export function noShards({ precision, shape }: Described, counts: Shape): Tensor {
  const sizes = [...counts, ...(shape ?? []).map(({ min }) => min)];
  if (precision === 'STRING') return { precision, shape: sizes, strings: stringsOf([]) };
  return { precision, shape: sizes, data: new Uint8Array(0) };
}

/** A tensor of no elements, where there might have been one for each of so many shards; its first dimension is 0. */
export function noTensor({ precision, shape, layout }: Described, counts: Shape): Tensor {
  if (counts.length > 0) return noShards({ precision, shape, layout }, counts.with(0, 0));
  return noShards({ precision, shape: shape?.slice(1), layout }, [0]);
}

/** The same tensor in memory that is nobody else's. */
export function copyOf(tensor: Tensor, take: TakeMemory): Tensor {
  // Strings have been copied from the runtime already.
  if (tensor.precision === 'STRING') return tensor;
  take(tensor.data.byteLength);
  return { ...tensor, data: Uint8Array.from(tensor.data) };
}

/** Shards on their way to becoming one tensor. Each is copied to its place when it comes. */
export class Gathering {
  readonly #counts: Shape;
  readonly #total: number;
  readonly #take: TakeMemory;
  readonly #where: string;
  #missing: number;
  #first: Tensor | undefined;
  #data: Uint8Array = new Uint8Array(0);
  #strings: StringTensor[] = [];

  /**
   * @param counts how many there are, for each dimension that they get
   * @param where they go, for the text of an error
   */
  constructor(counts: Shape, where: string, take: TakeMemory) {
    this.#counts = counts;
    this.#total = elementCount(counts)!;
    this.#missing = this.#total;
    this.#where = where;
    this.#take = take;
  }

  get isFull(): boolean {
    return this.#missing === 0;
  }

  /** @throws ServingError `failed-precondition` if it is not like the others */
  put(index: number, shard: Tensor): void {
    const first = this.#first ?? this.#begin(shard);
    const isAlike = first.precision === shard.precision && first.shape.join() === shard.shape.join();
    if (!isAlike) {
      const print = ({ precision, shape }: Tensor) => `${precision} ${printShape(shape)}`;
      throw new ServingError(
        'failed-precondition',
        `Gathered tensor shards dimensions are different - ${this.#where}; Expected: ${print(first)}; Actual: ${print(shard)}`,
      );
    }
    if (shard.precision === 'STRING') this.#strings[index] = shard;
    else this.#data.set(shard.data, index * shard.data.byteLength);
    this.#missing--;
  }

  /** All of them in one; to be asked for when they are all there. */
  tensor(): Tensor {
    const { precision, shape } = this.#first!;
    const sizes = [...this.#counts, ...shape];
    if (precision !== 'STRING') return { precision, shape: sizes, data: this.#data };
    const list = this.#strings.flatMap(({ strings }) =>
      Array.from({ length: strings.ranges.length / 2 }, (_, i) => stringAt(strings, i)),
    );
    for (const { strings } of this.#strings) this.#take(totalLength(strings) + strings.ranges.byteLength);
    return { precision, shape: sizes, strings: stringsOf(list) };
  }

  #begin(shard: Tensor): Tensor {
    // What is remembered must not be in memory that is given back.
    this.#first =
      shard.precision === 'STRING' ? shard : { precision: shard.precision, shape: shard.shape, data: this.#data };
    if (shard.precision !== 'STRING') {
      const bytes = this.#total * elementCount(shard.shape)! * bytesPerElement[shard.precision];
      this.#take(bytes);
      this.#data = Buffer.allocUnsafe(bytes);
    }
    return this.#first;
  }
}
