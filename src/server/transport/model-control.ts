/** Orders to change what is served, as protocols have them. Each is done when its promise resolves. */
export interface ModelControl {
  /**
   * Reads config file and folders now.
   * @returns whether the config says something else than before
   * @throws ServingError `failed-precondition` with what is wrong with it
   */
  reload(): Promise<boolean>;
  /**
   * From now on these models and no others, until the config file changes.
   * @param models as `model_config_list` of a config.json has them
   * @throws ServingError `invalid-argument` with all that is wrong with them; `failed-precondition` if one has no version that
   *   loads, or the server does not serve by a config
   */
  replace(models: readonly object[]): Promise<void>;
  /**
   * Looks for versions of a model now, and loads them, also if it was unloaded.
   * @throws ServingError `servable-not-found`; `failed-precondition` if none of them loads
   */
  load(name: string): Promise<void>;
  /**
   * Takes a model out of service until it is loaded, or a change of the config names it anew. Resolves when no request finds it any more.
   * @throws ServingError `servable-not-found`
   */
  unload(name: string): Promise<void>;
}
