import type { WantedModel } from '../model/wanted.ts';
import { identityOf, lineUp } from './next-action.ts';
import { beingChanged, type Records, type VersionRecord } from './version-record.ts';
import { isServing } from './version-state.ts';

interface Entry {
  model: WantedModel;
  /** All that a config says of the model but where its versions lie. */
  readonly wish: string;
  /** Whether it has once been served as the wish says: what happens to its files afterwards is no matter of the config. */
  hasArrived: boolean;
  /** Whether a version fails by that wish, and says so. */
  isFailing: boolean;
  /** Of the last config by which it has been served. */
  revision: string | undefined;
}

/** Of a model that no config has been in force for yet. */
const none = 'none';

type Versions = ReadonlyMap<number, VersionRecord>;
const noVersions: Versions = new Map();

/** By which config each model is served: by that of before until it is loaded as the new one says, or is told to have failed. */
export class InForce {
  readonly #entries = new Map<string, Entry>();
  #revision: string | undefined;

  /**
   * To be called whenever one of the models or what is loaded is another, once all is done that can be done at once.
   * @param revision of the config that the models come from; undefined if they come from none
   */
  update(revision: string | undefined, wanted: ReadonlyMap<string, WantedModel>, records: Records): void {
    this.#revision = revision;
    for (const name of this.#entries.keys()) if (!wanted.has(name)) this.#entries.delete(name);
    for (const model of wanted.values()) {
      const entry = this.#entryOf(model);
      const versions = records.get(model.name) ?? noVersions;
      entry.isFailing = isFailing(model, versions);
      entry.hasArrived ||= hasArrived(model, versions);
      if (entry.hasArrived) entry.revision = revision;
      this.#entries.set(model.name, entry);
    }
  }

  /** @returns a config's revision, or `none`; undefined if models come from no config */
  revisionOf(name: string): string | undefined {
    const entry = this.#entries.get(name);
    if (this.#revision === undefined || !entry || entry.isFailing) return this.#revision;
    return entry.revision ?? none;
  }

  #entryOf(model: WantedModel): Entry {
    const before = this.#entries.get(model.name);
    if (before?.model === model) return before;
    const { policy, labels, options, repository } = model;
    const wish = JSON.stringify([policy, [...labels], options]);
    // Where nobody has looked, its versions are to lie somewhere else than before.
    if (before?.wish === wish && repository.state !== 'unknown') {
      before.model = model;
      return before;
    }
    return { model, wish, hasArrived: false, isFailing: false, revision: before?.revision };
  }
}

/** Whether what serves is just what is wanted, loaded as it is wanted. */
function hasArrived(model: WantedModel, versions: Versions): boolean {
  if (model.repository.state === 'unknown') return false;
  const identities = identitiesInLine(model, versions);
  const known = [...versions.values()];
  // What loads may have been begun by a config of before, and serves for a moment when it is there.
  if (known.some(({ state }) => state === 'loading' || state === 'reloading')) return false;
  const asWanted = [...identities].every(([version, identity]) => versions.get(version)?.identity === identity);
  return asWanted && known.every(({ version, state }) => !isServing(state) || identities.has(version));
}

/** Whether a load of what is wanted has failed. That files are just being written is no failure: it says nothing to the caller. */
function isFailing(model: WantedModel, versions: Versions): boolean {
  if ([...versions.values()].every(({ failure }) => !failure)) return false;
  return [...identitiesInLine(model, versions)].some(([version, identity]) => {
    const failure = versions.get(version)?.failure;
    return failure?.identity === identity && failure.cause !== beingChanged;
  });
}

/** What the versions to serve are to be made of; none while it is not known which there are. */
function identitiesInLine(model: WantedModel, versions: Versions): Map<number, string> {
  const { repository } = model;
  if (repository.state !== 'listed') return new Map();
  const candidates = new Map(repository.versions.map((candidate) => [candidate.version, candidate]));
  const { inLine } = lineUp(model, versions);
  return new Map(inLine.map((version) => [version, identityOf(model, candidates.get(version)!)]));
}
