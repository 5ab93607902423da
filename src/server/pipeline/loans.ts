import type { Inference } from '../engine/engine.ts';
import type { TakeMemory } from '../model/inference.ts';
import { Session, type Sink } from './sessions.ts';

/** An inference whose outputs are being read where they lie. */
export class Loan {
  readonly readers = new Set<Sink>();
  readonly #inference: Inference;
  readonly #released: () => void;

  /** @param released called when it is */
  constructor(inference: Inference, released: () => void) {
    this.#inference = inference;
    this.#released = released;
  }

  /** To be called once. */
  release(): void {
    this.#inference.release();
    this.#released();
  }
}

/** The inferences that a request holds. Each is released once, as soon as nobody reads its outputs any more. */
export class Loans {
  readonly #loans = new Set<Loan>();

  /** @param released called when it is */
  begin(inference: Inference, released: () => void): Loan {
    const loan = new Loan(inference, released);
    this.#loans.add(loan);
    return loan;
  }

  /** Releases those that nobody reads. */
  sweep(): void {
    for (const loan of this.#loans) if (loan.readers.size === 0) this.#release(loan);
  }

  /**
   * Copies for readers that have not begun, and releases what nobody reads then.
   * @returns whether there were any
   * @throws what `take` throws
   */
  copyUnread(take: TakeMemory): boolean {
    let isAny = false;
    for (const loan of this.#loans) {
      for (const reader of loan.readers) {
        if (reader instanceof Session && reader.hasStarted) continue;
        isAny = true;
        reader.copyFrom(loan, take);
      }
    }
    this.sweep();
    return isAny;
  }

  releaseAll(): void {
    for (const loan of this.#loans) this.#release(loan);
  }

  #release(loan: Loan): void {
    this.#loans.delete(loan);
    loan.release();
  }
}
