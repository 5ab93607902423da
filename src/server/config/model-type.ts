import type { ModelConfig } from './model-config.ts';

/** Why models cannot be taken after those before: clients that know a model as stateful, or as not, cannot use it as the other. */
export function modelTypeChanges(before: readonly ModelConfig[], after: readonly ModelConfig[]): string[] {
  const types = new Map(before.map(({ name, options }) => [name, options.stateful !== undefined]));
  const changed = after.filter(({ name, options }) => types.get(name) === (options.stateful === undefined));
  return changed.map(
    ({ name }) =>
      `model_config_list: Model type cannot be changed after it is loaded - stateful of ${name}; take the model out of the file first, or give it another name`,
  );
}
