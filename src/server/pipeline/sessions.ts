import type { TakeMemory } from '../model/inference.ts';
import type { Tensor } from '../model/tensor.ts';
import type { Loan } from './loans.ts';
import { copyOf, Gathering } from './shards.ts';

/** One shard of a demultiplexer, and where that was split; or all of a request. */
export interface Scope {
  readonly parent: Scope | undefined;
  /** Which of how many; 0 of 1 for the request. */
  readonly index: number;
  readonly count: number;
  /** Of nodes that run here and have some of their inputs, by their places. */
  readonly sessions: Map<number, Session>;
}

export function scopeWithin(parent: Scope | undefined, index: number, count: number): Scope {
  return { parent, index, count, sessions: new Map() };
}

/** Which of how many a shard is, within so many demultiplexers; the counts are outermost first. */
export function placeWithin(scope: Scope, depth: number): { index: number; counts: number[] } {
  const counts: number[] = [];
  let index = 0;
  let scale = 1;
  let at: Scope = scope;
  for (let i = 0; i < depth; i++) {
    counts.unshift(at.count);
    index += at.index * scale;
    scale *= at.count;
    at = at.parent!;
  }
  return { index, counts };
}

/** What tensors go into: they may lie in the memory of an inference until someone asks for that back. */
export class Sink {
  readonly tensors: (Tensor | undefined)[];
  /** How many of the tensors have not come. */
  missing: number;
  readonly #loans: { readonly place: number; readonly lender: Loan }[] = [];
  readonly #gatherings = new Map<number, Gathering>();

  constructor(size: number) {
    this.tensors = new Array<Tensor | undefined>(size).fill(undefined);
    this.missing = size;
  }

  /** Whether any tensor lies in the memory of an inference. */
  get borrows(): boolean {
    return this.#loans.length > 0;
  }

  put(place: number, tensor: Tensor, lender?: Loan): void {
    this.tensors[place] = tensor;
    this.missing--;
    // Strings have been copied already.
    if (!lender || tensor.precision === 'STRING') return;
    this.#loans.push({ place, lender });
    lender.readers.add(this);
  }

  /**
   * Puts a shard where all of them are to make one tensor.
   * @param counts how many there are
   * @param where they go, for the text of an error
   * @throws ServingError `failed-precondition` if it is not like those before
   */
  gather(
    place: number,
    shard: Tensor,
    index: number,
    counts: readonly number[],
    where: string,
    take: TakeMemory,
  ): void {
    let gathering = this.#gatherings.get(place);
    if (!gathering) {
      gathering = new Gathering(counts, where, take);
      this.#gatherings.set(place, gathering);
    }
    gathering.put(index, shard);
    if (!gathering.isFull) return;
    this.#gatherings.delete(place);
    this.put(place, gathering.tensor());
  }

  /** Has tensors of its own instead of those that lie in the memory of this inference. */
  copyFrom(lender: Loan, take: TakeMemory): void {
    for (let i = this.#loans.length - 1; i >= 0; i--) {
      const { place, lender: of } = this.#loans[i]!;
      if (of !== lender) continue;
      this.tensors[place] = copyOf(this.tensors[place]!, take);
      this.#loans.splice(i, 1);
    }
    lender.readers.delete(this);
  }

  /** Has read all that it has. */
  giveBack(): void {
    for (const { lender } of this.#loans) lender.readers.delete(this);
    this.#loans.length = 0;
  }
}

/** A node that runs once, or is to. */
export class Session extends Sink {
  readonly node: number;
  readonly scope: Scope;
  hasStarted = false;

  constructor(node: number, inputs: number, scope: Scope) {
    super(inputs);
    this.node = node;
    this.scope = scope;
  }
}
