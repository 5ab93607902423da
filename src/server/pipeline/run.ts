import type { Inference, LoadedModel } from '../engine/engine.ts';
import { ServingError, toServingError } from '../model/error.ts';
import type { TakeMemory } from '../model/inference.ts';
import { mostShards, requestNode } from '../model/pipeline.ts';
import { printShape } from '../model/signature.ts';
import type { Tensor } from '../model/tensor.ts';
import { checkInput, checkOutputs } from './checks.ts';
import type { CustomNode } from './custom-node.ts';
import type { Plan, PlannedNode } from './plan.ts';
import { Loan, type Scope, Session, Sink, scopeWithin } from './sessions.ts';
import { noShards, shardOf } from './shards.ts';

/** What runs in a node: the version of a model that is pinned, or a custom node. */
export type Executor = { readonly model: PipelineModel } | { readonly custom: CustomNode };

/** What a pipeline needs of a loaded model. */
export type PipelineModel = Pick<LoadedModel, 'infer' | 'inferRequests' | 'inUse' | 'waiting'>;

export interface RunCall {
  readonly signal?: AbortSignal;
  readonly takeMemory: TakeMemory;
  /**
   * Runs what a node does once, so that it can be observed. `run` is to be called at once; `onStart` is for the model.
   * @param node its place in the plan
   */
  readonly observe?: <T>(node: number, run: (onStart?: () => void) => T | Promise<T>) => T | Promise<T>;
}

/** How many times a custom node runs side by side for one request. */
const mostCustomAtOnce = 16;

/** Milliseconds for which nodes run on the event loop before others have their turn. */
const sliceMs = 2;

/** What the server keeps for a shard beside its elements, in bytes. */
const shardOverhead = 1024;

/**
 * Runs a pipeline once; answers at once, not by a promise, if all its nodes do. Nodes start as soon as their inputs are there. The first
 * error is the answer, once the nodes that have started have ended.
 *
 * Outputs of models are read where the runtime has them by nodes that start at once, and by the caller if they come last. All that would
 * have to wait for something is copied first: who waits for an infer request never holds one.
 *
 * @param executors of the plan's nodes, in their order; none for the request
 * @param inputs in the order of the plan's signature, valid for it
 * @throws ServingError
 */
export function runPipeline(
  plan: Plan,
  executors: readonly (Executor | undefined)[],
  inputs: readonly Tensor[],
  whenEmpty: 'outputs' | 'abort',
  call: RunCall,
): Inference | Promise<Inference> {
  return new PipelineRun(plan, executors, whenEmpty, call).run(inputs);
}

class PipelineRun {
  readonly #plan: Plan;
  readonly #executors: readonly (Executor | undefined)[];
  readonly #whenEmpty: 'outputs' | 'abort';
  readonly #call: RunCall;
  readonly #begin = performance.now();
  readonly #root = scopeWithin(undefined, 0, 1);
  readonly #results: Sink;
  /** Sessions that have all their inputs, by the places of their nodes, first come first. */
  readonly #ready: readonly Set<Session>[];
  readonly #running = new Map<PipelineModel | CustomNode, number>();
  #started = 0;
  /** Inferences whose outputs are still being read. */
  readonly #loans = new Set<Loan>();
  readonly #giveUp = new AbortController();
  #failure: ServingError | undefined;
  #shards = 0;
  #isSettled = false;
  #waiting: { resolve(inference: Inference): void; reject(error: ServingError): void } | undefined;
  readonly #abort = () => {
    this.#fail(this.#call.signal?.reason);
    this.#advance();
  };

  constructor(plan: Plan, executors: readonly (Executor | undefined)[], whenEmpty: 'outputs' | 'abort', call: RunCall) {
    this.#plan = plan;
    this.#executors = executors;
    this.#whenEmpty = whenEmpty;
    this.#call = call;
    this.#results = new Sink(plan.results.length);
    this.#ready = plan.nodes.map(() => new Set());
  }

  run(inputs: readonly Tensor[]): Inference | Promise<Inference> {
    const { signal } = this.#call;
    if (signal?.aborted) throw toServingError(signal.reason);
    this.#attempt(() => {
      this.#complete(0, this.#root, inputs);
      for (const [place, node] of this.#plan.nodes.entries()) {
        if (place > 0 && node.inputs.length === 0) this.#ready[place]!.add(new Session(place, 0, this.#root));
      }
    });
    this.#advance();
    if (this.#isSettled) {
      if (this.#failure) throw this.#failure;
      return this.#inference();
    }
    signal?.addEventListener('abort', this.#abort, { once: true });
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  /** Starts what can be started; settles when nothing is left. */
  #advance(): void {
    if (this.#isSettled) return;
    const end = performance.now() + sliceMs;
    while (!this.#failure) {
      let session = this.#nextToStart('at once');
      if (!session) {
        if (this.#started === 0 && !this.#isAnyReady()) break;
        if (this.#copyLoans()) continue;
        session = this.#nextToStart('in line');
        if (!session) return;
      }
      this.#start(session);
      if (performance.now() > end && this.#isAnyReady()) {
        this.#copyLoans();
        setImmediate(() => this.#advance());
        return;
      }
    }
    if (this.#started === 0) this.#settle();
  }

  #settle(): void {
    this.#isSettled = true;
    this.#call.signal?.removeEventListener('abort', this.#abort);
    this.#attempt(() => this.#completeResults());
    if (this.#failure) {
      this.#release();
      this.#waiting?.reject(this.#failure);
    } else this.#waiting?.resolve(this.#inference());
  }

  #inference(): Inference {
    const outputs = this.#plan.results.map(({ name }, i) => ({ name, tensor: this.#results.tensors[i]! }));
    return { outputs, waitedMs: 0, ranMs: performance.now() - this.#begin, release: () => this.#release() };
  }

  /** What there are no shards of is empty. */
  #completeResults(): void {
    if (this.#failure) return;
    for (const [i, { level, shard, name }] of this.#plan.results.entries()) {
      if (this.#results.tensors[i]) continue;
      const counts = level.map((place) => {
        const { demultiply } = this.#plan.nodes[place]!;
        return demultiply === 'dynamic' ? 0 : demultiply!;
      });
      if (!counts.includes(0)) throw new Error(`the pipeline has come to its end without the output ${name}`);
      this.#results.put(i, noShards(shard, counts));
    }
  }

  /**
   * Nodes near the end come first: what is under way ends before more is begun.
   * @param how whether an infer request has to be at hand; if not, no tensor may lie in the memory of another
   */
  #nextToStart(how: 'at once' | 'in line'): Session | undefined {
    for (let place = this.#ready.length - 1; place > 0; place--) {
      const session = this.#ready[place]!.values().next().value;
      if (session && this.#mayStart(session, how)) return session;
    }
    return undefined;
  }

  #mayStart(session: Session, how: 'at once' | 'in line'): boolean {
    const executor = this.#executors[session.node]!;
    if ('custom' in executor) {
      return !session.borrows && this.#runningOf(executor.custom) < mostCustomAtOnce;
    }
    const { model } = executor;
    if (this.#runningOf(model) >= model.inferRequests) return false;
    return how === 'in line' ? !session.borrows : model.inUse < model.inferRequests && model.waiting === 0;
  }

  #isAnyReady(): boolean {
    return this.#ready.some(({ size }) => size > 0);
  }

  /**
   * Copies what has not been begun to be read, and lets its inferences go.
   * @returns whether there was any
   */
  #copyLoans(): boolean {
    let isAny = false;
    for (const loan of this.#loans) {
      for (const reader of loan.readers) {
        if (reader instanceof Session && reader.hasStarted) continue;
        isAny = true;
        if (!this.#attempt(() => reader.copyFrom(loan, this.#call.takeMemory))) return true;
      }
      this.#releaseIfUnread(loan);
    }
    return isAny;
  }

  #start(session: Session): void {
    const { node: place } = session;
    const node = this.#plan.nodes[place]!;
    const executor = this.#executors[place]!;
    this.#ready[place]!.delete(session);
    session.hasStarted = true;
    const inputs = session.tensors as readonly Tensor[];
    const runs = 'custom' in executor ? executor.custom : executor.model;
    this.#started++;
    this.#running.set(runs, this.#runningOf(runs) + 1);
    const ended = () => {
      this.#started--;
      this.#running.set(runs, this.#runningOf(runs) - 1);
    };
    const succeed = (result: Inference | readonly Tensor[]) => {
      ended();
      this.#succeed(session, node, result);
    };
    const fail = (error: unknown) => {
      ended();
      this.#giveBack(session);
      this.#fail(error, node.name);
    };
    let result: Inference | readonly Tensor[] | Promise<Inference | readonly Tensor[]>;
    try {
      for (const [i, info] of node.inputs.entries()) checkInput(inputs[i]!, info, node.name);
      result = this.#execute(place, executor, inputs);
    } catch (error) {
      fail(error);
      return;
    }
    if (!(result instanceof Promise)) succeed(result);
    else result.then(succeed, fail).then(() => this.#advance());
  }

  #execute(
    place: number,
    executor: Executor,
    inputs: readonly Tensor[],
  ): Inference | readonly Tensor[] | Promise<Inference | readonly Tensor[]> {
    const { observe, takeMemory } = this.#call;
    const { signal } = this.#giveUp;
    const run = (onStart?: () => void): Inference | readonly Tensor[] | Promise<Inference | readonly Tensor[]> => {
      if ('custom' in executor) return executor.custom.execute(inputs, { signal, takeMemory });
      return executor.model.infer(inputs, onStart ? { signal, onStart } : { signal });
    };
    return observe ? observe(place, run) : run();
  }

  #succeed(session: Session, node: PlannedNode, result: Inference | readonly Tensor[]): void {
    this.#giveBack(session);
    if (!('outputs' in result)) {
      this.#attempt(() => {
        checkOutputs(result, node.outputs!, node.name);
        this.#complete(session.node, session.scope, result);
      }, node.name);
      return;
    }
    const loan = new Loan(result);
    this.#loans.add(loan);
    this.#attempt(() => {
      const tensors = result.outputs.map(({ tensor }) => tensor);
      this.#complete(session.node, session.scope, tensors, loan);
    }, node.name);
    this.#releaseIfUnread(loan);
  }

  /** Hands what a node has given to those who read it. */
  #complete(place: number, scope: Scope, outputs: readonly Tensor[], loan?: Loan): void {
    if (this.#failure) return;
    const node = this.#plan.nodes[place]!;
    if (node.demultiply === undefined) {
      this.#deliver(node, scope, outputs, loan);
      return;
    }
    const count = this.#countShards(node, outputs);
    if (count === 0) this.#deliverNothing(node, scope);
    for (let i = 0; i < count; i++) {
      const shards: Tensor[] = [];
      for (const output of node.used) shards[output] = shardOf(outputs[output]!, i);
      this.#deliver(node, scopeWithin(scope, i, count), shards, loan);
    }
  }

  /** @param scope of the readers that do not gather */
  #deliver(node: PlannedNode, scope: Scope, outputs: readonly Tensor[], loan: Loan | undefined): void {
    const { takeMemory } = this.#call;
    for (const { output, node: place, input, gathers } of node.readers) {
      const session = this.#sessionOf(place, gathers ? scope.parent! : scope);
      const tensor = outputs[output]!;
      if (gathers) {
        const reader = this.#plan.nodes[place]!;
        const where = `Node: ${reader.name}; input: ${reader.inputs[input]!.name}`;
        session.gather(input, tensor, scope.index, [scope.count], where, takeMemory);
      } else session.put(input, tensor, loan);
      this.#enqueueIfReady(session);
    }
    for (const { output, result } of node.results) {
      const { level, name } = this.#plan.results[result]!;
      const tensor = outputs[output]!;
      if (level.length === 0) this.#results.put(result, tensor, loan);
      else {
        const { index, counts } = placeWithin(scope, level.length);
        this.#results.gather(result, tensor, index, counts, `Output: ${name}`, takeMemory);
      }
    }
  }

  #deliverNothing(node: PlannedNode, scope: Scope): void {
    if (this.#whenEmpty === 'abort') {
      throw new ServingError(
        'aborted',
        `Pipeline execution aborted due to no content from custom node - Node: ${node.name}`,
      );
    }
    for (const { node: place, input, shard } of node.gathered) {
      const session = this.#sessionOf(place, scope);
      session.put(input, noShards(shard, [0]));
      this.#enqueueIfReady(session);
    }
  }

  #sessionOf(place: number, scope: Scope): Session {
    let session = scope.sessions.get(place);
    if (!session) {
      session = new Session(place, this.#plan.nodes[place]!.inputs.length, scope);
      scope.sessions.set(place, session);
    }
    return session;
  }

  #enqueueIfReady(session: Session): void {
    if (session.missing > 0) return;
    session.scope.sessions.delete(session.node);
    this.#ready[session.node]!.add(session);
  }

  /** @throws ServingError if the outputs cannot be split as they should, or into too many shards */
  #countShards({ name, demultiply, used, outputs: infos }: PlannedNode, outputs: readonly Tensor[]): number {
    const code = name === requestNode ? 'invalid-argument' : 'failed-precondition';
    const expected = demultiply === 'dynamic' ? (outputs[used[0]!]!.shape[0] ?? 0) : demultiply!;
    for (const output of used) {
      const { shape } = outputs[output]!;
      const info = infos ?? this.#plan.signature.inputs;
      const where = `Node: ${name}; output: ${info[output]!.name}`;
      if (shape.length < 3) {
        throw new ServingError(
          code,
          `Pipeline has not enough shape dimensions to demultiply - ${where}; Expected: at least 3 dimensions; Actual: ${printShape(shape)}`,
        );
      }
      if (shape[0] !== expected) {
        throw new ServingError(
          code,
          `Wrong dimension size. Should match demultiply count - ${where}; Expected: ${expected}; Actual: ${printShape(shape)}`,
        );
      }
    }
    this.#shards += expected;
    if (demultiply === 'dynamic' && this.#shards > mostShards) {
      throw new ServingError(
        code,
        `Too large dynamic demultiplication requested. - Node: ${name}; Limit: ${mostShards}; Actual: ${this.#shards}`,
      );
    }
    this.#call.takeMemory(expected * shardOverhead);
    return expected;
  }

  #giveBack(session: Session): void {
    session.giveBack();
    for (const loan of this.#loans) this.#releaseIfUnread(loan);
  }

  #releaseIfUnread(loan: Loan): void {
    if (loan.readers.size === 0 && this.#loans.delete(loan)) loan.release();
  }

  #release(): void {
    for (const loan of this.#loans) loan.release();
    this.#loans.clear();
  }

  #runningOf(runs: PipelineModel | CustomNode): number {
    return this.#running.get(runs) ?? 0;
  }

  /** @returns whether it succeeded; if not, so has the pipeline */
  #attempt(step: () => void, node?: string): boolean {
    try {
      step();
      return true;
    } catch (error) {
      this.#fail(error, node);
      return false;
    }
  }

  /** Only the first is told. What has not begun does not begin; what waits for its turn goes. */
  #fail(error: unknown, node?: string): void {
    if (this.#failure) return;
    if (error instanceof ServingError) this.#failure = error;
    else if (node === undefined) this.#failure = toServingError(error);
    else this.#failure = new ServingError('internal', `Node execution failed - Node: ${node}`, { cause: error });
    this.#giveUp.abort(this.#failure);
  }
}

/** Which of how many a shard is, within so many demultiplexers; the counts are outermost first. */
function placeWithin(scope: Scope, depth: number): { index: number; counts: number[] } {
  const counts: number[] = [];
  let index = 0;
  let scale = 1;
  let at: Scope = scope;
  for (let i = 0; i < depth; i++) {
    counts.unshift(at.count);
    index += at.index * scale;
    scale *= at.count;
    at = at.parent!;
  }
  return { index, counts };
}
