import { ServingError } from '../model/error.ts';
import type { ServableSpec } from '../model/inference.ts';
import type { VersionStatus } from '../model/version-status.ts';
import type { Repository } from '../model/wanted.ts';
import type { FilesOnTheWay } from './files-on-the-way.ts';
import type { Instance } from './instance.ts';
import { isServing, publicState, type State } from './version-state.ts';

/** All that is known of a version, from the first time it was to be loaded until the process ends. */
export interface VersionRecord {
  readonly name: string;
  readonly version: number;
  state: State;
  /** While it serves. */
  instance: Instance | undefined;
  identity: string | undefined;
  /** What has been replaced or retired last, while it drains. */
  leaving: Instance | undefined;
  /** Of the last load, if that failed. */
  failure:
    | { readonly identity: string; readonly attempts: number; readonly retryAt: number; readonly cause: string }
    | undefined;
  /** For a load to come, if its files are kept elsewhere. */
  files: FilesOnTheWay | undefined;
}

export type Records = ReadonlyMap<string, ReadonlyMap<number, VersionRecord>>;

/**
 * What GetModelStatus tells.
 * @param coming versions in line: of those that are retired, or that nothing is known of, that is what there is to tell
 * @param labelled what the label that is asked for stands for, or is to stand for
 * @throws ServingError `servable-not-found`, `version-not-found`
 */
export function statusOf(
  records: Records,
  coming: readonly number[],
  spec: ServableSpec,
  labelled: number | undefined,
): VersionStatus[] {
  const versions = records.get(spec.name);
  if (!versions) throw servableNotFound();
  const inLine = coming.filter((version) => (versions.get(version)?.state ?? 'retired') === 'retired');
  const others = [...versions.values()].filter(({ version }) => !inLine.includes(version));
  const all = [...others.map(publicStatus), ...inLine.map(inLineStatus)].sort((a, b) => a.version - b.version);
  if (spec.label === undefined && spec.version === undefined) return all;
  const asked = spec.label === undefined ? spec.version : labelled;
  const one = all.filter(({ version }) => version === asked);
  if (one.length > 0) return one;
  throw spec.label === undefined ? versionNotFound() : labelNotFound(spec.label, asked);
}

function inLineStatus(version: number): VersionStatus {
  return { version, state: 'START', errorCode: 'OK', errorMessage: 'OK' };
}

const beingFetched = 'Files are being fetched; they are read once they are here';

/** Why files are not loaded that somebody writes: a reason to wait, and no failure. */
export const beingChanged = 'Files are being changed; they are read once they stay the same';

/**
 * A version that goes on serving although its changed files do not load is available, and says why it is not the new one. What
 * failed has failed until it loads, also while it is tried again.
 */
export function publicStatus({ version, state, failure, files }: VersionRecord): VersionStatus {
  const status = { version, state: publicState(state) };
  if (!failure && state === 'waiting' && files) return { ...status, errorCode: 'OK', errorMessage: beingFetched };
  if (!failure) return { ...status, errorCode: 'OK', errorMessage: 'OK' };
  if (failure.cause === beingChanged) return { ...status, errorCode: 'OK', errorMessage: beingChanged };
  const errorMessage = isServing(state)
    ? `Files or options changed and could not be loaded - ${failure.cause}`
    : failure.cause;
  return { ...status, errorCode: 'UNKNOWN', errorMessage };
}

/** What serves while its base path cannot be read is the last that was seen there, and tells so. */
export function toldOfRepository(statuses: VersionStatus[], repository: Repository | undefined): VersionStatus[] {
  if (repository?.state !== 'unreadable') return statuses;
  const errorMessage = `The base path cannot be read; what is loaded stays - ${repository.cause}`;
  return statuses.map((status) =>
    status.state === 'AVAILABLE' && status.errorCode === 'OK'
      ? { ...status, errorCode: 'UNKNOWN', errorMessage }
      : status,
  );
}

export function servableNotFound(): ServingError {
  return new ServingError('servable-not-found', 'Model with requested name is not found');
}

export function versionNotFound(): ServingError {
  return new ServingError('version-not-found', 'Model with requested version is not found');
}

/** @param version that the label is to stand for, if it is to stand for any */
export function labelNotFound(label: string, version: number | undefined): ServingError {
  const cause =
    version === undefined
      ? `no version has the label: ${label}`
      : `version ${version} is not there, whose label is: ${label}`;
  return new ServingError('version-not-found', `Model with requested version is not found - ${cause}`);
}
