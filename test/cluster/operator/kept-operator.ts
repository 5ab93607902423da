import type { ControlPlane } from '../control-plane.ts';
import { type OperatorOptions, OperatorProcess } from './operator-process.ts';

/** An operator that is started again whenever it ends, as a kubelet does, but at once. */
export class KeptOperator {
  /** How each process before the current one ended, oldest first: its exit code or signal. */
  readonly ends: (number | NodeJS.Signals)[] = [];
  readonly #start: () => Promise<OperatorProcess>;
  #current: OperatorProcess;
  #running: Promise<void>;
  #isOver = false;

  private constructor(first: OperatorProcess, start: () => Promise<OperatorProcess>) {
    this.#current = first;
    this.#start = start;
    this.#running = this.#keep();
  }

  static async start(plane: ControlPlane, options: OperatorOptions): Promise<KeptOperator> {
    const start = () => OperatorProcess.start(plane, options);
    return new KeptOperator(await start(), start);
  }

  /** The one that runs now, or has ended just now. */
  get current(): OperatorProcess {
    return this.#current;
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#current.kill();
    await this.#running;
  }

  async #keep(): Promise<void> {
    for (;;) {
      const end = await this.#current.exited();
      if (this.#isOver) return;
      this.ends.push(end);
      this.#current = await this.#start();
      // It may have been told to stop meanwhile.
      if (this.#isOver) await this.#current.kill();
    }
  }
}
