import { isObject, type Problems } from './problems.ts';

/** A `plugin_config`: OpenVINO takes its properties as text, booleans as YES and NO. */
export function readPluginConfig(value: unknown, path: string, problems: Problems): Record<string, string> {
  if (!isObject(value)) {
    problems.add(path, 'an object of strings, numbers and booleans', value);
    return {};
  }
  const config: Record<string, string> = {};
  for (const [key, property] of Object.entries(value)) {
    if (typeof property === 'boolean') config[key] = property ? 'YES' : 'NO';
    else if (typeof property === 'string' || typeof property === 'number') config[key] = String(property);
    else problems.add(`${path}.${key}`, 'a string, number or boolean', property);
  }
  return config;
}
