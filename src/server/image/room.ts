import type { TakeMemory } from '../model/inference.ts';

/** Memory that comes and goes while a request is worked on. The request is charged for as much as it had at a time. */
export class Room {
  readonly #take: TakeMemory;
  #charged = 0;
  #used = 0;

  constructor(take: TakeMemory) {
    this.#take = take;
  }

  /** @throws what `TakeMemory` throws; then nothing is taken */
  take(bytes: number): void {
    const more = this.#used + bytes - this.#charged;
    if (more > 0) {
      this.#take(more);
      this.#charged += more;
    }
    this.#used += bytes;
  }

  give(bytes: number): void {
    this.#used -= bytes;
  }
}
