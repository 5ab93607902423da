import { join } from 'node:path';
import type { Problems } from '../config/problems.ts';

/** What the program does instead of serving. */
export type Command =
  | { readonly kind: 'list-models'; readonly repository: string }
  | { readonly kind: 'add-to-config'; readonly configPath: string; readonly name: string; readonly basePath: string }
  | { readonly kind: 'remove-from-config'; readonly configPath: string; readonly name: string };

const directives = ['list_models', 'add_to_config', 'remove_from_config'] as const;

/**
 * The command that a command line asks for, to be run if nothing is wrong, which is added to the problems; undefined if it is to serve.
 * @param values of the flags that are given
 * @param usualRepository OVMS_MODEL_REPOSITORY_PATH
 */
export function readCommand(
  values: ReadonlyMap<string, string>,
  usualRepository: string | undefined,
  problems: Problems,
): Command | undefined {
  const given = directives.filter((flag) => values.has(flag) && values.get(flag) !== 'false');
  const [directive] = given;
  if (!directive) return undefined;
  if (given.length > 1) problems.say(`--${given[0]}`, `cannot be used with --${given[1]}`);
  const repository = values.get('model_repository_path') ?? usualRepository;
  const needed = (flag: string, value: string | undefined, or = '') => {
    if (!value) problems.say(`--${flag}`, `must be given with --${directive}${or}`);
    return value ?? '';
  };
  if (directive === 'list_models') {
    const folder = needed('model_repository_path', repository, ', unless OVMS_MODEL_REPOSITORY_PATH is set');
    return { kind: 'list-models', repository: folder };
  }
  // Releases differ: the path follows the directive, or --config_path.
  const own = values.get(directive);
  const path = own && own !== 'true' ? own : values.get('config_path');
  const configPath = needed('config_path', path ?? (usualRepository && join(usualRepository, 'config.json')));
  const name = needed('model_name', values.get('model_name'));
  if (directive === 'remove_from_config') {
    if (values.has('model_path')) problems.say('--model_path', 'cannot be used with --remove_from_config');
    return { kind: 'remove-from-config', configPath, name };
  }
  const modelPath = values.get('model_path') ?? (repository && name ? join(repository, name) : undefined);
  const basePath = needed('model_path', modelPath, ', or --model_repository_path');
  return { kind: 'add-to-config', configPath, name, basePath };
}
