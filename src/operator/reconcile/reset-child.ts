import { annotation, fieldManager } from '../api/names.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Kind, KubeObject } from '../cluster/kube-object.ts';

/**
 * Makes a child just what is wanted, for where somebody's change and ours do not go together: a port of ours that was given
 * another number is taken for a second one of the same name, and the whole is refused. What others own in it is lost.
 */
export async function resetChild<T extends KubeObject>(
  cluster: Cluster,
  kind: Kind,
  wanted: T,
  live: KubeObject,
  signal: AbortSignal,
): Promise<T> {
  const { namespace, name } = wanted.metadata;
  const at = { name, ...(namespace === undefined ? {} : { namespace }) };
  const uid = live.metadata.uid!;
  await cluster.merge(kind, at, { ...exactly(contentOf(wanted), contentOf(live)), metadata: { uid } }, { signal });
  // What a merge writes belongs to the merge, and would stay when it is not wanted any more. Let it all begin with us again.
  await cluster.merge(kind, at, { metadata: { uid, managedFields: [seed(kind)] } }, { signal });
  return cluster.apply(kind, { ...wanted, metadata: { ...wanted.metadata, uid } }, { manager: fieldManager, signal });
}

type Content = Readonly<Record<string, unknown>>;

/** What the kind is there for: neither who it is, nor what has come of it. */
function contentOf(object: KubeObject): Content {
  const { apiVersion: _, kind: __, metadata: ___, status: ____, ...content } = object as KubeObject & Content;
  return content;
}

/** A merge patch that makes `wanted` of `live`. Lists are replaced as a whole. */
function exactly(wanted: Content, live: Content): Content {
  const others = Object.keys(live).filter((key) => !(key in wanted));
  return {
    ...Object.fromEntries(others.map((key) => [key, null])),
    ...Object.fromEntries(
      Object.entries(wanted).map(([key, value]) => {
        const current = live[key];
        return [key, isContent(value) && isContent(current) ? exactly(value, current) : value];
      }),
    ),
  };
}

function isContent(value: unknown): value is Content {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** That we own one field: where nobody owned anything, an apply would take all there is for somebody else's. */
function seed({ apiVersion }: Kind): object {
  return {
    manager: fieldManager,
    operation: 'Apply',
    apiVersion,
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:metadata': { 'f:annotations': { [`f:${annotation.applied}`]: {} } } },
  };
}
