import type { Clock } from '../../shared/clock.ts';
import type { ModelAnswer, ModelStatusSource } from '../models/model-status-source.ts';
import type { PodFacts } from './pod-facts.ts';

/** How long a pod that does not answer is taken to be as it was: one lost packet is no news. */
const memoryMs = 15_000;

/** An answer that took longer than this kept a worker waiting. */
const slowMs = 500;

/** How long a pod that kept a worker waiting, and gave no answer, is not asked: at first, and at most. */
const restMs = { first: 2_000, most: 30_000 };

/** How long after its rest a pod that nobody asks for is remembered: with many ModelServers, the looks at one are far apart. */
const goneMs = 300_000;

type Answers = ReadonlyMap<string, ModelAnswer>;

/** A pod that does not answer: where others wait for their turn, nobody waits for it again. */
interface Silence {
  readonly answers: Answers;
  readonly restMs: number;
  /** When it is asked again; behind the back of those who want to know, who hear of it the next time. */
  readonly until: number;
  /** As it was when it was asked: once it changes, it may answer. */
  readonly isReady: boolean;
}

/** Asks pods for their models, and remembers for a while what they said. */
export class PodInquiry {
  readonly #clock: Clock;
  /** By the pods' uids, the one that answered last at the end. */
  readonly #last = new Map<string, { readonly at: number; readonly answers: Answers }>();
  /** Likewise, the one that was asked last at the end. */
  readonly #silent = new Map<string, Silence>();
  readonly #asking = new Set<string>();

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
        const askNow = (until: AbortSignal) =>
          this.#askNow(pod, () => source.ask({ host: pod.host!, port }, models, until));
        const answers = this.#silenceOf(pod, models, askNow) ?? (await askNow(signal));
        return [pod.name, this.#remember(pod.uid, answers)] as const;
      }),
    );
    this.#forgetOld();
    return new Map(answers);
  }

  /** What there is to say of a pod that does not answer. Sees to it that it is asked now and then. */
  #silenceOf(
    { uid, isReady }: PodFacts,
    models: readonly string[],
    askNow: (until: AbortSignal) => Promise<Answers>,
  ): Answers | undefined {
    const silence = this.#silent.get(uid);
    const isKnown = silence?.answers.size === models.length && models.every((model) => silence.answers.has(model));
    if (!silence || !isKnown) return undefined;
    const isDue = this.#clock.now() >= silence.until || silence.isReady !== isReady;
    if (isDue && !this.#asking.has(uid)) {
      this.#asking.add(uid);
      // The source ends it in time.
      askNow(new AbortController().signal)
        .catch(() => {})
        .finally(() => this.#asking.delete(uid));
    }
    return silence.answers;
  }

  async #askNow({ uid, isReady }: PodFacts, ask: () => Promise<Answers>): Promise<Answers> {
    const began = this.#clock.now();
    const answers = await ask();
    const now = this.#clock.now();
    const before = this.#silent.get(uid);
    this.#silent.delete(uid);
    if (isSilent(answers) && now - began >= slowMs) {
      const isSame = before?.isReady === isReady;
      const rest = isSame ? Math.min(restMs.most, before.restMs * 2) : restMs.first;
      this.#silent.set(uid, { answers, restMs: rest, until: now + rest, isReady });
    }
    return answers;
  }

  #remember(uid: string, answers: Answers): Answers {
    const last = this.#last.get(uid);
    if (isSilent(answers)) {
      return last && this.#clock.now() - last.at < memoryMs && sameKeys(last.answers, answers) ? last.answers : answers;
    }
    this.#last.delete(uid);
    this.#last.set(uid, { at: this.#clock.now(), answers });
    return answers;
  }

  #forgetOld(): void {
    const now = this.#clock.now();
    for (const [uid, { at }] of this.#last) {
      if (now - at < memoryMs) break;
      this.#last.delete(uid);
    }
    for (const [uid, { until }] of this.#silent) {
      // It would have been asked again by now, were it not gone.
      if (now - until < goneMs) break;
      this.#silent.delete(uid);
    }
  }
}

function isSilent(answers: Answers): boolean {
  return [...answers.values()].some(({ kind }) => kind === 'unreachable');
}

function sameKeys(a: Answers, b: Answers): boolean {
  return a.size === b.size && [...a.keys()].every((key) => b.has(key));
}
