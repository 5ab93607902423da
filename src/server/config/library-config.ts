import { isAbsolute, resolve } from 'node:path';
import type { LibraryEntry } from '../model/pipeline.ts';
import { isObject, type Problems } from './problems.ts';

/**
 * An entry of `custom_node_library_config_list`.
 * @param directory what relative paths start from: the config file's
 * @returns undefined if it cannot be made sense of
 */
export function readLibraryConfig(
  value: unknown,
  path: string,
  directory: string,
  problems: Problems,
): LibraryEntry | undefined {
  if (!isObject(value)) {
    problems.add(path, 'an object with a name and a base_path', value);
    return undefined;
  }
  const { name, base_path, ...rest } = value;
  for (const field of Object.keys(rest)) problems.say(`${path}.${field}`, 'there is no such field');
  const hasName = typeof name === 'string' && name !== '';
  if (!hasName) problems.add(`${path}.name`, 'a name', name);
  if (typeof base_path !== 'string' || base_path === '') {
    problems.add(`${path}.base_path`, 'the path of a library', base_path);
    return undefined;
  }
  if (base_path.split('/').includes('..')) {
    problems.say(`${path}.base_path`, `".." is not allowed in a path: ${base_path}`);
    return undefined;
  }
  return hasName ? { name, basePath: isAbsolute(base_path) ? base_path : resolve(directory, base_path) } : undefined;
}
