import { isDeepStrictEqual } from 'node:util';
import { isObject, type JsonObject } from './json.ts';

/**
 * Fields as server-side apply owns them: scalars, atomic lists and maps, empty maps, and the items of lists that are maps
 * or sets. Each is a path, in JSON: names of fields, and for an item an object of its keys.
 */
export type Fields = ReadonlySet<string>;
type Step = string | JsonObject;
type Path = readonly Step[];
type Item = readonly [key: JsonObject, item: unknown];

/** Lists whose items have keys, by the field's name. The kinds that the operator handles are at one about them. */
const listKeys: Readonly<Record<string, readonly string[]>> = {
  conditions: ['type'],
  containers: ['name'],
  env: ['name'],
  imagePullSecrets: ['name'],
  initContainers: ['name'],
  models: ['name'],
  ownerReferences: ['uid'],
  topologySpreadConstraints: ['topologyKey', 'whenUnsatisfiable'],
  versions: ['version'],
  volumeMounts: ['mountPath'],
  volumes: ['name'],
};
const keyDefaults: Readonly<Record<string, unknown>> = { protocol: 'TCP' };
const atomicMaps = new Set([
  'configMapKeyRef',
  'fieldRef',
  'labelSelector',
  'namespaceSelector',
  'nodeSelector',
  'podSelector',
  'resourceFieldRef',
  'scaleTargetRef',
  'secretKeyRef',
  'selector',
]);
const unowned = new Set(['apiVersion', 'kind']);
const unownedMetadata = new Set([
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'managedFields',
]);

export function fieldsOf(object: JsonObject): Set<string> {
  const fields = new Set<string>();
  const walk = (value: unknown, path: Path) => {
    const items = itemsOf(value, path);
    if (items) {
      for (const [key, item] of items) {
        fields.add(JSON.stringify([...path, key]));
        if (isObject(item)) for (const name of Object.keys(item)) walk(item[name], [...path, key, name]);
      }
    } else if (isGranular(value, path) && Object.keys(value).length > 0) {
      for (const name of Object.keys(value)) walk(value[name], [...path, name]);
    } else {
      fields.add(JSON.stringify(path));
    }
  };
  for (const [name, value] of Object.entries(object)) {
    if (unowned.has(name)) continue;
    if (name !== 'metadata') walk(value, [name]);
    else {
      for (const [field, inner] of Object.entries(value as JsonObject)) {
        if (!unownedMetadata.has(field)) walk(inner, [name, field]);
      }
    }
  }
  return fields;
}

/** Whether the field is an item of a list that is a map or a set. */
export function isItem(field: string): boolean {
  return field.endsWith('}]');
}

/** What lies at the field; undefined if nothing does. */
export function valueAt(object: JsonObject, field: string): unknown {
  return descend(object, JSON.parse(field) as Path);
}

/** `live` with all that `applied` says. */
export function mergeApplied(live: unknown, applied: unknown, path: Path = []): unknown {
  if (isGranular(live, path) && isGranular(applied, path)) {
    const merged: JsonObject = { ...live };
    for (const [name, value] of Object.entries(applied)) {
      merged[name] = mergeApplied(live[name], value, [...path, name]);
    }
    return merged;
  }
  const there = itemsOf(live, path);
  const wanted = itemsOf(applied, path);
  if (!there || !wanted) return applied;
  return mergeItems(there, wanted, path);
}

/** In the order that is wanted; items that only `there` has come as early as the shared ones around them let them. */
function mergeItems(there: readonly Item[], wanted: readonly Item[], path: Path): unknown[] {
  const find = (items: readonly Item[], key: Step) => items.find(([other]) => isDeepStrictEqual(key, other));
  const shared = wanted.filter(([key]) => find(there, key));
  const merged: unknown[] = [];
  const taken: Item[] = [];
  let [at, next] = [0, 0];
  while (at < there.length || next < wanted.length) {
    const old = there[at];
    const isShared = old !== undefined && find(wanted, old[0]) !== undefined;
    const nextShared = shared.find(([key]) => !find(taken, key));
    if (old && (!isShared || find(taken, old[0]))) {
      if (!isShared) merged.push(old[1]);
      at++;
    } else if (old && next < wanted.length && nextShared && !isDeepStrictEqual(nextShared[0], old[0])) {
      at++;
    } else {
      const item = wanted[next++]!;
      const same = find(there, item[0]);
      merged.push(same ? mergeApplied(same[1], item[1], [...path, item[0]]) : item[1]);
      taken.push(item);
    }
  }
  return merged;
}

/** `object` without these fields, as far as none of `kept` needs them; maps that are empty then go as well. */
export function removeFields(object: JsonObject, fields: Iterable<string>, kept: Fields): JsonObject {
  const result = structuredClone(object);
  const keptPaths = [...kept].map((field) => JSON.parse(field) as Path);
  // An item goes with all that is in it, unless it is somebody's as an item.
  const isKept = (field: string, path: Path) =>
    isItem(field) ? kept.has(field) : keptPaths.some((other) => isPrefix(path, other));
  const paths = [...fields].map((field) => [field, JSON.parse(field) as Path] as const);
  for (const [field, path] of paths.sort(([, a], [, b]) => a.length - b.length)) {
    if (!isKept(field, path)) remove(result, path);
  }
  return result;
}

function remove(object: JsonObject, path: Path): void {
  const parentPath = path.slice(0, -1);
  const parent = descend(object, parentPath);
  const last = path.at(-1)!;
  if (Array.isArray(parent)) {
    const index = itemsOf(parent, parentPath)?.findIndex(([key]) => isDeepStrictEqual(key, last)) ?? -1;
    if (index >= 0) parent.splice(index, 1);
  } else if (isObject(parent) && typeof last === 'string') {
    const key = path.at(-2);
    if (isObject(key) && last in key) return;
    delete parent[last];
  } else {
    return;
  }
  const isEmpty = Array.isArray(parent) ? parent.length === 0 : Object.keys(parent).length === 0;
  if (isEmpty && parentPath.length > 0 && !isDeepStrictEqual(parentPath, ['metadata'])) remove(object, parentPath);
}

function descend(value: unknown, path: Path): unknown {
  let at = value;
  for (const [index, step] of path.entries()) {
    if (typeof step === 'string') at = isObject(at) ? at[step] : undefined;
    else at = itemsOf(at, path.slice(0, index))?.find(([key]) => isDeepStrictEqual(key, step))?.[1];
  }
  return at;
}

function isPrefix(path: Path, of: Path): boolean {
  return path.length <= of.length && path.every((step, index) => isDeepStrictEqual(step, of[index]));
}

function isGranular(value: unknown, path: Path): value is JsonObject {
  const last = path.at(-1);
  return isObject(value) && !(typeof last === 'string' && atomicMaps.has(last));
}

/** The items of a list with their keys; undefined if it is no such list. */
function itemsOf(value: unknown, path: Path): Item[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const name = path.at(-1) as string;
  if (name === 'finalizers') return value.map((item) => [{ '': item }, item]);
  const keys = name === 'ports' ? portKeys(value) : listKeys[name];
  if (!keys) return undefined;
  const items: Item[] = [];
  for (const item of value) {
    if (!isObject(item)) return undefined;
    const key = Object.fromEntries(keys.map((field) => [field, item[field] ?? keyDefaults[field]]));
    if (Object.values(key).includes(undefined)) return undefined;
    items.push([key, item]);
  }
  return items;
}

function portKeys(ports: readonly unknown[]): readonly string[] {
  return ports.some((port) => isObject(port) && 'containerPort' in port)
    ? ['containerPort', 'protocol']
    : ['port', 'protocol'];
}
