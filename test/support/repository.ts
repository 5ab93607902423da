import { join } from 'node:path';
import { addModel } from './ir-model.ts';

/** Version N adds N. */
export function writeVersion(folder: string, version: number): void {
  addModel('FP32', [1, 10], version).write(join(folder, `${version}`));
}

/** Flags that serve a folder as the model `m`. */
export function single(folder: string): string[] {
  return ['--model_name', 'm', '--model_path', folder, '--settle_milliseconds', '100'];
}

/** Keeps `concurrency` requests under way until told to stop; every answer is checked. */
export function load(ask: () => Promise<{ version: number; added: number }>, concurrency: number) {
  const answers = new Map<number, number>();
  const failures: unknown[] = [];
  let running = true;
  const work = async () => {
    while (running) {
      try {
        const { version, added } = await ask();
        if (added !== version) failures.push(`version ${version} added ${added}`);
        answers.set(version, (answers.get(version) ?? 0) + 1);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  const workers = Array.from({ length: concurrency }, work);
  return {
    answers,
    failures,
    total: () => [...answers.values()].reduce((sum, n) => sum + n, 0),
    async stop() {
      running = false;
      await Promise.all(workers);
    },
  };
}
