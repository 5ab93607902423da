/**
 * Milliseconds up to which an inference runs on the calling thread. Handing it to another thread and back costs about 0.1 ms of
 * CPU; waiting a millisecond is what a health probe or another client's request does not notice.
 */
const inlineBelow = 1;

/** How much the newest measurement weighs. */
const weight = 0.1;

/** What a model's inference costs, learnt as it serves: some models' time grows with their inputs. */
export class Cost {
  #milliseconds: number | undefined;
  #bytes = 0;

  /** Whether an inference over so many bytes of input is quick enough to run on the calling thread. */
  isInline(bytes: number): boolean {
    if (this.#milliseconds === undefined) return false;
    const growth = bytes > this.#bytes ? bytes / Math.max(this.#bytes, 1024) : 1;
    return this.#milliseconds * Math.max(growth, 1) < inlineBelow;
  }

  record(milliseconds: number, bytes: number): void {
    if (this.#milliseconds === undefined) {
      this.#milliseconds = milliseconds;
      this.#bytes = bytes;
      return;
    }
    this.#milliseconds += weight * (milliseconds - this.#milliseconds);
    this.#bytes += weight * (bytes - this.#bytes);
  }
}
