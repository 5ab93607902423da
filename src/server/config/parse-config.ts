import type { MetricNames } from '../model/metric-name.ts';
import type { PipelineSet } from '../model/pipeline.ts';
import { readMonitoring } from './metrics.ts';
import { type ModelConfig, readModelConfig } from './model-config.ts';
import { parseJson } from './parse-json.ts';
import { readPipelines } from './pipelines.ts';
import { isObject, Problems } from './problems.ts';

export type ParsedConfig =
  | {
      readonly models: readonly ModelConfig[];
      /** Where the file has any, or libraries for some. */
      readonly pipelines?: PipelineSet;
      /** Where the file turns metrics on. */
      readonly metrics?: MetricNames;
      readonly problems?: undefined;
    }
  | { readonly problems: readonly string[] };

/** Sections that may stand in the file as long as they ask for nothing, and what is said if they do. */
const empty: ReadonlyMap<string, string> = new Map([
  ['custom_loader_config_list', 'custom loaders are not supported'],
  ['mediapipe_config_list', 'MediaPipe graphs are not supported'],
]);

/**
 * The text of a config.json: the models and pipelines to serve, or everything that is wrong with it.
 * @param directory of the file: relative base paths start there
 */
export function parseConfig(text: string, directory: string): ParsedConfig {
  const problems = new Problems();
  const config = parseJson(text, 'config', problems, 'The file is not valid json');
  const models = readConfig(config, directory, problems);
  const { monitoring, pipeline_config_list, custom_node_library_config_list } = isObject(config) ? config : {};
  const pipelines = readPipelines(pipeline_config_list, custom_node_library_config_list, models, directory, problems);
  const metrics = monitoring === undefined ? undefined : readMonitoring(monitoring, problems);
  if (problems.all.length > 0) return { problems: problems.all };
  const hasPipelines = pipelines.pipelines.length > 0 || pipelines.libraries.length > 0;
  return { models, ...(hasPipelines && { pipelines }), ...(metrics && { metrics }) };
}

function readConfig(value: unknown, directory: string, problems: Problems): ModelConfig[] {
  if (value === undefined) return [];
  if (!isObject(value)) {
    problems.add('config', 'an object', value);
    return [];
  }
  const {
    $schema: schema,
    model_config_list: list,
    monitoring: _,
    pipeline_config_list: __,
    custom_node_library_config_list: ___,
    ...rest
  } = value;
  if (schema !== undefined && typeof schema !== 'string') problems.add('$schema', 'the place of a JSON Schema', schema);
  for (const [section, content] of Object.entries(rest)) {
    const reason = empty.get(section);
    if (!reason) problems.say(section, 'there is no such section');
    else if (!Array.isArray(content) || content.length > 0) problems.say(section, reason);
  }
  if (!Array.isArray(list)) {
    problems.add('model_config_list', 'a list', list);
    return [];
  }
  return readModelList(list, directory, problems);
}

/** The entries of a `model_config_list`; of several with the same name the first. */
export function readModelList(list: readonly unknown[], directory: string, problems: Problems): ModelConfig[] {
  const models = new Map<string, ModelConfig>();
  for (const [i, entry] of list.entries()) {
    const path = `model_config_list[${i}]`;
    const model = readModelConfig(entry, path, directory, problems);
    if (!model) continue;
    const first = models.get(model.name);
    if (!first) models.set(model.name, model);
    else
      models.set(model.name, {
        ...first,
        notes: [...first.notes, `${path}: ignored, since another model has that name`],
      });
  }
  return [...models.values()];
}
