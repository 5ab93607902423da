import type { Instance } from './instance.ts';

/** The versions of a model that serve, and the one that answers when none is named. */
export interface ServedModel {
  readonly newest: Instance;
  readonly versions: ReadonlyMap<number, Instance>;
}

/** What serves at one moment. Never changed: swapped whole, so that a reader sees all of a change or nothing of it. */
export type Served = ReadonlyMap<string, ServedModel>;

export const nothingServed: Served = new Map();

/** The same with one model's versions replaced; without the model, if none is left. */
export function withModel(served: Served, name: string, instances: readonly Instance[]): Served {
  const next = new Map(served);
  const versions = new Map(instances.map((instance) => [instance.version, instance]));
  const newest = instances.reduce<Instance | undefined>(
    (best, instance) => (best && best.version > instance.version ? best : instance),
    undefined,
  );
  if (newest) next.set(name, { newest, versions });
  else next.delete(name);
  return next;
}
