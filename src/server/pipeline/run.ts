import type { Inference } from '../engine/engine.ts';
import { ServingError, toServingError } from '../model/error.ts';
import type { TakeMemory } from '../model/inference.ts';
import { mostShards } from '../model/pipeline.ts';
import type { Tensor } from '../model/tensor.ts';
import { checkInput, checkOutputs } from './checks.ts';
import { holds } from './conditions.ts';
import { countShards, notSplit } from './count-shards.ts';
import { type Executor, Line, type Started } from './line.ts';
import { type Loan, Loans } from './loans.ts';
import type { Plan, PlannedNode } from './plan.ts';
import { placeWithin, type Scope, Session, Sink, scopeWithin } from './sessions.ts';
import { noShards, noTensor, shardOf } from './shards.ts';

export interface RunCall {
  readonly signal?: AbortSignal;
  readonly takeMemory: TakeMemory;
  /**
   * Runs what a node does once, so that it can be observed. `run` is to be called at once; `onStart` is for the model.
   * @param node its place in the plan
   */
  readonly observe?: <T>(node: number, run: (onStart?: () => void) => T | Promise<T>) => T | Promise<T>;
}

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
  readonly #line: Line;
  readonly #loans = new Loans();
  readonly #giveUp = new AbortController();
  #failure: ServingError | undefined;
  #shards = 0;
  /** Places of nodes that do not run, since a condition does not hold. */
  readonly #skipped = new Set<number>();
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
    this.#line = new Line(executors);
  }

  run(inputs: readonly Tensor[]): Inference | Promise<Inference> {
    const { signal } = this.#call;
    if (signal?.aborted) throw toServingError(signal.reason);
    this.#attempt(() => {
      this.#complete(0, this.#root, inputs);
      for (const [place, node] of this.#plan.nodes.entries()) {
        const needsNothing = node.inputs.length === 0 && !node.when;
        if (place > 0 && needsNothing) this.#line.add(new Session(place, 0, this.#root));
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
      let session = this.#line.next('at once');
      if (!session) {
        if (this.#line.started === 0 && this.#line.isEmpty) break;
        if (this.#copyUnread()) continue;
        session = this.#line.next('in line');
        if (!session) return;
      }
      this.#start(session);
      if (performance.now() > end && !this.#line.isEmpty) {
        this.#copyUnread();
        setImmediate(() => this.#advance());
        return;
      }
    }
    if (this.#line.started === 0) this.#settle();
  }

  /** @returns whether anything is another way now */
  #copyUnread(): boolean {
    let isAny = true;
    this.#attempt(() => {
      isAny = this.#loans.copyUnread(this.#call.takeMemory);
    });
    return isAny;
  }

  #settle(): void {
    this.#isSettled = true;
    this.#call.signal?.removeEventListener('abort', this.#abort);
    this.#attempt(() => this.#completeResults());
    if (this.#failure) {
      this.#loans.releaseAll();
      this.#waiting?.reject(this.#failure);
    } else this.#waiting?.resolve(this.#inference());
  }

  #inference(): Inference {
    const outputs = this.#plan.results.map(({ name }, i) => ({ name, tensor: this.#results.tensors[i]! }));
    return { outputs, waitedMs: 0, ranMs: performance.now() - this.#begin, release: () => this.#loans.releaseAll() };
  }

  /** What there are no shards of is empty. */
  #completeResults(): void {
    if (this.#failure) return;
    for (const [i, { level, shard, name }] of this.#plan.results.entries()) {
      if (this.#results.tensors[i]) continue;
      const counts = this.#countsOf(level);
      if (!counts.includes(0)) throw new Error(`the pipeline has come to its end without the output ${name}`);
      this.#results.put(i, noShards(shard, counts));
    }
  }

  #start(session: Session): void {
    const { node: place } = session;
    const node = this.#plan.nodes[place]!;
    const inputs = session.tensors.slice(0, node.inputs.length) as readonly Tensor[];
    const started = this.#line.start(session);
    const succeed = (result: Inference | readonly Tensor[]) => {
      started.ended();
      this.#succeed(session, node, result, started);
    };
    const fail = (error: unknown) => {
      started.ended();
      started.freed();
      this.#giveBack(session);
      this.#fail(error, node.name);
    };
    let result: Inference | readonly Tensor[] | Promise<Inference | readonly Tensor[]>;
    try {
      for (const [i, info] of node.inputs.entries()) checkInput(inputs[i]!, info, node.name);
      result = this.#execute(place, inputs);
    } catch (error) {
      fail(error);
      return;
    }
    if (!(result instanceof Promise)) succeed(result);
    else result.then(succeed, fail).then(() => this.#advance());
  }

  #execute(
    place: number,
    inputs: readonly Tensor[],
  ): Inference | readonly Tensor[] | Promise<Inference | readonly Tensor[]> {
    const executor = this.#executors[place]!;
    const { observe, takeMemory } = this.#call;
    const { signal } = this.#giveUp;
    const node = this.#plan.nodes[place]!.name;
    const run = (onStart?: () => void): Inference | readonly Tensor[] | Promise<Inference | readonly Tensor[]> => {
      if ('custom' in executor) return executor.custom.execute(inputs, { node, signal, takeMemory });
      return executor.model.infer(inputs, onStart ? { signal, onStart } : { signal });
    };
    return observe ? observe(place, run) : run();
  }

  #succeed(session: Session, node: PlannedNode, result: Inference | readonly Tensor[], { freed }: Started): void {
    this.#giveBack(session);
    if (!('outputs' in result)) {
      freed();
      this.#attempt(() => {
        checkOutputs(result, node.outputs!, node.name);
        this.#complete(session.node, session.scope, result);
      }, node.name);
      return;
    }
    const loan = this.#loans.begin(result, freed);
    this.#attempt(() => {
      const tensors = result.outputs.map(({ tensor }) => tensor);
      this.#complete(session.node, session.scope, tensors, loan);
    }, node.name);
    this.#loans.sweep();
  }

  /** Hands what a node has given to those who read it. */
  #complete(place: number, scope: Scope, outputs: readonly Tensor[], loan?: Loan): void {
    if (this.#failure) return;
    const node = this.#plan.nodes[place]!;
    if (node.demultiply === undefined) {
      this.#deliver(node, scope, outputs, loan);
      return;
    }
    const count = countShards(node, outputs, this.#plan.signature);
    this.#takeShards(node, count);
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
      if (this.#skipped.has(place)) continue;
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

  /** Neither a node whose condition does not hold runs nor what takes from it: outputs from there have no elements. */
  #skip(place: number): void {
    if (this.#skipped.has(place)) return;
    this.#skipped.add(place);
    this.#root.sessions.get(place)?.giveBack();
    this.#root.sessions.delete(place);
    const { readers, results } = this.#plan.nodes[place]!;
    for (const { node } of readers) this.#skip(node);
    for (const { result } of results) {
      const { shard, level } = this.#plan.results[result]!;
      this.#results.put(result, noTensor(shard, this.#countsOf(level)));
    }
  }

  /** How many shards there are as far as that is known before, and none where it is not. */
  #countsOf(level: readonly number[]): number[] {
    return level.map((place) => {
      const { demultiply } = this.#plan.nodes[place]!;
      return demultiply === 'dynamic' ? 0 : demultiply!;
    });
  }

  #sessionOf(place: number, scope: Scope): Session {
    let session = scope.sessions.get(place);
    if (!session) {
      const { inputs, when } = this.#plan.nodes[place]!;
      session = new Session(place, inputs.length + Number(when !== undefined), scope);
      scope.sessions.set(place, session);
    }
    return session;
  }

  #enqueueIfReady(session: Session): void {
    if (session.missing > 0) return;
    session.scope.sessions.delete(session.node);
    const { when, inputs, name } = this.#plan.nodes[session.node]!;
    if (!when || holds(when, session.tensors[inputs.length]!, name)) this.#line.add(session);
    else {
      session.giveBack();
      this.#skip(session.node);
    }
  }

  /** @throws ServingError if there are too many */
  #takeShards({ name, demultiply }: PlannedNode, count: number): void {
    this.#shards += count;
    if (demultiply === 'dynamic' && this.#shards > mostShards) {
      throw notSplit(
        name,
        `Too large dynamic demultiplication requested. - Node: ${name}; Limit: ${mostShards}; Actual: ${this.#shards}`,
      );
    }
    this.#call.takeMemory(count * shardOverhead);
  }

  #giveBack(session: Session): void {
    session.giveBack();
    this.#loans.sweep();
  }

  /** If it fails, so does the pipeline. */
  #attempt(step: () => void, node?: string): void {
    try {
      step();
    } catch (error) {
      this.#fail(error, node);
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
