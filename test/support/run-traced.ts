import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Outcome, Program } from './traced-program.ts';

export interface Run extends Outcome {
  /** The lines of its log. */
  readonly log: readonly Record<string, unknown>[];
}

/** Runs a process with telemetry, under this environment and no other, to its good end. */
export async function runTraced(environment: Readonly<Record<string, string>>, program: Program): Promise<Run> {
  const script = join(import.meta.dirname, 'traced-program.ts');
  const child = spawn(process.execPath, [script, JSON.stringify(program)], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 30_000,
    killSignal: 'SIGKILL',
  });
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  assert.equal(code, 0, errors);
  const log = errors
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
  return { ...JSON.parse(output), log };
}
