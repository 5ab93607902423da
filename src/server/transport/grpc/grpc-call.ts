import { Metadata, type ServerUnaryCall } from '@grpc/grpc-js';
import { wallTime } from '../../../shared/clock.ts';
import { ServingError } from '../../model/error.ts';
import type { TakeMemory } from '../../model/inference.ts';
import type { CallContext } from '../../observe/call-context.ts';
import type { Meter } from '../../observe/meter.ts';
import type { CallSpan, Tracing } from '../../observe/span.ts';
import type { BudgetShare, ByteBudget } from '../byte-budget.ts';

type SurfaceCall = Pick<ServerUnaryCall<unknown, unknown>, 'cancelled' | 'getDeadline' | 'getHost' | 'metadata'> & {
  once(event: 'cancelled', listener: () => void): unknown;
};

/** A grpc-js call as the methods see it. The signal is made when someone asks for it: a quick inference never does. */
export class GrpcCall implements CallContext {
  readonly span: CallSpan | undefined;
  meter: Meter | undefined;
  readonly #call: SurfaceCall;
  readonly #budget: ByteBudget;
  readonly #share: BudgetShare;
  #controller: AbortController | undefined;
  #finished = false;
  #told: Metadata | undefined;

  /** @param budget of which the call takes its part until `finish` */
  constructor(call: SurfaceCall, method: string, budget: ByteBudget, tracing: Tracing | undefined) {
    this.#call = call;
    this.#budget = budget;
    this.#share = budget.share();
    this.span = tracing?.serverSpan(method, (name) =>
      name === ':authority' ? call.getHost() : call.metadata.get(name).join() || undefined,
    );
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      const controller = new AbortController();
      const abort = () => {
        if (!this.#finished) controller.abort(this.#reason());
      };
      if (this.#call.cancelled) abort();
      else this.#call.once('cancelled', abort);
      this.#controller = controller;
    }
    return this.#controller.signal;
  }

  get takeMemory(): TakeMemory {
    return this.#share.take;
  }

  tell(name: string, value: string): void {
    this.#told ??= new Metadata();
    this.#told.set(name, value);
  }

  /** What there is to tell before the answer; undefined for nothing. */
  get told(): Metadata | undefined {
    return this.#told;
  }

  /** One message of a stream: a call of its own, but that it ends with the stream. */
  message(): GrpcMessage {
    return new GrpcMessage(this, this.#budget.share());
  }

  /**
   * It has its answer: its memory goes back, and that grpc-js calls every call cancelled in the end, also one that went well,
   * means nothing now.
   */
  finish(): void {
    this.#finished = true;
    this.#share.giveBack();
  }

  #reason(): ServingError {
    return Number(this.#call.getDeadline()) <= wallTime()
      ? new ServingError('deadline-exceeded', 'Deadline exceeded')
      : new ServingError('cancelled', 'Request was cancelled');
  }
}

/** A message that is answered within a stream. */
export class GrpcMessage implements CallContext {
  readonly span: CallSpan | undefined;
  meter: Meter | undefined;
  readonly #call: GrpcCall;
  readonly #share: BudgetShare;

  /** @param share goes back with `finish` */
  constructor(call: GrpcCall, share: BudgetShare) {
    this.#call = call;
    this.#share = share;
    this.span = call.span?.message();
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }

  get takeMemory(): TakeMemory {
    return this.#share.take;
  }

  /** It has its answer. @param status gRPC's code for it @param error why, if it is a refusal */
  finish(status: number, error?: unknown): void {
    this.#share.giveBack();
    this.span?.answered(status, error);
  }
}
