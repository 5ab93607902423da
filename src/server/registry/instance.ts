import type { LoadedModel } from '../engine/engine.ts';
import type { Fetched } from '../model/wanted.ts';

/** A loaded version and those who use it. */
export class Instance {
  readonly name: string;
  readonly version: number;
  readonly model: LoadedModel;
  /** What it was loaded from, if that was fetched for it. */
  readonly #files: Fetched | undefined;
  #pins = 0;
  #unpinned: (() => void) | undefined;

  constructor(name: string, version: number, model: LoadedModel, files: Fetched | undefined) {
    this.name = name;
    this.version = version;
    this.model = model;
    this.#files = files;
  }

  pin(): void {
    this.#pins++;
  }

  unpin(): void {
    this.#pins--;
    if (this.#pins === 0) this.#unpinned?.();
  }

  /** Gives back the model, and the files that it was loaded from. */
  async close(): Promise<void> {
    try {
      await this.model.close();
    } finally {
      this.#files?.release();
    }
  }

  /** Resolves once nobody uses it. No one may pin it any more. */
  unpinned(): Promise<void> {
    if (this.#pins === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#unpinned = resolve;
    });
  }
}
