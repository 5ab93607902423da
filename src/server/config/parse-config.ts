import { type ModelConfig, readModelConfig } from './model-config.ts';
import { parseJson } from './parse-json.ts';
import { isObject, Problems } from './problems.ts';

export type ParsedConfig =
  | { readonly models: readonly ModelConfig[]; readonly problems?: undefined }
  | { readonly problems: readonly string[] };

/** Sections that may stand in the file as long as they ask for nothing. */
const empty = [
  'pipeline_config_list',
  'custom_node_library_config_list',
  'custom_loader_config_list',
  'mediapipe_config_list',
];

/**
 * The text of a config.json: the models to serve, or everything that is wrong with it.
 * @param directory of the file: relative base paths start there
 */
export function parseConfig(text: string, directory: string): ParsedConfig {
  const problems = new Problems();
  const models = readConfig(parseJson(text, 'config', problems, 'The file is not valid json'), directory, problems);
  return problems.all.length > 0 ? { problems: problems.all } : { models };
}

function readConfig(value: unknown, directory: string, problems: Problems): ModelConfig[] {
  if (value === undefined) return [];
  if (!isObject(value)) {
    problems.add('config', 'an object', value);
    return [];
  }
  const { model_config_list: list, monitoring, ...rest } = value;
  for (const [section, content] of Object.entries(rest)) {
    if (!empty.includes(section)) problems.say(section, 'there is no such section');
    else if (!Array.isArray(content) || content.length > 0) problems.say(section, 'this section is not supported yet');
  }
  if (monitoring !== undefined) checkMonitoring(monitoring, problems);
  if (!Array.isArray(list)) {
    problems.add('model_config_list', 'a list', list);
    return [];
  }
  const models = list.flatMap(
    (entry, i) => readModelConfig(entry, `model_config_list[${i}]`, directory, problems) ?? [],
  );
  const names = new Set<string>();
  for (const { name } of models) {
    if (names.has(name)) problems.say('model_config_list', `two models have the name ${name}`);
    names.add(name);
  }
  return models;
}

/** Metrics are to come; until then a file may say that it wants none. */
function checkMonitoring(value: unknown, problems: Problems): void {
  if (!isObject(value) || !isObject(value.metrics) || Object.keys(value).length !== 1) {
    problems.add('monitoring', 'an object with the one key "metrics"', value);
    return;
  }
  const { enable, metrics_list, ...rest } = value.metrics;
  for (const field of Object.keys(rest)) problems.say(`monitoring.metrics.${field}`, 'there is no such field');
  if (enable === true) problems.say('monitoring.metrics.enable', 'metrics are not supported yet');
  else if (enable !== false) problems.add('monitoring.metrics.enable', 'true or false', enable);
  if (metrics_list !== undefined && !Array.isArray(metrics_list)) {
    problems.add('monitoring.metrics.metrics_list', 'a list', metrics_list);
  }
}
