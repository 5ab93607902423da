/** How many ModelServers that serve may have their pods replaced at a time: so many in any case, and one of so many of all. */
const least = 5;
const oneOf = 10;

/**
 * Where not the users but the operator wants other pods (another image of the server for those that name none), ModelServers take
 * turns: all together would need up to twice the room. A turn ends when the ModelServer serves again, so that what does not
 * work at all goes no further than the first of them. A process that has just begun knows of no turns that are under way.
 */
export class UpgradeTurns {
  readonly #underWay = new Set<string>();

  /**
   * Whether the pods may be replaced now.
   * @param isServing what does not serve has nothing to lose, and may be mended by it: it waits for nobody
   * @param population how many ModelServers there are
   */
  take(key: string, isServing: boolean, population: number): boolean {
    if (!isServing || this.#underWay.has(key)) return true;
    if (this.#underWay.size >= Math.max(least, population / oneOf)) return false;
    this.#underWay.add(key);
    return true;
  }

  /** It serves, is gone, or somebody has stopped it. */
  end(key: string): void {
    this.#underWay.delete(key);
  }
}
