import type { ModelConfig } from '../config/model-config.ts';
import { ServingError } from '../model/error.ts';
import { ConfigWatch } from '../source/config-watch.ts';
import type { Repositories } from '../source/repositories.ts';
import type { WatchOptions } from '../source/watch-options.ts';

/** What says which models are to be served: the command line, or a config file. */
export interface ModelSource {
  /**
   * Resolves when it is known which versions of which models there are.
   * @returns what is wrong with the config file, if anything is
   */
  start(): Promise<readonly string[]>;
  /** Why what the config file says now is not in force. */
  readonly problems: () => readonly string[];
  /** The revision of what it says, if that has problems. */
  readonly refused: () => string | undefined;
  /** Reads what configures the models now. Resolves to whether that has changed. @throws ServingError if it is wrong */
  reload(): Promise<boolean>;
  /**
   * From now on these models, until the config file changes. Resolves when they have been looked at, to their names.
   * @param entries as `model_config_list` has them
   * @throws ServingError
   */
  replace(entries: readonly object[]): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** The one model of the command line. */
export function singleModel(model: ModelConfig, repositories: Repositories): ModelSource {
  return {
    async start() {
      await repositories.configure([model]);
      return [];
    },
    problems: () => [],
    refused: () => undefined,
    reload: async () => false,
    async replace() {
      throw new ServingError(
        'failed-precondition',
        'The server serves the one model of its command line - start it with --config_path to change its models while it runs',
      );
    },
    stop: async () => {},
  };
}

export interface ConfigFileOptions {
  /** Called with each config that is in force. */
  readonly configured: ConstructorParameters<typeof ConfigWatch>[2];
  readonly repositories: Repositories;
  readonly watchOptions: WatchOptions;
}

/** The models of a config file, and of those who say others meanwhile. */
export function configFile(path: string, { configured, repositories, watchOptions }: ConfigFileOptions): ModelSource {
  const config = new ConfigWatch(path, watchOptions, configured);
  return {
    async start() {
      await config.start();
      return config.problems;
    },
    problems: () => config.problems,
    refused: () => config.refused,
    async reload() {
      const isChanged = await config.reload();
      if (config.problems.length === 0) return isChanged;
      const text = 'Reloading config file failed. Check server logs for more info.';
      throw new ServingError('failed-precondition', `${text} - ${config.problems.join('; ')}`);
    },
    async replace(entries) {
      const { models, problems } = config.replacement(entries);
      if (problems) throw new ServingError('invalid-argument', `The models cannot be served - ${problems.join('; ')}`);
      // Whoever names all models names those anew that had been unloaded.
      repositories.forgetUnloads();
      await config.replace(models);
      return models.map(({ name }) => name);
    },
    stop: () => config.stop(),
  };
}
