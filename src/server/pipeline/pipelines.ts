import type { Clock } from '../../shared/clock.ts';
import { ServingError } from '../model/error.ts';
import type { ServableSpec } from '../model/inference.ts';
import { type LibraryEntry, noPipelines, type PipelineDefinition, type PipelineSet } from '../model/pipeline.ts';
import type { VersionStatus } from '../model/version-status.ts';
import type { PipelineMeter } from '../observe/meter.ts';
import type { Catalogue, PinnedServable, Readiness } from '../registry/catalogue.ts';
import { Changes } from '../registry/changes.ts';
import { ReadinessLatch } from '../registry/readiness-latch.ts';
import type { Registry } from '../registry/registry.ts';
import type { FindLibrary } from './custom-node.ts';
import { LibraryShelf, type TakenLibrary } from './library-shelf.ts';
import { openNodes } from './open-nodes.ts';
import { onlyVersion, Pipeline } from './pipeline.ts';

/** Who is told what happens to pipelines. Never throws. */
export interface PipelineObserver {
  /** Its public status is another one now. */
  stateChanged(name: string, status: VersionStatus): void;
  /** The libraries of its custom nodes could not be closed. */
  notClosed(name: string, error: unknown): void;
}

export interface PipelinesOptions {
  readonly registry: Registry;
  readonly findLibrary: FindLibrary;
  readonly clock: Clock;
  readonly observer: PipelineObserver;
  /** Where pipelines are measured, if they are. */
  readonly meter?: (name: string) => PipelineMeter | undefined;
}

/** A pipeline that is wanted. */
interface Entry {
  readonly pipeline: Pipeline;
  /** By which it is the same as one that is wanted later. */
  readonly identity: string;
  /** Resolves when its custom nodes have been opened, and it has taken its place. */
  readonly opened: Promise<void>;
  /** To be given back. */
  libraries: readonly TakenLibrary[];
  /** Of the config that it is served by. */
  revision: string | undefined;
  /** What was told of it last. */
  told: VersionStatus | undefined;
}

/** Stands for the registry among the names of pipelines, none of which is empty. */
const allModels = '';

const retired: VersionStatus = { version: onlyVersion, state: 'END', errorCode: 'OK', errorMessage: 'OK' };

/**
 * Models and pipelines of them, behind one name each. What becomes of a pipeline follows from its definition and from what the registry has
 * at the time, so that it is back as soon as its models are.
 */
export class Pipelines implements Catalogue {
  readonly #options: PipelinesOptions;
  readonly #registry: Registry;
  readonly #shelf: LibraryShelf;
  readonly #changes: Changes;
  readonly #latch = new ReadinessLatch();
  readonly #unsubscribe: () => void;
  #wanted: PipelineSet = noPipelines;
  /** Of the config that was last to come. */
  #revision: string | undefined;
  readonly #entries = new Map<string, Entry>();
  /** Those that take the place of entries once their custom nodes are open. */
  readonly #successors = new Map<string, Entry>();
  /** Names of pipelines that were wanted once. */
  readonly #retired = new Set<string>();
  readonly #closing = new Set<Promise<void>>();

  constructor(options: PipelinesOptions) {
    this.#options = options;
    this.#registry = options.registry;
    this.#shelf = new LibraryShelf(options.findLibrary);
    this.#changes = new Changes(options.clock);
    this.#unsubscribe = this.#registry.subscribe(() => this.#judge());
    this.#updateLatch();
  }

  /**
   * From now on these pipelines, and no others. Resolves when their custom nodes have been opened; until then a pipeline that was there
   * under the same name serves on.
   */
  async configure({ pipelines, libraries }: PipelineSet, revision?: string): Promise<void> {
    this.#revision = revision;
    this.#wanted = { pipelines, libraries };
    const wanted = new Set(pipelines.map(({ name }) => name));
    for (const name of [...this.#entries.keys()]) if (!wanted.has(name)) this.#remove(name);
    const opened = pipelines.map((definition) => {
      const used = libraries.filter(({ name }) => usesLibrary(definition, name));
      const entry = this.#want(definition, used);
      entry.revision = revision;
      return entry.opened;
    });
    this.#judge();
    await Promise.all(opened);
  }

  /** Opens the custom nodes again that could not be opened. Resolves when that is done. */
  retry(): Promise<void> {
    return this.configure(this.#wanted, this.#revision);
  }

  acquire(spec: ServableSpec): PinnedServable {
    const entry = this.#entries.get(spec.name);
    if (entry) return entry.pipeline.acquire();
    if (this.#retired.size === 0) return this.#registry.acquire(spec);
    return this.#ofModel(
      spec,
      () => this.#registry.acquire(spec),
      () => {
        throw new ServingError('version-retired', 'Pipeline is retired');
      },
    );
  }

  async whenLoaded(spec: ServableSpec, ms: number, signal: AbortSignal | undefined): Promise<void> {
    const entry = this.#entries.get(spec.name);
    if (!entry) return this.#registry.whenLoaded(spec, ms, signal);
    await this.#changes.until(() => !entry.pipeline.isOpening, ms, signal);
    await entry.pipeline.whenLoaded(ms, signal);
  }

  status(spec: ServableSpec): VersionStatus[] {
    const entry = this.#entries.get(spec.name);
    if (entry) return [entry.told ?? entry.pipeline.status()];
    return this.#ofModel(
      spec,
      () => this.#registry.status(spec),
      () => [retired],
    );
  }

  revisionInForce(name: string): string | undefined {
    const entry = this.#entries.get(name);
    if (entry) return entry.revision;
    const isModel = this.#registry.readiness()?.models.has(name);
    return this.#retired.has(name) && !isModel ? this.#revision : this.#registry.revisionInForce(name);
  }

  readiness(): Readiness | undefined {
    const readiness = this.#registry.readiness();
    if (!readiness) return undefined;
    const pipelines = [...this.#entries.keys()].map((name) => [name, this.#isAvailable(name)] as const);
    return {
      isReady: readiness.isReady && this.#latch.isReady,
      models: new Map([...readiness.models, ...pipelines]),
    };
  }

  subscribe(listener: () => void): () => void {
    return this.#changes.subscribe(listener);
  }

  /** To be called when no more requests come, before the registry is closed. Resolves when all custom nodes are closed. */
  async close(): Promise<void> {
    this.#unsubscribe();
    const all = [...this.#entries.values(), ...this.#successors.values()];
    this.#entries.clear();
    this.#successors.clear();
    // Those that are being opened are closed when that is done.
    for (const entry of all) if (!entry.pipeline.isOpening) this.#retire(entry);
    await Promise.all(all.map(({ opened }) => opened));
    await Promise.all(this.#closing);
  }

  #want(definition: PipelineDefinition, libraries: readonly LibraryEntry[]): Entry {
    const { name } = definition;
    const identity = JSON.stringify([definition, libraries]);
    const current = this.#entries.get(name);
    const successor = this.#successors.get(name);
    if (successor?.identity === identity) return successor;
    this.#successors.delete(name);
    if (current?.identity === identity && !current.pipeline.hasFailedNodes) return current;
    const { registry, meter } = this.#options;
    const pipeline = new Pipeline(definition, registry, () => meter?.(name));
    const entry: Entry = {
      pipeline,
      identity,
      opened: openNodes(definition, libraries, this.#shelf).then((opened) => {
        entry.libraries = opened.libraries;
        pipeline.ready(opened);
        this.#takePlace(entry);
      }),
      libraries: [],
      revision: undefined,
      told: current?.told,
    };
    if (current) this.#successors.set(name, entry);
    else this.#entries.set(name, entry);
    this.#retired.delete(name);
    return entry;
  }

  #takePlace(entry: Entry): void {
    const { name } = entry.pipeline.definition;
    const current = this.#entries.get(name);
    if (this.#successors.get(name) === entry) {
      this.#successors.delete(name);
      this.#entries.set(name, entry);
      if (current) this.#retire(current);
    } else if (current !== entry) {
      this.#retire(entry);
      return;
    }
    this.#judge();
  }

  #remove(name: string): void {
    const entry = this.#entries.get(name)!;
    this.#entries.delete(name);
    this.#successors.delete(name);
    this.#retired.add(name);
    this.#options.observer.stateChanged(name, retired);
    if (!entry.pipeline.isOpening) this.#retire(entry);
  }

  /** Gives its libraries back when the requests under way have ended. */
  #retire({ pipeline, libraries }: Entry): void {
    const give = async () => {
      await pipeline.unpinned();
      await Promise.all(libraries.map((library) => library.giveBack()));
    };
    const closed = give()
      .catch((error) => this.#options.observer.notClosed(pipeline.definition.name, error))
      .then(() => {
        this.#closing.delete(closed);
      });
    this.#closing.add(closed);
  }

  /** Tells what has become of pipelines. */
  #judge(): void {
    for (const [name, entry] of this.#entries) {
      const { told } = entry;
      const status = entry.pipeline.status();
      const isSame =
        told?.state === status.state &&
        told.errorCode === status.errorCode &&
        told.errorMessage === status.errorMessage;
      if (isSame) continue;
      entry.told = status;
      this.#options.observer.stateChanged(name, status);
    }
    this.#updateLatch();
    this.#changes.announce();
  }

  /** The server as a whole has been ready when its models and its pipelines were so at once. */
  #updateLatch(): void {
    const wanted = new Map<string, { readonly required: boolean }>([[allModels, { required: true }]]);
    for (const [name, { pipeline }] of this.#entries) wanted.set(name, pipeline.definition);
    const areModelsReady = this.#registry.readiness()?.isReady ?? false;
    this.#latch.update(wanted, {
      has: (name) => (name === allModels ? areModelsReady : this.#isAvailable(name)),
    });
  }

  #isAvailable(name: string): boolean {
    return this.#entries.get(name)?.told?.state === 'AVAILABLE';
  }

  /** What there is of a model; or else, where the name was a pipeline's once, what there is to tell of that. */
  #ofModel<T>({ name }: ServableSpec, ofModel: () => T, ofRetired: () => T): T {
    try {
      return ofModel();
    } catch (error) {
      const isUnknown = error instanceof ServingError && error.code === 'servable-not-found';
      if (isUnknown && this.#retired.has(name)) return ofRetired();
      throw error;
    }
  }
}

function usesLibrary({ nodes }: PipelineDefinition, name: string): boolean {
  return nodes.some(({ runs }) => runs.kind === 'custom' && runs.library === name);
}
