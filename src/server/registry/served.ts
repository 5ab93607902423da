import type { ServableSpec } from '../model/inference.ts';
import type { Instance } from './instance.ts';

/** The versions of a model that serve, the one that answers when none is named, and those that labels stand for. */
export interface ServedModel {
  readonly newest: Instance;
  readonly versions: ReadonlyMap<number, Instance>;
  /** A label whose version has never been available stands for nothing, and is not here. */
  readonly labels: ReadonlyMap<string, Instance>;
}

/** What serves at one moment. Never changed: swapped whole, so that a reader sees all of a change or nothing of it. */
export type Served = ReadonlyMap<string, ServedModel>;

export const nothingServed: Served = new Map();

/**
 * The same with one model's versions replaced; without the model, if none is left.
 * @param wanted versions by their labels: one that does not serve leaves its label where it was
 */
export function withModel(
  served: Served,
  name: string,
  instances: readonly Instance[],
  wanted: ReadonlyMap<string, number>,
): Served {
  const next = new Map(served);
  const versions = new Map(instances.map((instance) => [instance.version, instance]));
  const newest = instances.reduce<Instance | undefined>(
    (best, instance) => (best && best.version > instance.version ? best : instance),
    undefined,
  );
  const labels = new Map<string, Instance>();
  for (const [label, version] of wanted) {
    const before = served.get(name)?.labels.get(label);
    const instance = versions.get(version) ?? (before && versions.get(before.version));
    if (instance) labels.set(label, instance);
  }
  if (newest) next.set(name, { newest, versions, labels });
  else next.delete(name);
  return next;
}

/** The version that a request asks for; undefined if that does not serve. */
export function choose(
  { newest, versions, labels }: ServedModel,
  { version, label }: ServableSpec,
): Instance | undefined {
  if (label !== undefined) return labels.get(label);
  return version === undefined ? newest : versions.get(version);
}
