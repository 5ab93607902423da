import { isAbsolute, resolve } from 'node:path';
import { isBucketPath, readBucketPath } from '../model/bucket-path.ts';
import type { VersionPolicy } from '../model/version-policy.ts';
import { latestOnly } from '../model/version-policy.ts';
import type { LoadOptions } from '../model/wanted.ts';
import { readLayouts } from './layout.ts';
import { readPluginConfig } from './plugin-config.ts';
import { readPreprocessing } from './preprocessing.ts';
import { isInteger, isObject, type Problems } from './problems.ts';
import { readReshape } from './reshape.ts';
import { readStateful } from './stateful.ts';
import { readVersionLabels } from './version-labels.ts';
import { readVersionPolicy } from './version-policy.ts';

/** A model as its user describes it: `LoadOptions` less what the server decides for all models. */
export interface ModelConfig {
  readonly name: string;
  /** An absolute path, or a `BucketPath` as its user wrote it. */
  readonly basePath: string;
  /** Whether the server as a whole is ready for requests only with it. */
  readonly required: boolean;
  readonly policy: VersionPolicy;
  /** Versions by their labels. */
  readonly labels: ReadonlyMap<string, number>;
  /** What its user should know of how it is taken: for the log. */
  readonly notes: readonly string[];
  readonly options: Omit<LoadOptions, 'cacheDir'>;
}

/** The most infer requests that a model may have. */
export const mostInferRequests = 100_000;

/** Fields that other servers know, and why this one does not. */
const never: ReadonlyMap<string, string> = new Map([
  ['custom_loader_options', 'custom loaders are not supported'],
  ['graph_path', 'MediaPipe graphs are not supported'],
  ['subconfig', 'MediaPipe graphs are not supported'],
]);

/**
 * An entry of `model_config_list`.
 * @param directory what relative base paths start from: the config file's
 * @returns undefined if name or base path are missing
 */
export function readModelConfig(
  value: unknown,
  path: string,
  directory: string,
  problems: Problems,
): ModelConfig | undefined {
  if (!isObject(value) || !isObject(value.config) || Object.keys(value).length !== 1) {
    problems.add(path, 'an object with the one key "config"', value);
    return undefined;
  }
  const {
    name,
    base_path,
    required,
    model_version_policy,
    version_labels,
    nireq,
    target_device,
    plugin_config,
    batch_size,
    shape,
    layout,
    stateful,
    idle_sequence_cleanup,
    low_latency_transformation,
    max_sequence_number,
    mean,
    scale,
    color_format,
    precision,
    allow_cache,
    ...rest
  } = value.config;
  const at = (field: string) => `${path}.config.${field}`;
  for (const field of Object.keys(rest)) problems.say(at(field), never.get(field) ?? 'there is no such field');
  const policy =
    model_version_policy === undefined
      ? latestOnly
      : readVersionPolicy(model_version_policy, at('model_version_policy'), problems);
  const labels =
    version_labels === undefined
      ? new Map<string, number>()
      : readVersionLabels(version_labels, at('version_labels'), policy, problems);
  const pluginConfig =
    plugin_config === undefined ? {} : readPluginConfig(plugin_config, at('plugin_config'), problems);
  const layouts = readLayouts(layout, at('layout'), problems);
  const preprocessing = readPreprocessing({ mean, scale, color_format, precision }, at, problems);
  const { reshape, isAuto, notes } = readReshape({ batch_size, shape }, at, problems);
  const statefulFields = { stateful, idle_sequence_cleanup, low_latency_transformation, max_sequence_number };
  const statefulOptions = readStateful(statefulFields, isAuto, at, problems);
  if (required !== undefined && typeof required !== 'boolean') {
    problems.add(at('required'), 'true or false', required);
  }
  if (allow_cache !== undefined && typeof allow_cache !== 'boolean') {
    problems.add(at('allow_cache'), 'true or false', allow_cache);
  }
  if (nireq !== undefined && !isInteger(nireq, 0, mostInferRequests)) {
    problems.add(at('nireq'), `an integer from 0 to ${mostInferRequests}`, nireq);
  }
  if (target_device !== undefined && !isFilled(target_device)) {
    problems.add(at('target_device'), 'the name of a device', target_device);
  }
  if (!isFilled(name)) problems.add(at('name'), 'a name', name);
  const basePath = readBasePath(base_path, at('base_path'), directory, problems);
  if (!isFilled(name) || basePath === undefined) return undefined;
  return {
    name,
    basePath,
    required: required !== false,
    policy,
    labels,
    notes,
    options: {
      targetDevice: isFilled(target_device) ? target_device : 'CPU',
      pluginConfig,
      inferRequests: isInteger(nireq, 0) ? nireq : 0,
      ...(layouts && { layouts }),
      ...(reshape && { reshape }),
      ...(statefulOptions && { stateful: statefulOptions }),
      ...(preprocessing && { preprocessing }),
    },
  };
}

/**
 * The folder of a model's versions, in the file system or in an object store.
 * @returns undefined, and a problem, if it is none that can be served from
 */
export function readBasePath(value: unknown, path: string, directory: string, problems: Problems): string | undefined {
  if (!isFilled(value)) problems.add(path, 'a folder that holds a folder for each version', value);
  else if (isBucketPath(value)) {
    const read = readBucketPath(value);
    if (typeof read !== 'string') return value;
    problems.say(path, read);
  } else if (value.split('/').includes('..')) problems.say(path, `".." is not allowed in a path: ${value}`);
  else return isAbsolute(value) ? value : resolve(directory, value);
  return undefined;
}

function isFilled(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
