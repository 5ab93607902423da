import { isIP } from 'node:net';
import type { Clock } from '../../../shared/clock.ts';
import type { Logger } from '../../../shared/log.ts';
import { Turns } from '../../../shared/turns.ts';
import type { ModelAnswer, ModelStatusSource, PodAddress } from '../model-status-source.ts';
import { configOf, decodeAnswer, encodeRequest, largestAnswer, path } from './get-model-status.ts';
import { type GrpcAnswer, GrpcConnection } from './grpc-connection.ts';
import { GrpcError } from './grpc-error.ts';

export interface GrpcModelStatusSourceOptions {
  readonly clock: Clock;
  /** Where failed asks are told, for those who debug. */
  readonly log: Logger;
  /** Milliseconds that a pod has for all of its models together. */
  readonly timeoutMs?: number;
  /** Calls under way to one pod. */
  readonly concurrency?: number;
  /** Pods that are asked at a time; the time of those that wait does not count. */
  readonly mostPods?: number;
}

/** Asks over gRPC. Each ask has a connection of its own, which ends with it. */
export function grpcModelStatusSource(options: GrpcModelStatusSourceOptions): ModelStatusSource {
  const { clock, log, timeoutMs = 2000, concurrency = 8, mostPods = 64 } = options;
  const turns = new Turns(mostPods);
  const closing = new AbortController();
  const askNow = async (round: Round, signal: AbortSignal): Promise<ReadonlyMap<string, ModelAnswer>> => {
    const timer = clock.after(timeoutMs, () => round.giveUp(round.lateReason(timeoutMs)));
    const abort = () => round.giveUp('aborted');
    const close = () => round.giveUp(ending);
    signal.addEventListener('abort', abort, { once: true });
    closing.signal.addEventListener('abort', close, { once: true });
    try {
      const answers = await round.run(concurrency);
      signal.throwIfAborted();
      if (round.givenUp !== undefined) log.debug({ reason: round.givenUp }, 'Could not ask a pod what it serves');
      return answers;
    } finally {
      timer.cancel();
      signal.removeEventListener('abort', abort);
      closing.signal.removeEventListener('abort', close);
    }
  };
  return {
    async ask(pod, models, signal) {
      signal.throwIfAborted();
      const names = [...new Set(models)];
      if (names.length === 0) return new Map();
      if (closing.signal.aborted) return noneReachable(names, ending);
      if (isIP(pod.host) === 0) return noneReachable(names, `${pod.host} is no IP address`);
      await turns.take(signal);
      try {
        if (closing.signal.aborted) return noneReachable(names, ending);
        return await askNow(new Round(pod, names), signal);
      } finally {
        turns.giveBack();
      }
    },
    close: () => closing.abort(),
  };
}

const ending = 'the operator is ending';

/** One pod, asked for some models. */
class Round {
  readonly #connection: GrpcConnection;
  readonly #names: readonly string[];
  readonly #left: string[];
  readonly #answers = new Map<string, ModelAnswer>();
  #givenUp: string | undefined;

  constructor({ host, port }: PodAddress, names: readonly string[]) {
    this.#connection = new GrpcConnection(host, port, largestAnswer);
    this.#names = names;
    this.#left = names.toReversed();
  }

  /** Why the models without an answer got none. */
  get givenUp(): string | undefined {
    return this.#givenUp;
  }

  async run(concurrency: number): Promise<ReadonlyMap<string, ModelAnswer>> {
    const lanes = Math.min(concurrency, this.#names.length);
    await Promise.all(Array.from({ length: lanes }, () => this.#work()));
    this.#connection.destroy();
    return new Map(this.#names.map((name) => [name, this.#answers.get(name) ?? this.#none()]));
  }

  giveUp(reason: string): void {
    this.#givenUp ??= reason;
    this.#connection.destroy();
  }

  lateReason(timeoutMs: number): string {
    const { address, established } = this.#connection;
    const seconds = `${timeoutMs / 1000} s`;
    return established
      ? `${address} did not answer within ${seconds}`
      : `no connection to ${address} within ${seconds}`;
  }

  async #work(): Promise<void> {
    for (let name = this.#left.pop(); name !== undefined && this.#givenUp === undefined; name = this.#left.pop()) {
      const answer = await this.#ask(name);
      if (answer) this.#answers.set(name, answer);
    }
  }

  /** @returns undefined if it was given up */
  async #ask(name: string): Promise<ModelAnswer | undefined> {
    let answer: GrpcAnswer;
    try {
      answer = await this.#connection.call(path, encodeRequest(name));
    } catch (error) {
      if (!(error instanceof GrpcError)) throw error;
      if (error.kind === 'not-found') return { kind: 'unknown-model' };
      if (error.kind === 'call') return { kind: 'unreachable', reason: error.message };
      this.giveUp(error.message);
      return undefined;
    }
    try {
      const config = configOf(answer.headers);
      return { kind: 'versions', versions: decodeAnswer(answer.message), ...(config ? { config } : {}) };
    } catch (error) {
      const reason = `${this.#connection.address} is not understood: ${(error as Error).message}`;
      return { kind: 'unreachable', reason };
    }
  }

  #none(): ModelAnswer {
    return { kind: 'unreachable', reason: this.#givenUp ?? 'not asked' };
  }
}

function noneReachable(names: readonly string[], reason: string): ReadonlyMap<string, ModelAnswer> {
  return new Map(names.map((name) => [name, { kind: 'unreachable', reason }]));
}
