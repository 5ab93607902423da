import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { join } from 'node:path';

/**
 * A small process that takes a directory's daemons down when the test process ends without having done so, however it ends:
 * the pipe between them closes then.
 */
export class Guard {
  readonly #child: ChildProcess;

  constructor(directory: string) {
    const takeDown = [process.execPath, join(import.meta.dirname, 'take-down.ts'), directory];
    this.#child = spawn('sh', ['-c', 'cat >/dev/null; exec "$@"', 'guard', ...takeDown], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    this.#child.unref();
    (this.#child.stdin as Socket).unref();
  }

  /** Lets it go, once everything has been taken down in an orderly way. */
  dismiss(): void {
    this.#child.kill('SIGKILL');
  }
}
