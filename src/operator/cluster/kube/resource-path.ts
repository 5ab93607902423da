import { ClusterError } from '../cluster-error.ts';
import type { Kind } from '../kube-object.ts';

export interface Place {
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: 'status';
}

/** What would make another path of it. */
const notAPart = /^\.{0,2}$/;

/**
 * Where the API server has the kind's objects, or one of them.
 * @throws ClusterError `invalid`, if an object's namespace is missing or one too many
 */
export function resourcePath(kind: Kind, { namespace, name, subresource }: Place): string {
  for (const part of [namespace, name]) if (part !== undefined && notAPart.test(part)) throw notAPlace(kind, name);
  if (namespace === undefined ? kind.namespaced && name !== undefined : !kind.namespaced) throw notAPlace(kind, name);
  let path = groupPath(kind);
  if (namespace !== undefined) path += `/namespaces/${encodeURIComponent(namespace)}`;
  path += `/${kind.plural}`;
  if (name !== undefined) path += `/${encodeURIComponent(name)}`;
  return subresource ? `${path}/${subresource}` : path;
}

function notAPlace({ plural, namespaced }: Kind, name: string | undefined): ClusterError {
  const place = namespaced ? 'lie in a namespace' : 'lie in no namespace';
  return new ClusterError('invalid', `There can be no ${plural} "${name ?? ''}" there: they have names and ${place}`);
}

/** Where the API server tells which kinds the group's version has. */
export function groupPath({ apiVersion }: Kind): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

/** Without those that are undefined. */
export function query(parameters: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) search.set(name, String(value));
  return search.size > 0 ? `?${search}` : '';
}
