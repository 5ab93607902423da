import { type Selection, selectVersions } from '../model/version-policy.ts';
import type { WantedModel, WantedVersion } from '../model/wanted.ts';
import { isServing, type State } from './version-state.ts';

/** What the registry knows of one version. An identity stands for the files and the options of a load. */
export interface VersionFacts {
  readonly version: number;
  readonly state: State;
  /** Of the load that serves. */
  readonly identity?: string | undefined;
  /** Of the last load, if that failed; and when it is due again. */
  readonly failure?: { readonly identity: string; readonly retryAt: number } | undefined;
  /** Of files that are kept elsewhere and are being fetched, or have been for a load to come. */
  readonly files?: { readonly identity: string; readonly here: boolean } | undefined;
}

export interface ModelFacts {
  readonly name: string;
  /** Undefined for a model that is no longer wanted. */
  readonly wanted: WantedModel | undefined;
  readonly versions: readonly VersionFacts[];
  /** Versions that labels stand for: they stay until these stand for others. */
  readonly labelled: ReadonlySet<number>;
}

interface VersionTask {
  readonly name: string;
  readonly candidate: WantedVersion;
  readonly identity: string;
  /** When it became due, if these very files have failed before; undefined for a first try. */
  readonly retryAt: number | undefined;
}

export interface LoadAction extends VersionTask {
  readonly kind: 'load';
}

/** Before a load of files that are kept elsewhere. */
export interface FetchAction extends VersionTask {
  readonly kind: 'fetch';
}

export type Action =
  | LoadAction
  | FetchAction
  | { readonly kind: 'retire' | 'let go'; readonly name: string; readonly version: number }
  | { readonly kind: 'wait'; readonly until: number };

/** What a load of that candidate would be made of. */
export function identityOf(model: WantedModel, candidate: WantedVersion): string {
  return JSON.stringify([candidate.directory, candidate.fingerprint, model.options]);
}

/**
 * The one thing to do next; undefined if all is as it should be. New versions load before old ones retire; versions that do not
 * load are left out and the policy is applied to the rest; and the last version that serves is never retired while its model is
 * wanted, nor one that a label stands for, whatever has become of the files. First tries come before retries, and the retry that has waited longest before the
 * others, so that no model in trouble holds up another. Files that are kept elsewhere are fetched for as many versions at once as
 * are in line, whatever is being loaded, and let go of when their version is no longer in line.
 * @param may which of the actions that take their time may begin now: loads come one at a time
 */
export function nextAction(
  models: readonly ModelFacts[],
  may: { readonly fetch: boolean; readonly load: boolean },
  now: number,
): Action | undefined {
  let load: LoadAction | undefined;
  let until = Number.POSITIVE_INFINITY;
  for (const model of models) {
    const plan = planFor(model, now);
    if (plan.letGo !== undefined) return { kind: 'let go', name: model.name, version: plan.letGo };
    if (plan.retire !== undefined) return { kind: 'retire', name: model.name, version: plan.retire };
    if (plan.fetch && may.fetch) return plan.fetch;
    load = sooner(load, plan.load);
    until = Math.min(until, plan.until);
  }
  if (load && may.load) return load;
  return until < Number.POSITIVE_INFINITY ? { kind: 'wait', until } : undefined;
}

/** The one of two loads that comes first; of equals the former. */
function sooner(a: LoadAction | undefined, b: LoadAction | undefined): LoadAction | undefined {
  if (!a || !b) return a ?? b;
  return (b.retryAt ?? Number.NEGATIVE_INFINITY) < (a.retryAt ?? Number.NEGATIVE_INFINITY) ? b : a;
}

interface Plan {
  readonly letGo?: number | undefined;
  readonly fetch?: FetchAction | undefined;
  readonly load?: LoadAction | undefined;
  readonly retire?: number | undefined;
  readonly until: number;
}

function planFor(model: ModelFacts, now: number): Plan {
  const never = Number.POSITIVE_INFINITY;
  const { wanted } = model;
  if (!wanted || wanted.repository.state === 'unloaded') {
    return {
      letGo: model.versions.find(({ state, files }) => files && mayLoad(state))?.version,
      retire: model.versions.find((facts) => mayRetire(facts))?.version,
      until: never,
    };
  }
  if (wanted.repository.state !== 'listed') return { until: never };
  const facts = new Map(model.versions.map((version) => [version.version, version]));
  const candidates = new Map(wanted.repository.versions.map((candidate) => [candidate.version, candidate]));
  const { target, inLine } = lineUp(wanted, facts);

  const letGo = model.versions.find(
    ({ version, state, files }) =>
      files &&
      mayLoad(state) &&
      !(inLine.includes(version) && identityOf(wanted, candidates.get(version)!) === files.identity),
  );
  let until = never;
  let fetch: FetchAction | undefined;
  let load: LoadAction | undefined;
  for (const version of inLine.toReversed()) {
    const candidate = candidates.get(version)!;
    const identity = identityOf(wanted, candidate);
    const known = facts.get(version);
    if (known && (known.identity === identity || !mayLoad(known.state))) continue;
    const retryAt = known?.failure?.identity === identity ? known.failure.retryAt : undefined;
    const action = { name: model.name, candidate, identity, retryAt };
    if (retryAt !== undefined && retryAt > now) until = Math.min(until, retryAt);
    else if (!candidate.fetch || known?.files?.here) load = sooner(load, { kind: 'load', ...action });
    else if (!known?.files) fetch ??= { kind: 'fetch', ...action };
  }

  // Before an old version goes, all that the policy asks for has been loaded, or has failed.
  const complete = target.every((version) => isServing(facts.get(version)?.state ?? 'waiting'));
  const replaced = complete && target.length > 0;
  const retire = model.versions.find(
    (known) =>
      mayRetire(known) &&
      !inLine.includes(known.version) &&
      !model.labelled.has(known.version) &&
      (!isServing(known.state) || replaced),
  );
  return { letGo: letGo?.version, fetch, load, retire: retire?.version, until };
}

/**
 * The versions to serve, and those in line for it: what failed with these files stays in line beside what stands in for it, and
 * would be picked again if it were forgotten.
 */
export function lineUp(wanted: WantedModel, facts: ReadonlyMap<number, VersionFacts>): Selection {
  if (wanted.repository.state !== 'listed') return { target: [], inLine: [] };
  const { versions } = wanted.repository;
  const failed = versions.filter((candidate) => {
    const known = facts.get(candidate.version);
    return known && !isServing(known.state) && known.failure?.identity === identityOf(wanted, candidate);
  });
  const numbers = (list: readonly WantedVersion[]) => list.map(({ version }) => version);
  return selectVersions(wanted.policy, numbers(versions), new Set(numbers(failed)), new Set(wanted.labels.values()));
}

function mayLoad(state: State): boolean {
  return state !== 'loading' && state !== 'reloading';
}

function mayRetire({ state }: VersionFacts): boolean {
  return state === 'waiting' || state === 'failed' || state === 'available';
}
