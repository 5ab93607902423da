import type { Clock } from '../../shared/clock.ts';
import type { ModelAnswer, ModelStatusSource } from '../models/model-status-source.ts';
import type { PodFacts } from './pod-facts.ts';

/** How long a pod that does not answer is taken to be as it was: one lost packet is no news. */
const memoryMs = 15_000;

type Answers = ReadonlyMap<string, ModelAnswer>;

/** Asks pods for their models, and remembers for a while what they said. */
export class PodInquiry {
  readonly #clock: Clock;
  /** By the pods' uids. */
  readonly #last = new Map<string, { readonly at: number; readonly answers: Answers }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns by name, the answers of the pods that run */
  async ask(
    source: ModelStatusSource,
    pods: readonly PodFacts[],
    port: number,
    models: readonly string[],
    signal: AbortSignal,
  ): Promise<Map<string, Answers>> {
    const running = pods.filter((pod) => pod.host !== undefined);
    const answers = await Promise.all(
      running.map(async (pod) => {
        const answers = await source.ask({ host: pod.host!, port }, models, signal);
        return [pod.name, this.#remember(pod.uid, answers)] as const;
      }),
    );
    this.#forgetOld();
    return new Map(answers);
  }

  #remember(uid: string, answers: Answers): Answers {
    const isSilent = [...answers.values()].some(({ kind }) => kind === 'unreachable');
    const last = this.#last.get(uid);
    if (isSilent && last && this.#clock.now() - last.at < memoryMs && sameKeys(last.answers, answers))
      return last.answers;
    if (!isSilent) this.#last.set(uid, { at: this.#clock.now(), answers });
    return answers;
  }

  /** Entries stand in the order of their last answer but for those renewed in place; what is old is of no use. */
  #forgetOld(): void {
    for (const [uid, { at }] of this.#last) {
      if (this.#clock.now() - at < memoryMs) continue;
      this.#last.delete(uid);
    }
  }
}

function sameKeys(a: Answers, b: Answers): boolean {
  return a.size === b.size && [...a.keys()].every((key) => b.has(key));
}
