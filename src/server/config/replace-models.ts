import type { ModelConfig } from './model-config.ts';
import { modelTypeChanges } from './model-type.ts';
import { readModelList } from './parse-config.ts';
import { Problems } from './problems.ts';

/**
 * A complete set of models in the place of another, as ReloadConfigRequest says it: it knows names, base paths, policies and labels alone,
 * so that what else is known of a model of the same name and base path stays.
 * @param entries as `model_config_list` has them, in its JSON
 * @param current what is in force
 * @param directory what relative base paths start from
 */
export function replaceModels(
  entries: readonly object[],
  current: readonly ModelConfig[],
  directory: string,
):
  | { readonly models: readonly ModelConfig[]; readonly problems?: undefined }
  | { readonly models?: undefined; readonly problems: readonly string[] } {
  const problems = new Problems();
  const models = readModelList(entries, directory, problems);
  const listed = new Set<string>();
  for (const entry of entries) {
    const { name } = (entry as { config: { name?: string } }).config;
    if (name && listed.has(name)) problems.say('model_config_list', `the model ${name} is listed more than once`);
    listed.add(name ?? '');
  }
  const kept = models.map((model) => {
    const same = current.find(({ name, basePath }) => name === model.name && basePath === model.basePath);
    return same ? { ...same, policy: model.policy, labels: model.labels, notes: [] } : model;
  });
  problems.all.push(...modelTypeChanges(current, kept));
  return problems.all.length > 0 ? { problems: problems.all } : { models: kept };
}
