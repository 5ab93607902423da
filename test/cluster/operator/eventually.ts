import { setTimeout } from 'node:timers/promises';

/** Asks again until the answer is right. @throws Error with the last answer, after `seconds` */
export async function eventually<T>(
  ask: () => Promise<T> | T,
  isRight: (answer: T) => boolean,
  seconds = 30,
): Promise<T> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (isRight(answer)) return answer;
    if (performance.now() > end) throw new Error(`not so within ${seconds} s: ${JSON.stringify(answer, undefined, 1)}`);
    await setTimeout(50);
  }
}
