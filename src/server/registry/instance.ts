import type { LoadedModel } from '../engine/engine.ts';

/** A loaded version and those who use it. */
export class Instance {
  readonly name: string;
  readonly version: number;
  readonly model: LoadedModel;
  #pins = 0;
  #unpinned: (() => void) | undefined;

  constructor(name: string, version: number, model: LoadedModel) {
    this.name = name;
    this.version = version;
    this.model = model;
  }

  pin(): void {
    this.#pins++;
  }

  unpin(): void {
    this.#pins--;
    if (this.#pins === 0) this.#unpinned?.();
  }

  /** Resolves once nobody uses it. No one may pin it any more. */
  unpinned(): Promise<void> {
    if (this.#pins === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#unpinned = resolve;
    });
  }
}
