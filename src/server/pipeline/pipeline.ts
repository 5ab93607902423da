import type { Inference, LoadedModel } from '../engine/engine.ts';
import { ServingError } from '../model/error.ts';
import type { PipelineDefinition } from '../model/pipeline.ts';
import type { Tensor } from '../model/tensor.ts';
import type { VersionStatus } from '../model/version-status.ts';
import type { PipelineMeter } from '../observe/meter.ts';
import type { PinnedServable, Runnable, RunOptions } from '../registry/catalogue.ts';
import type { Pinned, Registry } from '../registry/registry.ts';
import { sequencesOf } from '../sequence/stateful-engine.ts';
import type { Executor } from './line.ts';
import { observeNodes } from './observe-nodes.ts';
import type { OpenedNodes } from './open-nodes.ts';
import { makePlan, type Plan } from './plan.ts';
import { PipelineProblems } from './problems.ts';
import { runPipeline } from './run.ts';

/** The one version that a pipeline has. */
export const onlyVersion = 1;

/** A model that nodes run: with a version, or the one that is the default at the time. */
interface ModelReference {
  readonly name: string;
  readonly version?: number;
}

/** For each model that nodes run, in order: its version, which is pinned, or why there is none. */
type Pins = readonly (Pinned | ServingError)[];

/** What a pipeline comes to with certain loads of its models. */
type Outcome =
  | { readonly runnable: Runnable; readonly problems?: undefined }
  | { readonly problems: PipelineProblems; readonly runnable?: undefined };

/**
 * A pipeline as it is defined, over whatever versions its models have at a time: it is planned anew when those are others. A request pins
 * them all.
 */
export class Pipeline {
  readonly definition: PipelineDefinition;
  readonly #registry: Registry;
  readonly #meter: () => PipelineMeter | undefined;
  readonly #models: readonly ModelReference[];
  #opened: OpenedNodes | undefined;
  #known: { readonly models: readonly LoadedModel[]; readonly outcome: Outcome } | undefined;
  #pins = 0;
  #unpinned: (() => void) | undefined;

  constructor(definition: PipelineDefinition, registry: Registry, meter: () => PipelineMeter | undefined) {
    this.definition = definition;
    this.#registry = registry;
    this.#meter = meter;
    const models = definition.nodes.flatMap(({ runs }): ModelReference | [] =>
      runs.kind === 'model' ? referenceOf(runs.model, runs.version) : [],
    );
    this.#models = [...new Map(models.map((model) => [keyOf(model), model])).values()];
  }

  /** Its custom nodes are there, or it is known why not. */
  ready(opened: OpenedNodes): void {
    this.#opened = opened;
  }

  /** @throws ServingError `not-loaded` with all that is wrong */
  acquire(): PinnedServable {
    const pins = this.#pin();
    const { runnable, problems } = this.#outcome(pins);
    const release = () => {
      for (const pin of pins) if (!(pin instanceof ServingError)) pin.release();
    };
    if (!runnable) {
      release();
      throw notLoaded(problems.all);
    }
    this.#pins++;
    return {
      kind: 'pipeline',
      name: this.definition.name,
      version: onlyVersion,
      model: runnable,
      release: () => {
        release();
        this.#pins--;
        if (this.#pins === 0) this.#unpinned?.();
      },
    };
  }

  /** Resolves when its models are there or will not be soon. @throws ServingError, and the signal's reason once that is aborted */
  async whenLoaded(ms: number, signal: AbortSignal | undefined): Promise<void> {
    await Promise.all(this.#models.map((model) => this.#registry.whenLoaded(model, ms, signal)));
  }

  /** Whether any of its custom nodes could not be opened. */
  get hasFailedNodes(): boolean {
    return [...(this.#opened?.nodes.values() ?? [])].some((node) => 'cause' in node);
  }

  get isOpening(): boolean {
    return this.#opened === undefined;
  }

  /** What GetModelStatus tells. */
  status(): VersionStatus {
    const base = { version: onlyVersion, errorCode: 'OK', errorMessage: 'OK' } as const;
    if (this.isOpening) return { ...base, state: 'LOADING' };
    const pins = this.#pin();
    const { problems } = this.#outcome(pins);
    for (const pin of pins) if (!(pin instanceof ServingError)) pin.release();
    if (!problems) return { ...base, state: 'AVAILABLE' };
    const isComing = this.#models.some((model) => this.#registry.isComing(model));
    if (isComing && problems.onlyMissingModels) return { ...base, state: 'LOADING' };
    return {
      version: onlyVersion,
      state: 'LOADING',
      errorCode: 'FAILED_PRECONDITION',
      errorMessage: problems.all.join('; '),
    };
  }

  /** Resolves when no request uses it. No more may come. */
  unpinned(): Promise<void> {
    if (this.#pins === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#unpinned = resolve;
    });
  }

  /** In the order of the models. */
  #pin(): Pins {
    return this.#models.map((model) => this.#tryAcquire(model));
  }

  #tryAcquire(model: ModelReference): Pinned | ServingError {
    try {
      return this.#registry.acquire(model) as Pinned;
    } catch (error) {
      if (error instanceof ServingError) return error;
      throw error;
    }
  }

  #outcome(pins: Pins): Outcome {
    if (!this.#opened) {
      const problems = new PipelineProblems();
      problems.add('initialization', 'custom nodes are being opened');
      return { problems };
    }
    const models = pins.flatMap((pin) => (pin instanceof ServingError ? [] : pin.model));
    const isWhole = models.length === pins.length;
    const isKnown = this.#known?.models.every((model, i) => model === models[i]);
    if (isWhole && isKnown) return this.#known!.outcome;
    const outcome = this.#plan(pins, this.#opened);
    // Why a model is missing may be another reason each time.
    this.#known = isWhole ? { models, outcome } : undefined;
    return outcome;
  }

  #plan(pins: Pins, { nodes }: OpenedNodes): Outcome {
    const pinOf = (name: string, version: number | undefined) => {
      const key = keyOf(referenceOf(name, version));
      return pins[this.#models.findIndex((model) => keyOf(model) === key)]!;
    };
    const plan = makePlan(this.definition, {
      model: (name, version) => {
        const pin = pinOf(name, version);
        if (pin instanceof ServingError) return { missing: this.#whyMissing(referenceOf(name, version), pin) };
        if (sequencesOf(pin.model)) return { forbidden: 'stateful models cannot be used in pipelines' };
        return { signature: pin.model.signature };
      },
      custom: (name) => nodes.get(name)!,
    });
    if (plan instanceof PipelineProblems) return { problems: plan };
    const executors = plan.nodes.map(({ runs, name }): Executor | undefined => {
      if (runs.kind === 'request') return undefined;
      if (runs.kind === 'model') {
        const { model } = pinOf(runs.model, runs.version) as Pinned;
        return { model };
      }
      const custom = nodes.get(name)!;
      return 'signature' in custom ? { custom } : undefined;
    });
    return {
      runnable: { signature: plan.signature, infer: (inputs, call) => this.#run(plan, executors, inputs, call) },
    };
  }

  /** The cause of a failed load, where there is one, says more than that there is no such version. */
  #whyMissing(model: ModelReference, error: ServingError): string {
    const isKnown = this.#registry.readiness()?.models.has(model.name);
    if (!isKnown) return error.message;
    const failed = this.#registry.status({ name: model.name }).filter(({ errorCode }) => errorCode !== 'OK');
    const causes = failed
      .filter(({ version }) => model.version === undefined || version === model.version)
      .map(({ version, errorMessage }) => `version ${version}: ${errorMessage}`);
    return [error.message, ...causes].join(' - ');
  }

  #run(
    plan: Plan,
    executors: readonly (Executor | undefined)[],
    inputs: readonly Tensor[],
    { signal, takeMemory, span }: RunOptions,
  ): Inference | Promise<Inference> {
    const observe = observeNodes(plan, span, this.#meter());
    return runPipeline(plan, executors, inputs, this.definition.whenEmpty, {
      takeMemory,
      ...(signal && { signal }),
      ...(observe && { observe }),
    });
  }
}

function referenceOf(name: string, version: number | undefined): ModelReference {
  return version === undefined ? { name } : { name, version };
}

function keyOf({ name, version }: ModelReference): string {
  return JSON.stringify([name, version]);
}

function notLoaded(problems: readonly string[]): ServingError {
  return new ServingError('not-loaded', `Pipeline is not loaded yet - ${problems.join('; ')}`);
}
