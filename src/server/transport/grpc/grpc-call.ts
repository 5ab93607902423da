import type { ServerUnaryCall } from '@grpc/grpc-js';
import { wallTime } from '../../../shared/clock.ts';
import { ServingError } from '../../model/error.ts';
import type { CallContext } from '../../observe/call-context.ts';
import type { Meter } from '../../observe/meter.ts';
import type { CallSpan, Tracing } from '../../observe/span.ts';
import type { ByteBudget } from './byte-budget.ts';

type SurfaceCall = Pick<ServerUnaryCall<unknown, unknown>, 'cancelled' | 'getDeadline' | 'getHost' | 'metadata'> & {
  once(event: 'cancelled', listener: () => void): unknown;
};

/** A grpc-js call as the methods see it. The signal is made when someone asks for it: a quick inference never does. */
export class GrpcCall implements CallContext {
  readonly span: CallSpan | undefined;
  meter: Meter | undefined;
  readonly #call: SurfaceCall;
  readonly #budget: ByteBudget;
  #controller: AbortController | undefined;
  #bytes = 0;
  #finished = false;

  /** @param budget of which the call takes its part until `finish` */
  constructor(call: SurfaceCall, method: string, budget: ByteBudget, tracing: Tracing | undefined) {
    this.#call = call;
    this.#budget = budget;
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

  readonly takeMemory = (bytes: number): void => {
    this.#budget.take(bytes);
    this.#bytes += bytes;
  };

  /**
   * It has its answer: its memory goes back, and that grpc-js calls every call cancelled in the end, also one that went well,
   * means nothing now.
   */
  finish(): void {
    this.#finished = true;
    this.#budget.give(this.#bytes);
    this.#bytes = 0;
  }

  #reason(): ServingError {
    return Number(this.#call.getDeadline()) <= wallTime()
      ? new ServingError('deadline-exceeded', 'Deadline exceeded')
      : new ServingError('cancelled', 'Request was cancelled');
  }
}
