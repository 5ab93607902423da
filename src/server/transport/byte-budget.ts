import { ServingError } from '../model/error.ts';

/** A bound on the bytes of the requests that are in work at a time. */
export class ByteBudget {
  readonly #most: number;
  #used = 0;

  /** @param most bytes; 0 for no bound */
  constructor(most: number) {
    this.#most = most === 0 ? Number.POSITIVE_INFINITY : most;
  }

  /**
   * @param bytes are in use until they are given back
   * @throws ServingError `resource-exhausted`; then none are
   */
  take(bytes: number): void {
    if (this.#used + bytes > this.#most) {
      throw new ServingError(
        'resource-exhausted',
        `Requests in work would exceed the memory quota of ${this.#most} bytes - In work: ${this.#used} bytes; this request: ${bytes} bytes`,
      );
    }
    this.#used += bytes;
  }

  give(bytes: number): void {
    this.#used -= bytes;
  }

  share(): BudgetShare {
    return new BudgetShare(this);
  }
}

/** What one request has taken, to be given back together. */
export class BudgetShare {
  readonly #budget: ByteBudget;
  #bytes = 0;

  constructor(budget: ByteBudget) {
    this.#budget = budget;
  }

  readonly take = (bytes: number): void => {
    this.#budget.take(bytes);
    this.#bytes += bytes;
  };

  giveBack(): void {
    this.#budget.give(this.#bytes);
    this.#bytes = 0;
  }
}
