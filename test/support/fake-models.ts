import type {
  ConfigAnswer,
  ModelAnswer,
  ModelStatusSource,
  PodAddress,
  VersionAnswer,
} from '../../src/operator/models/model-status-source.ts';
import { type Clock, sleep, systemClock } from '../../src/shared/clock.ts';

interface Pod {
  readonly models: Map<string, ModelAnswer>;
  delayMs: number;
  unreachable: string | undefined;
  config: ConfigAnswer | undefined;
}

/** Pods that answer what they were told to. Nobody is at an address that nothing was said of. */
export class FakeModels implements ModelStatusSource {
  /** Each ask, in turn: `host:port` and the models. */
  readonly asked: (readonly [address: string, models: readonly string[]])[] = [];
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #pods = new Map<string, Pod>();
  readonly #closing = new AbortController();

  constructor(options: { readonly clock?: Clock; readonly timeoutMs?: number } = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#timeoutMs = options.timeoutMs ?? 2000;
  }

  /** From now on the pod can be reached, and says this of the model; it does not know those of which nothing was said. */
  set(pod: PodAddress, model: string, answer: ModelAnswer | readonly Partial<VersionAnswer>[]): void {
    const entry = this.#pod(pod);
    entry.unreachable = undefined;
    entry.models.set(model, isVersions(answer) ? { kind: 'versions', versions: answer.map(complete) } : answer);
  }

  /** From now on the pod tells that it serves by this config; undefined: it does not tell, as at first. */
  configure(pod: PodAddress, config: ConfigAnswer | undefined): void {
    this.#pod(pod).config = config;
  }

  /** From now on each ask takes so long. Beyond the time-out there is no answer. */
  delay(pod: PodAddress, ms: number): void {
    this.#pod(pod).delayMs = ms;
  }

  /** The pod cannot be reached until something is set again. */
  fail(pod: PodAddress, reason: string): void {
    this.#pod(pod).unreachable = reason;
  }

  /** Nobody is there any more. */
  remove(pod: PodAddress): void {
    this.#pods.delete(addressOf(pod));
  }

  async ask(
    pod: PodAddress,
    models: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, ModelAnswer>> {
    signal.throwIfAborted();
    const address = addressOf(pod);
    this.asked.push([address, [...models]]);
    const entry = this.#pods.get(address);
    const delayMs = entry?.delayMs ?? 0;
    const failed = (reason: string) => answerAll(models, { kind: 'unreachable', reason });
    if (this.#closing.signal.aborted) return failed('the operator is ending');
    if (delayMs > 0) {
      try {
        const either = AbortSignal.any([signal, this.#closing.signal]);
        await sleep(this.#clock, Math.min(delayMs, this.#timeoutMs), either);
      } catch {
        signal.throwIfAborted();
        return failed('the operator is ending');
      }
      if (delayMs > this.#timeoutMs) return failed(`${address} did not answer within ${this.#timeoutMs / 1000} s`);
    }
    if (!entry) return failed(`no connection to ${address}: refused`);
    if (entry.unreachable !== undefined) return failed(entry.unreachable);
    return new Map(models.map((model) => [model, answerOf(entry, model)]));
  }

  close(): void {
    this.#closing.abort();
  }

  #pod(pod: PodAddress): Pod {
    const address = addressOf(pod);
    let entry = this.#pods.get(address);
    if (!entry) {
      entry = { models: new Map(), delayMs: 0, unreachable: undefined, config: undefined };
      this.#pods.set(address, entry);
    }
    return entry;
  }
}

function answerOf({ models, config }: Pod, model: string): ModelAnswer {
  const answer = models.get(model) ?? { kind: 'unknown-model' };
  return answer.kind === 'versions' && config ? { ...answer, config } : answer;
}

function isVersions(
  answer: ModelAnswer | readonly Partial<VersionAnswer>[],
): answer is readonly Partial<VersionAnswer>[] {
  return Array.isArray(answer);
}

function complete(answer: Partial<VersionAnswer>): VersionAnswer {
  return { version: 1, state: 'AVAILABLE', errorCode: 'OK', errorMessage: '', ...answer };
}

function answerAll(models: readonly string[], answer: ModelAnswer): ReadonlyMap<string, ModelAnswer> {
  return new Map(models.map((model) => [model, answer]));
}

function addressOf({ host, port }: PodAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
