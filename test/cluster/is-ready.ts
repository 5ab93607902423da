import { readFileSync } from 'node:fs';
import { get } from 'node:https';
import type { Certificates } from './certificates.ts';
import type { Daemon } from './daemon.ts';

/** Whether the API server answers and says so. */
export function isReady(server: string, certificates: Certificates): Promise<boolean> {
  const read = (file: string) => readFileSync(certificates.path(file));
  const identity = { ca: read('ca.crt'), cert: read('admin.crt'), key: read('admin.key') };
  return new Promise((resolve) => {
    const request = get(`${server}/readyz`, { ...identity, agent: false, timeout: 2_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}

/** @throws Error with last words, when one of the daemons ends or after three minutes */
export async function waitFor(isTrue: () => Promise<boolean>, daemons: readonly Daemon[]): Promise<void> {
  const end = performance.now() + 180_000;
  while (!(await isTrue())) {
    const dead = daemons.find((daemon) => !daemon.running);
    if (dead) throw new Error(`${dead.name} has ended:\n${dead.lastWords()}`);
    if (performance.now() > end) {
      const words = daemons.map((daemon) => `${daemon.name}:\n${daemon.lastWords()}`);
      throw new Error(`not ready within three minutes\n${words.join('\n')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
