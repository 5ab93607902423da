import { readModelConfig } from '../config/model-config.ts';
import { parseJson } from '../config/parse-json.ts';
import { isObject, Problems } from '../config/problems.ts';

/** As OpenVINO Model Server writes the file, where it is a new one. */
const usualIndent = '    ';

/**
 * The text of a config.json with one more model.
 * @param text undefined for a file that is not there yet
 * @param directory of the file
 * @throws Error that says why it cannot have it
 */
export function addModel(
  text: string | undefined,
  { name, basePath }: { readonly name: string; readonly basePath: string },
  directory: string,
): string {
  const entry = { config: { name, base_path: basePath } };
  const problems = new Problems();
  readModelConfig(entry, 'model', directory, problems);
  check(problems);
  if (text === undefined) return print({ model_config_list: [entry] }, usualIndent);
  const { config, list } = read(text);
  if (list.some((other) => nameOf(other) === name)) throw new Error(`Given model name is already occupied - ${name}`);
  return print({ ...config, model_config_list: [...list, entry] }, indentOf(text));
}

/**
 * The same without a model; of several with the same name, without the first.
 * @throws Error if there is none of that name, or the text is no config
 */
export function removeModel(text: string | undefined, name: string): string {
  if (text === undefined) throw new Error('Config file not found or cannot open.');
  const { config, list } = read(text);
  const at = list.findIndex((entry) => nameOf(entry) === name);
  if (at < 0) throw new Error(`Model with requested name is not found - ${name}`);
  return print({ ...config, model_config_list: list.toSpliced(at, 1) }, indentOf(text));
}

function read(text: string): { config: object; list: readonly unknown[] } {
  const problems = new Problems();
  const config = parseJson(text, 'config', problems, 'The file is not valid json');
  check(problems);
  const list = isObject(config) ? config.model_config_list : undefined;
  if (!isObject(config) || !Array.isArray(list)) throw new Error('model_config_list: expected a list');
  return { config, list };
}

function nameOf(entry: unknown): unknown {
  return isObject(entry) && isObject(entry.config) ? entry.config.name : undefined;
}

function check({ all }: Problems): void {
  if (all.length > 0) throw new Error(all.join('; '));
}

function indentOf(text: string): string {
  return /\n([ \t]+)/.exec(text)?.[1] ?? usualIndent;
}

function print(config: object, indent: string): string {
  return `${JSON.stringify(config, null, indent)}\n`;
}
