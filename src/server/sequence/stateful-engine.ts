import type { Clock, Timer } from '../../shared/clock.ts';
import type { Engine, Inference, InferOptions, LoadedModel, ModelState } from '../engine/engine.ts';
import { ServingError } from '../model/error.ts';
import type { Signature } from '../model/signature.ts';
import type { Tensor } from '../model/tensor.ts';
import type { LoadOptions } from '../model/wanted.ts';
import { checkLowLatency } from './low-latency.ts';
import { sequenceInputs } from './sequence-inputs.ts';
import { SequenceTable } from './sequence-table.ts';

export interface StatefulEngineOptions {
  readonly clock: Clock;
  /** Milliseconds between two looks for idle sequences; 0 for none. */
  readonly idleMs: number;
  /** How many requests of a model may wait for those before them in their sequences. */
  readonly mostWaiting: number;
  /** Told when idle sequences have been ended: of the model in which version's directory, and how many. */
  readonly endedIdle: (directory: string, sequences: number) => void;
}

/** An engine whose stateful models have sequences: see `sequencesOf`. All others are as they were. */
export function withSequences(engine: Engine, options: StatefulEngineOptions): Engine {
  return new StatefulEngine(engine, options);
}

class StatefulEngine implements Engine {
  readonly #engine: Engine;
  readonly #options: StatefulEngineOptions;
  /** Those that are looked through for idle sequences, with their models' directories. */
  readonly #tables = new Map<SequenceTable, string>();
  #timer: Timer | undefined;

  constructor(engine: Engine, options: StatefulEngineOptions) {
    this.#engine = engine;
    this.#options = options;
  }

  get description(): string {
    return this.#engine.description;
  }

  async load(directory: string, options: LoadOptions): Promise<LoadedModel> {
    const { stateful } = options;
    if (!stateful) return this.#engine.load(directory, options);
    if (stateful.lowLatency) await checkLowLatency(directory);
    const model = await this.#engine.load(directory, options);
    try {
      checkNames(model.signature);
    } catch (error) {
      await model.close();
      throw error;
    }
    const { mostSequences, endsIdle } = stateful;
    const { mostWaiting } = this.#options;
    const table = new SequenceTable((stateOptions) => model.openState(stateOptions), { mostSequences, mostWaiting });
    if (endsIdle) this.#tables.set(table, directory);
    this.#plan();
    return new StatefulModel(model, table, () => this.#tables.delete(table));
  }

  async close(): Promise<void> {
    this.#timer?.cancel();
    await this.#engine.close();
  }

  #plan(): void {
    const { clock, idleMs } = this.#options;
    if (this.#tables.size > 0 && idleMs > 0) this.#timer ??= clock.after(idleMs, () => this.#look());
  }

  #look(): void {
    this.#timer = undefined;
    for (const [table, directory] of this.#tables) {
      const ended = table.endIdle();
      if (ended > 0) this.#options.endedIdle(directory, ended);
    }
    this.#plan();
  }
}

/** Where the requests of a stateful model belong; undefined for any other model. */
export function sequencesOf(model: object): SequenceTable | undefined {
  return model instanceof StatefulModel ? model.sequences : undefined;
}

class StatefulModel implements LoadedModel {
  readonly signature: Signature;
  readonly inferRequests: number;
  readonly streams: number;
  readonly sequences: SequenceTable;
  readonly #model: LoadedModel;
  readonly #closing: () => void;

  constructor(model: LoadedModel, sequences: SequenceTable, closing: () => void) {
    this.signature = model.signature;
    this.inferRequests = model.inferRequests;
    this.streams = model.streams;
    this.sequences = sequences;
    this.#model = model;
    this.#closing = closing;
  }

  get inUse(): number {
    return this.#model.inUse;
  }

  get waiting(): number {
    return this.#model.waiting + this.sequences.waiting;
  }

  infer(inputs: readonly Tensor[], options: InferOptions): Inference | Promise<Inference> {
    return this.#model.infer(inputs, options);
  }

  rehearse(inputs: readonly Tensor[]): Promise<void> {
    return this.#model.rehearse(inputs);
  }

  openState(options: Pick<InferOptions, 'signal'>): Promise<ModelState> {
    return this.#model.openState(options);
  }

  close(): Promise<void> {
    this.#closing();
    return this.#model.close();
  }
}

/** @throws ServingError `failed-precondition` for a model that has an input or output of a name that sequences need */
function checkNames({ inputs, outputs }: Signature): void {
  const taken = [...inputs, ...outputs].find(({ name }) => sequenceInputs.includes(name));
  if (!taken) return;
  throw new ServingError(
    'failed-precondition',
    `Cannot serve the model - in a stateful model the name ${taken.name} is the sequence's`,
  );
}
