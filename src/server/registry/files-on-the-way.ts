import type { Fetched, WantedVersion } from '../model/wanted.ts';

/** Files that are fetched for one load of a version: on their way, then here, until the load takes them or nobody wants them. */
export class FilesOnTheWay {
  readonly identity: string;
  /** Whether they are fetched for a first try of these very files. */
  readonly isFirstTry: boolean;
  readonly #aborted = new AbortController();
  #fetched: Fetched | undefined;

  constructor(identity: string, isFirstTry: boolean) {
    this.identity = identity;
    this.isFirstTry = isFirstTry;
  }

  get here(): boolean {
    return this.#fetched !== undefined;
  }

  /**
   * Resolves when they are here.
   * @returns false if they have been let go of meanwhile
   * @throws why they cannot be had
   */
  async fetch({ fetch }: WantedVersion): Promise<boolean> {
    const { signal } = this.#aborted;
    try {
      const fetched = await fetch!(signal);
      if (signal.aborted) fetched.release();
      else this.#fetched = fetched;
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    return !signal.aborted;
  }

  /** They belong to a load from now on, which lets go of them. */
  take(): Fetched | undefined {
    const fetched = this.#fetched;
    this.#fetched = undefined;
    return fetched;
  }

  /** Nobody wants them any more: what is on its way is not waited for. */
  letGo(): void {
    this.#aborted.abort(new Error('The version is no longer wanted'));
    this.take()?.release();
  }
}
