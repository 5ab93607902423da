import type { WatchEvent } from '../cluster.ts';
import type { Kind, KubeObject } from '../kube-object.ts';
import { eventError } from './answer-error.ts';
import { unreachable } from './read-answer.ts';

/** An object as the API server sends it. In lists it does not say what it is. */
interface WireObject {
  readonly metadata: KubeObject['metadata'] & { readonly managedFields?: unknown };
}

/** A list as the API server sends it. */
export interface WireList {
  readonly items: readonly WireObject[] | null;
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
}

interface WireEvent {
  readonly type: string;
  readonly object: WireObject;
}

const types: Readonly<Record<string, 'added' | 'modified' | 'deleted'>> = {
  ADDED: 'added',
  MODIFIED: 'modified',
  DELETED: 'deleted',
};

/** @throws ClusterError `unavailable`: it is no JSON */
export function parseJson<T>(text: string): T {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unreachable('what it sent is no JSON', error);
  }
}

/** Without the record of who owns which field, which may be as large as all the rest and is kept by the API server anyway. */
export function toObject<T extends KubeObject>(sent: WireObject, { apiVersion, kind }: Kind): T {
  const { managedFields: _, ...metadata } = sent.metadata;
  return { apiVersion, kind, ...sent, metadata } as unknown as T;
}

/**
 * What to send to apply it. Of a custom resource, an API server does not keep labels, annotations or owners of which there are
 * none, and would write them anew each time.
 */
export function toApplied(object: KubeObject): KubeObject {
  const entries = Object.entries(object.metadata).filter(([, value]) => !isEmpty(value));
  return { ...object, metadata: Object.fromEntries(entries) as unknown as KubeObject['metadata'] };
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** @throws ClusterError what the API server ends the watch with */
export function toEvent<T extends KubeObject>(line: string, kind: Kind): WatchEvent<T> | undefined {
  const { type, object } = parseJson<WireEvent>(line);
  if (type === 'ERROR') throw eventError(object);
  if (type === 'BOOKMARK') return { type: 'bookmark', resourceVersion: object.metadata.resourceVersion! };
  const known = types[type];
  return known && { type: known, object: toObject<T>(object, kind) };
}
