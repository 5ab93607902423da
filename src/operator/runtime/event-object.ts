import { events } from '../cluster/kinds.ts';
import type { KubeObject } from '../cluster/kube-object.ts';
import { microTime } from './micro-time.ts';

/** What is to be told of an object. */
export interface EventContent {
  /** What it is about. */
  readonly regarding: KubeObject;
  /** Another object that has to do with it. */
  readonly related?: KubeObject;
  readonly type: 'Normal' | 'Warning';
  /** Why, in one CamelCase word: a condition's reason, say. */
  readonly reason: string;
  /** What was done or tried, in one CamelCase word. */
  readonly action: string;
  /** For people; what goes beyond 1024 bytes is cut off. */
  readonly note: string;
}

/** An Event of events.k8s.io/v1. */
export interface EventObject extends KubeObject {
  readonly eventTime: string;
  readonly reportingController: string;
  readonly reportingInstance: string;
  readonly regarding: ObjectReference;
  readonly related?: ObjectReference;
  readonly type: string;
  readonly reason: string;
  readonly action: string;
  readonly note: string;
  readonly series?: EventSeries;
}

export interface EventSeries {
  /** How often it has happened. */
  readonly count: number;
  readonly lastObservedTime: string;
}

export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
}

export interface Reporter {
  /** Such as `example.com/operator`. */
  readonly controller: string;
  /** Which of its processes. */
  readonly instance: string;
}

/**
 * The Event as it is created.
 * @param wallTime milliseconds since 1970
 * @param unique makes its name differ from those of the object's other events
 */
export function toEventObject(
  { regarding, related, type, reason, action, note }: EventContent,
  reporter: Reporter,
  wallTime: number,
  unique: string,
): EventObject {
  return {
    apiVersion: events.apiVersion,
    kind: events.kind,
    metadata: {
      name: nameOf(regarding.metadata.name, unique),
      // Events on what lies in no namespace go where kubectl looks for them.
      namespace: regarding.metadata.namespace ?? 'default',
    },
    eventTime: microTime(wallTime),
    reportingController: reporter.controller,
    reportingInstance: cut(reporter.instance, 128),
    regarding: refer(regarding),
    ...(related ? { related: refer(related) } : {}),
    type,
    reason: cut(reason, 128),
    action: cut(action, 128),
    note: cut(note, 1024),
  };
}

/** The same Event under a new name, as if it happened now. */
export function rename(event: EventObject, unique: string, wallTime: number): EventObject {
  const metadata = { ...event.metadata, name: nameOf(event.regarding.name, unique) };
  return { ...event, metadata, eventTime: microTime(wallTime) };
}

/** The same for two events that are one that happened again. */
export function identityOf({ regarding, related, type, reason, action, note }: EventContent): string {
  return JSON.stringify([objectIdentity(regarding), related && objectIdentity(related), type, reason, action, note]);
}

export function objectIdentity({ apiVersion, kind, metadata: { namespace, name, uid } }: KubeObject): string {
  return [apiVersion, kind, namespace, name, uid].join(' ');
}

/** A name has 253 bytes at most, and the object's own may be that long. */
function nameOf(object: string, unique: string): string {
  return `${object.slice(0, 200).replace(/[.-]+$/, '')}.${unique}`;
}

function refer({ apiVersion, kind, metadata }: KubeObject): ObjectReference {
  const { name, namespace, uid, resourceVersion } = metadata;
  return {
    apiVersion,
    kind,
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}

/** So much of it that it takes no more than `bytes` bytes of UTF-8, with an ellipsis where something is left out. */
function cut(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(bytes - 3));
  return `${text.slice(0, read)}…`;
}
