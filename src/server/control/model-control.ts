import { ServingError } from '../model/error.ts';
import type { Registry } from '../registry/registry.ts';
import type { Repositories } from '../source/repositories.ts';
import type { ModelSource } from './model-source.ts';

export interface ModelControlOptions {
  readonly source: ModelSource;
  readonly repositories: Repositories;
  readonly registry: Registry;
  /** Looks again for what pipelines could not open. */
  readonly retryPipelines: () => Promise<unknown>;
  /** Resolves when it is known what is to be served: orders wait for it. */
  readonly started: Promise<void>;
  /** Whether requests may say what is served; to have the config read anew changes nothing that its owner did not say. */
  readonly isOpen: boolean;
}

/** Orders that change what is served while the server runs: protocols have words for them, sources and registry do them. */
export class ModelControl {
  readonly #options: ModelControlOptions;

  constructor(options: ModelControlOptions) {
    this.#options = options;
  }

  async reload(): Promise<boolean> {
    const { source, repositories, registry, retryPipelines, started } = this.#options;
    await started;
    const isChanged = await source.reload();
    await Promise.all([retryPipelines(), repositories.rescan()]);
    await registry.settled();
    return isChanged;
  }

  async replace(entries: readonly object[]): Promise<void> {
    const { source, registry, started } = this.#options;
    this.#checkOpen();
    await started;
    const names = await source.replace(entries);
    await registry.settled();
    const failed = names.filter((name) => !this.#isAvailable(name));
    if (failed.length === 0) return;
    const why = failed.map((name) => `${name}: ${this.#causes(name)}`).join('; ');
    throw new ServingError('failed-precondition', `Models could not be loaded - ${why}`);
  }

  async load(name: string): Promise<void> {
    const { repositories, registry, started } = this.#options;
    this.#checkOpen();
    await started;
    if (!repositories.has(name)) {
      throw new ServingError('servable-not-found', `failed to load '${name}', failed to poll from model repository`);
    }
    registry.tryAgain(name);
    await repositories.load(name);
    await registry.settled();
    if (this.#isAvailable(name)) return;
    const cause = `failed to load '${name}', no version is available - ${this.#causes(name)}`;
    throw new ServingError('failed-precondition', cause);
  }

  async unload(name: string): Promise<void> {
    const { repositories, started } = this.#options;
    this.#checkOpen();
    await started;
    if (repositories.unload(name)) return;
    throw new ServingError('servable-not-found', `failed to unload '${name}', no such model is configured`);
  }

  #checkOpen(): void {
    if (this.#options.isOpen) return;
    throw new ServingError(
      'failed-precondition',
      'explicit model load / unload is not allowed - the server was started with --model_control none',
    );
  }

  #isAvailable(name: string): boolean {
    return this.#options.registry.readiness()?.models.get(name) ?? false;
  }

  #causes(name: string): string {
    const { repositories, registry } = this.#options;
    return [...repositories.unreadable(name), ...registry.causes(name)].join('; ') || 'no version was found';
  }
}
