import { ServingError } from '../model/error.ts';
import type { ServableSpec } from '../model/inference.ts';
import type { WantedModel } from '../model/wanted.ts';
import type { Instance } from './instance.ts';
import { lineUp } from './next-action.ts';
import { choose, type Served } from './served.ts';
import {
  labelNotFound,
  type Records,
  servableNotFound,
  type VersionRecord,
  versionNotFound,
} from './version-record.ts';
import { isServing } from './version-state.ts';

/**
 * The version that a request names, by its number or a label; else the newest that is available.
 * @throws ServingError that tells whether there is no such model, no such version, none any more, or none yet
 */
export function find(served: Served, records: Records, wanted: WantedModel | undefined, spec: ServableSpec): Instance {
  const model = served.get(spec.name);
  const instance = model && choose(model, spec);
  if (instance) return instance;
  throw whyNot(records, wanted, spec);
}

function whyNot(records: Records, wanted: WantedModel | undefined, spec: ServableSpec): ServingError {
  const versions = records.get(spec.name);
  if (!versions) return servableNotFound();
  const version = numberOf(wanted, spec);
  const notFound = spec.label === undefined ? versionNotFound() : labelNotFound(spec.label, version);
  if (version === undefined) return notFound;
  if (comingVersions(records, wanted).includes(version)) return notLoaded();
  const state = versions.get(version)?.state;
  if (state === undefined) return notFound;
  if (state !== 'draining' && state !== 'retired') return notLoaded();
  if (spec.label !== undefined) return notFound;
  return new ServingError('version-retired', 'Model with requested version is retired');
}

/** The version that a request asks for, also by a label that is to stand for it. */
function numberOf(wanted: WantedModel | undefined, { version, label }: ServableSpec): number | undefined {
  return label === undefined ? version : wanted?.labels.get(label);
}

export function notLoaded(): ServingError {
  return new ServingError('not-loaded', 'Model with requested version is not loaded yet');
}

/** Whether it is worth waiting: the version is being loaded, or in line for it. */
export function mayCome(
  served: Served,
  records: Records,
  wanted: WantedModel | undefined,
  spec: ServableSpec,
): boolean {
  const model = served.get(spec.name);
  if (model && choose(model, spec)) return false;
  const version = numberOf(wanted, spec);
  if (spec.label !== undefined && version === undefined) return false;
  if (wanted?.repository.state === 'unknown') return true;
  const coming = comingVersions(records, wanted);
  return version === undefined ? coming.length > 0 : coming.includes(version);
}

/** The versions of a model that are being loaded, or in line for it: no more than the policy asks for, less those that failed. */
export function comingVersions(records: Records, wanted: WantedModel | undefined): number[] {
  if (wanted?.repository.state !== 'listed') return [];
  const known = records.get(wanted.name) ?? new Map<number, VersionRecord>();
  const { target, inLine } = lineUp(wanted, known);
  return inLine.filter((version) => {
    const state = known.get(version)?.state ?? 'waiting';
    return state === 'loading' || (target.includes(version) && !isServing(state));
  });
}
