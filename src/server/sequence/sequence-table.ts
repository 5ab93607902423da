import { randomInt } from 'node:crypto';
import type { Inference, InferOptions, LoadedModel, ModelState } from '../engine/engine.ts';
import { RequestPool } from '../engine/request-pool.ts';
import { ServingError } from '../model/error.ts';
import type { SequenceStep } from '../model/inference.ts';
import type { Tensor } from '../model/tensor.ts';

export interface SequenceTableOptions {
  /** How many sequences may live at a time. */
  readonly mostSequences: number;
  /** How many requests may wait for those before them in their sequences. */
  readonly mostWaiting: number;
  /** An id for a sequence that comes without, 1n or more; asked again while it is taken. By chance, unless given. */
  readonly newId?: () => bigint;
}

/** An inference in a sequence. */
export interface SequenceInference extends Inference {
  /** Of the sequence, also where the client named none. */
  readonly sequenceId: bigint;
}

interface Sequence {
  readonly id: bigint;
  /** Its one item is had by the request that runs, until its answer is written; the others wait in order. */
  readonly line: RequestPool<'turn'>;
  /** Undefined until its first request has made one. */
  state: ModelState | undefined;
  /** Whether its last request has come. */
  isEnding: boolean;
  /** Whether it is out of the table. */
  isOver: boolean;
  /** Whether no request has run since the table was last looked through. */
  isIdle: boolean;
}

/** The sequences that live of one load of a model, each with a state of its own. The texts are those of OpenVINO Model Server. */
export class SequenceTable {
  readonly #openState: LoadedModel['openState'];
  readonly #mostSequences: number;
  readonly #mostWaiting: number;
  readonly #newId: () => bigint;
  readonly #sequences = new Map<bigint, Sequence>();
  #waiting = 0;

  /** @param openState makes the state of a sequence */
  constructor(openState: LoadedModel['openState'], options: SequenceTableOptions) {
    this.#openState = openState;
    this.#mostSequences = options.mostSequences;
    this.#mostWaiting = options.mostWaiting;
    this.#newId = options.newId ?? randomId;
  }

  /** How many live. */
  get size(): number {
    return this.#sequences.size;
  }

  /** Requests that wait for those before them in their sequences. */
  get waiting(): number {
    return this.#waiting;
  }

  /** What runs a request, which has that place in its sequence, in the place of its model. */
  runner(step: SequenceStep): {
    infer(inputs: readonly Tensor[], options: InferOptions): Promise<SequenceInference>;
  } {
    return { infer: (inputs, options) => this.infer(step, inputs, options) };
  }

  /**
   * As that of the model, from the sequence's state, once all that has been asked of the sequence before has been released. The first request
   * makes a sequence; the release of the last ends it.
   * @throws ServingError as that of the model; `sequence-not-found`, `sequence-exists`, `too-many-sequences`; and
   *   `failed-precondition` for a sequence to be made of an id whose last request is still under way
   */
  async infer(step: SequenceStep, inputs: readonly Tensor[], options: InferOptions): Promise<SequenceInference> {
    const sequence = step.isFirst ? this.#begin(step.id) : this.#find(step.id);
    if (step.isLast) sequence.isEnding = true;
    return this.#infer(sequence, step, inputs, options);
  }

  /** Ends the sequences for which nothing has run since this was last called. @returns how many */
  endIdle(): number {
    let ended = 0;
    for (const sequence of this.#sequences.values()) {
      if (sequence.isIdle && sequence.line.inUse === 0) {
        this.#end(sequence);
        ended++;
      } else {
        sequence.isIdle = true;
      }
    }
    return ended;
  }

  #begin(wanted: bigint): Sequence {
    if (this.#sequences.size >= this.#mostSequences) {
      throw new ServingError(
        'too-many-sequences',
        'Max sequence number has been reached. Could not create new sequence.',
      );
    }
    const other = this.#sequences.get(wanted);
    if (other?.isEnding) {
      throw new ServingError(
        'failed-precondition',
        "Sequence last request is being processed and it's not available anymore",
      );
    }
    if (other) throw new ServingError('sequence-exists', 'Sequence with provided ID already exists');
    let id = wanted;
    while (id === 0n || (wanted === 0n && this.#sequences.has(id))) id = this.#newId();
    const line = new RequestPool<'turn'>(['turn'], this.#mostWaiting);
    const sequence: Sequence = { id, line, state: undefined, isEnding: false, isOver: false, isIdle: false };
    this.#sequences.set(id, sequence);
    return sequence;
  }

  #find(id: bigint): Sequence {
    const sequence = this.#sequences.get(id);
    if (!sequence || sequence.isEnding) throw notFound();
    return sequence;
  }

  async #infer(
    sequence: Sequence,
    step: SequenceStep,
    inputs: readonly Tensor[],
    { signal, onStart }: InferOptions,
  ): Promise<SequenceInference> {
    const arrived = performance.now();
    let began: number | undefined;
    const options: InferOptions = {
      ...(signal && { signal }),
      onStart() {
        began = performance.now();
        onStart?.();
      },
    };
    let turn: 'turn' | undefined;
    try {
      turn = sequence.line.tryTake() ?? (await this.#wait(sequence, signal));
      if (sequence.isOver) throw notFound();
      sequence.state ??= await this.#openState(options);
      const { outputs, ranMs, release } = await sequence.state.infer(inputs, options);
      sequence.isIdle = false;
      return {
        sequenceId: sequence.id,
        outputs,
        waitedMs: began! - arrived,
        ranMs,
        release: () => {
          release();
          if (step.isLast) this.#end(sequence);
          sequence.line.give('turn');
        },
      };
    } catch (error) {
      // What has not run may be sent again. Nobody knows of a sequence whose first request has failed.
      if (step.isFirst || (step.isLast && began !== undefined)) this.#end(sequence);
      else if (step.isLast) sequence.isEnding = false;
      if (turn) sequence.line.give(turn);
      throw error;
    }
  }

  async #wait({ line }: Sequence, signal: AbortSignal | undefined): Promise<'turn'> {
    if (this.#waiting >= this.#mostWaiting) {
      throw new ServingError(
        'resource-exhausted',
        `Too many requests wait for others of their sequences - Limit: ${this.#mostWaiting}`,
      );
    }
    this.#waiting++;
    try {
      return await line.take(signal);
    } finally {
      this.#waiting--;
    }
  }

  #end(sequence: Sequence): void {
    if (sequence.isOver) return;
    sequence.isOver = true;
    this.#sequences.delete(sequence.id);
    sequence.state?.close();
  }
}

/**
 * By chance, and not one after the other: whoever goes on with a sequence that has gone with its server must not get into
 * another's. Small enough for the numbers of JSON.
 */
function randomId(): bigint {
  return BigInt(randomInt(1, 2 ** 48 - 1));
}

function notFound(): ServingError {
  return new ServingError('sequence-not-found', 'Sequence with provided ID does not exist');
}
