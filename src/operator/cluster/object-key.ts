import type { ObjectKey } from './cluster.ts';
import type { Kind } from './kube-object.ts';

/** `namespace/name`, or `name` for what lies in no namespace: what the queue and the stores go by. */
export function toKey({ namespace, name }: ObjectKey): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** The reverse; neither part can hold a slash. */
export function fromKey(key: string): ObjectKey {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** `Kind/namespace/name`: what an object goes by among those of all kinds. */
export function objectKey({ kind }: Kind, at: ObjectKey): string {
  return `${kind}/${toKey(at)}`;
}
