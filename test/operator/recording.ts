import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Moment, Scene } from './scene.ts';
import type { Situation } from './situations.ts';

export interface Recording {
  readonly name: string;
  readonly what: string;
  /** Which server said it. */
  readonly server: string;
  readonly moments: readonly Moment[];
}

const folder = join(import.meta.dirname, 'recorded');

/** Plays a situation with the real server. */
export async function record({ name, what, play }: Situation): Promise<Recording> {
  const endings: (() => unknown)[] = [];
  const scene = new Scene({ after: (callback) => void endings.push(callback) });
  try {
    await play(scene);
    return { name, what, server: `${serverVersion()}, ${scene.engine}`, moments: scene.moments };
  } finally {
    for (const end of endings.toReversed()) await end();
  }
}

export function saveRecording(recording: Recording): void {
  writeFileSync(join(folder, `${recording.name}.json`), `${JSON.stringify(recording, undefined, 2)}\n`);
}

export function readRecordings(): Recording[] {
  const files = readdirSync(folder).toSorted();
  return files.map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')));
}

function serverVersion(): string {
  return execFileSync(join(import.meta.dirname, '../../bin/modelserver'), ['--version'], { encoding: 'utf8' }).trim();
}
