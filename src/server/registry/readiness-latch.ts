/**
 * Whether requests may be sent to the server as a whole. Until it has once been ready, each required model has to have a version
 * available; from then on, each that has had one since it is wanted: what a change of the config adds does not turn a server away
 * that serves everything else.
 */
export class ReadinessLatch {
  #isReady = false;
  #wasReady = false;
  /** Models that have had a version available since they are wanted. */
  #available = new Set<string>();

  get isReady(): boolean {
    return this.#isReady;
  }

  /** To be called at every change of either: what lies between two calls counts as never having been. */
  update(wanted: ReadonlyMap<string, { readonly required: boolean }>, served: { has(name: string): boolean }): void {
    this.#available = new Set([...wanted.keys()].filter((name) => served.has(name) || this.#available.has(name)));
    this.#isReady = [...wanted].every(
      ([name, { required }]) => !required || served.has(name) || (this.#wasReady && !this.#available.has(name)),
    );
    this.#wasReady ||= this.#isReady;
  }
}
