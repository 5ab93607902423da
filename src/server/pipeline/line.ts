import type { LoadedModel } from '../engine/engine.ts';
import type { CustomNode } from './custom-node.ts';
import type { Session } from './sessions.ts';

/** What runs in a node: the version of a model that is pinned, or a custom node. */
export type Executor = { readonly model: PipelineModel } | { readonly custom: CustomNode };

/** What a pipeline needs of a loaded model. */
export type PipelineModel = Pick<LoadedModel, 'infer' | 'inferRequests' | 'inUse' | 'waiting'>;

/** How many times a custom node runs side by side for one request. */
const mostCustomAtOnce = 16;

/** To be told of a session that has been started. */
export interface Started {
  /** It has ended. */
  ended(): void;
  /** What it ran has room for another: an infer request is only free when its outputs have been read. */
  freed(): void;
}

/** The sessions of a request that have all they need, and how many run. */
export class Line {
  readonly #executors: readonly (Executor | undefined)[];
  /** By the places of their nodes, first come first. */
  readonly #ready: readonly Set<Session>[];
  /** How many infer requests the request has, or custom nodes at work. */
  readonly #taken = new Map<PipelineModel | CustomNode, number>();
  /** How many run. */
  started = 0;

  /** @param executors of the nodes, by their places; none for the request */
  constructor(executors: readonly (Executor | undefined)[]) {
    this.#executors = executors;
    this.#ready = executors.map(() => new Set());
  }

  add(session: Session): void {
    this.#ready[session.node]!.add(session);
  }

  get isEmpty(): boolean {
    return this.#ready.every(({ size }) => size === 0);
  }

  /**
   * The next to start, if any may. Nodes near the end come first: what is under way ends before more is begun. A request takes no more infer
   * requests of a model than there are, so that it leaves room in line for others.
   * @param how whether an infer request has to be at hand; if not, no tensor may lie in the memory of another
   */
  next(how: 'at once' | 'in line'): Session | undefined {
    for (let place = this.#ready.length - 1; place > 0; place--) {
      const session = this.#ready[place]!.values().next().value;
      if (session && this.#mayStart(session, how)) return session;
    }
    return undefined;
  }

  start(session: Session): Started {
    const runs = runsOf(this.#executors[session.node]!);
    this.#ready[session.node]!.delete(session);
    session.hasStarted = true;
    this.started++;
    this.#taken.set(runs, this.#takenOf(runs) + 1);
    return {
      ended: () => {
        this.started--;
      },
      freed: () => {
        this.#taken.set(runs, this.#takenOf(runs) - 1);
      },
    };
  }

  #mayStart(session: Session, how: 'at once' | 'in line'): boolean {
    const executor = this.#executors[session.node]!;
    if ('custom' in executor) return !session.borrows && this.#takenOf(executor.custom) < mostCustomAtOnce;
    const { model } = executor;
    if (this.#takenOf(model) >= model.inferRequests) return false;
    return how === 'in line' ? !session.borrows : model.inUse < model.inferRequests && model.waiting === 0;
  }

  #takenOf(runs: PipelineModel | CustomNode): number {
    return this.#taken.get(runs) ?? 0;
  }
}

function runsOf(executor: Executor): PipelineModel | CustomNode {
  return 'custom' in executor ? executor.custom : executor.model;
}
