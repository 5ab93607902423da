import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ServingError } from '../model/error.ts';

/** A file in a version's directory: what clients are to call the model's inputs and outputs. */
const fileName = 'mapping_config.json';

type Names = ReadonlyMap<string, string>;

/** Names that clients use, by those that the model has; what is not named keeps its own. */
export interface MappingConfig {
  readonly inputs: Names;
  readonly outputs: Names;
}

interface Named {
  readonly name: string;
}

const nothing: MappingConfig = { inputs: new Map(), outputs: new Map() };

/**
 * Reads the `mapping_config.json` of a version, if it has one.
 * @throws ServingError `failed-precondition` that says what is wrong with it
 */
export async function readMappingConfig(directory: string): Promise<MappingConfig> {
  let text: string;
  try {
    text = await readFile(join(directory, fileName), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return nothing;
    throw refused(`it cannot be read: ${(error as Error).message}`);
  }
  return parseMappingConfig(text);
}

/** @throws ServingError `failed-precondition` */
export function parseMappingConfig(text: string): MappingConfig {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw refused(`it is not valid JSON: ${(error as Error).message}`);
  }
  if (!isObject(value)) throw refused('expected an object with "inputs" and "outputs"');
  const { inputs = {}, outputs = {}, ...rest } = value;
  const [other] = Object.keys(rest);
  if (other !== undefined) throw refused(`there is no such key: ${other}; there are inputs and outputs`);
  return { inputs: readNames(inputs, 'inputs'), outputs: readNames(outputs, 'outputs') };
}

function readNames(value: unknown, key: keyof MappingConfig): Names {
  if (!isObject(value)) throw refused(`${key}: expected an object of names by the model's own names`);
  const names = new Map<string, string>();
  for (const [own, name] of Object.entries(value)) {
    if (typeof name !== 'string' || name === '') {
      throw refused(`${key}.${own}: expected a name, got ${JSON.stringify(name)}`);
    }
    names.set(own, name);
  }
  return names;
}

/**
 * The same inputs and outputs by the names that clients use.
 * @throws ServingError `failed-precondition` for a name that the model does not have, or one that two would have
 */
export function renamed<T extends Named>(
  ports: { readonly inputs: readonly T[]; readonly outputs: readonly T[] },
  mapping: MappingConfig,
): { inputs: T[]; outputs: T[] } {
  return {
    inputs: renamedList(ports.inputs, mapping.inputs, 'input'),
    outputs: renamedList(ports.outputs, mapping.outputs, 'output'),
  };
}

function renamedList<T extends Named>(ports: readonly T[], names: Names, kind: 'input' | 'output'): T[] {
  if (names.size === 0) return [...ports];
  for (const own of names.keys()) {
    if (ports.some(({ name }) => name === own)) continue;
    const there = ports.map(({ name }) => name).join(', ');
    throw refused(`${kind}s.${own}: the model has no such ${kind}; ${kind}s: ${there}`);
  }
  const taken = new Set<string>();
  return ports.map((port) => {
    const name = names.get(port.name) ?? port.name;
    if (taken.has(name)) throw refused(`${kind}s: two ${kind}s would be called ${name}`);
    taken.add(name);
    return { ...port, name };
  });
}

/** Values by the model's own names for inputs or outputs, by those that clients use. */
export function renamedKeys<T>(values: ReadonlyMap<string, T>, { inputs, outputs }: MappingConfig): Map<string, T> {
  return new Map([...values].map(([own, value]) => [inputs.get(own) ?? outputs.get(own) ?? own, value]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refused(cause: string): ServingError {
  return new ServingError('failed-precondition', `The file ${fileName} cannot be used - ${cause}`);
}
