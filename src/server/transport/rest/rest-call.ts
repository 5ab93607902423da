import type { ServerResponse } from 'node:http';
import { ServingError } from '../../model/error.ts';
import type { CallContext } from '../../observe/call-context.ts';
import type { Meter } from '../../observe/meter.ts';
import type { CallSpan } from '../../observe/span.ts';
import type { BudgetShare, ByteBudget } from '../byte-budget.ts';

/** An HTTP request as the routes see it. The signal is made when someone asks for it. */
export class RestCall implements CallContext {
  readonly span: CallSpan | undefined;
  meter: Meter | undefined;
  readonly #response: ServerResponse;
  readonly #share: BudgetShare;
  #controller: AbortController | undefined;
  #isClosed = false;

  /** @param budget of which the call takes its part until its answer has been taken, or nobody is there to take it */
  constructor(response: ServerResponse, budget: ByteBudget, span: CallSpan | undefined) {
    this.#response = response;
    this.#share = budget.share();
    this.span = span;
    response.once('close', () => this.#close());
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#isClosed) this.#abort();
    }
    return this.#controller.signal;
  }

  readonly takeMemory = (bytes: number): void => {
    if (this.#isClosed) throw cancelled();
    this.#share.take(bytes);
  };

  #close(): void {
    this.#isClosed = true;
    this.#share.giveBack();
    if (!this.#response.writableFinished) this.#abort();
  }

  #abort(): void {
    this.#controller?.abort(cancelled());
  }
}

function cancelled(): ServingError {
  return new ServingError('cancelled', 'Request was cancelled');
}
