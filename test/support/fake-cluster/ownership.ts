import { isDeepStrictEqual } from 'node:util';
import { type Fields, fieldsOf, isItem, mergeApplied, removeFields, valueAt } from './fields.ts';
import type { JsonObject } from './json.ts';

/** Which fields belong to whom. */
export type Ownership = ReadonlyMap<string, Fields>;

/** Those who write without server-side apply. */
const writers = ' update';

/** The fields that would be taken from others. @param owner the manager, and what part of the object it applies */
export function contestedFields(
  live: JsonObject,
  ownership: Ownership,
  applied: JsonObject,
  owner: string,
): readonly string[] {
  const merged = mergeApplied(live, applied) as JsonObject;
  const isTaken = (field: string) =>
    [...ownership].some(([other, theirs]) => other !== owner && theirs.has(field)) && differs(live, merged, field);
  return [...fieldsOf(applied)].filter(isTaken);
}

/** By force. @param owner the manager, and what part of the object it applies */
export function applyFields(
  live: JsonObject,
  ownership: Ownership,
  applied: JsonObject,
  owner: string,
): { object: JsonObject; ownership: Ownership } {
  const fields = fieldsOf(applied);
  const merged = mergeApplied(live, applied) as JsonObject;
  const others = new Map<string, Fields>();
  for (const [other, theirs] of ownership) {
    if (other === owner) continue;
    others.set(
      other,
      without(theirs, (field) => fields.has(field) && differs(live, merged, field)),
    );
  }
  const dropped = [...(ownership.get(owner) ?? [])].filter((field) => !fields.has(field));
  const kept = new Set([...fields, ...[...others.values()].flatMap((theirs) => [...theirs])]);
  return {
    object: removeFields(merged, dropped, kept),
    ownership: owned([...others, [owner, fields]]),
  };
}

/** After a write that was no apply: what it changed is the writers' now, and what is gone is nobody's. */
export function ownWritten(before: JsonObject | undefined, ownership: Ownership, after: JsonObject): Ownership {
  const there = fieldsOf(after);
  const written = new Set([...there].filter((field) => !before || differs(before, after, field)));
  const result = new Map<string, Fields>();
  for (const [owner, theirs] of ownership) {
    result.set(
      owner,
      without(theirs, (field) => !there.has(field) || written.has(field)),
    );
  }
  return owned([...result, [writers, new Set([...(result.get(writers) ?? []), ...written])]]);
}

/** Whoever owns nothing is not known any more. */
function owned(entries: readonly (readonly [owner: string, fields: Fields])[]): Ownership {
  return new Map(entries.filter(([, { size }]) => size > 0));
}

function differs(before: JsonObject, after: JsonObject, field: string): boolean {
  const [one, other] = [valueAt(before, field), valueAt(after, field)];
  // What an item has inside are fields of their own.
  return isItem(field) ? (one === undefined) !== (other === undefined) : !isDeepStrictEqual(one, other);
}

function without(fields: Fields, isGone: (field: string) => boolean): Fields {
  return new Set([...fields].filter((field) => !isGone(field)));
}
