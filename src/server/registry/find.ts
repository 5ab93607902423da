import { ServingError } from '../model/error.ts';
import type { ServableSpec } from '../model/inference.ts';
import type { WantedModel } from '../model/wanted.ts';
import type { Instance } from './instance.ts';
import { lineUp } from './next-action.ts';
import type { Served } from './served.ts';
import {
  labelNotFound,
  type Records,
  servableNotFound,
  type VersionRecord,
  versionNotFound,
} from './version-record.ts';
import { isServing } from './version-state.ts';

/**
 * The version that a request names; without a number, the newest that is available.
 * @throws ServingError that tells whether there is no such model, no such version, none any more, or none yet
 */
export function find(served: Served, records: Records, wanted: WantedModel | undefined, spec: ServableSpec): Instance {
  const model = served.get(spec.name);
  if (model && !spec.label) {
    if (spec.version === undefined) return model.newest;
    const instance = model.versions.get(spec.version);
    if (instance) return instance;
  }
  throw whyNot(records, wanted, spec);
}

function whyNot(records: Records, wanted: WantedModel | undefined, spec: ServableSpec): ServingError {
  const versions = records.get(spec.name);
  if (!versions) return servableNotFound();
  if (spec.label) return labelNotFound(spec.label);
  if (spec.version === undefined) return versionNotFound();
  if (comingVersions(records, wanted).includes(spec.version)) return notLoaded();
  const state = versions.get(spec.version)?.state;
  if (state === undefined) return versionNotFound();
  return state === 'draining' || state === 'retired'
    ? new ServingError('version-retired', 'Model with requested version is retired')
    : notLoaded();
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
  if (spec.label) return false;
  const model = served.get(spec.name);
  if (model && (spec.version === undefined || model.versions.has(spec.version))) return false;
  if (wanted?.repository.state === 'unknown') return true;
  const coming = comingVersions(records, wanted);
  return spec.version === undefined ? coming.length > 0 : coming.includes(spec.version);
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
