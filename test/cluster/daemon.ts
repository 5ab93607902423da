import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startTime } from './take-down.ts';

export interface DaemonOptions {
  /** A command that the daemon's own follows, such as `['nsenter', '--net=…', '--']`. It must end in an exec, not a fork. */
  readonly through?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * A process with its log in `directory/log` and its pid in `directory/run`, from where `takeDown` finds it when the test has
 * died. It leads a session of its own, so that a Ctrl-C reaches the test alone, and does not keep the test process alive.
 */
export class Daemon {
  readonly name: string;
  readonly pid: number;
  readonly log: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | NodeJS.Signals>;

  /** @throws Error if there is no such command */
  constructor(directory: string, name: string, command: readonly string[], options: DaemonOptions = {}) {
    const { through = [], environment = {} } = options;
    const [program, ...parameters] = [...through, ...command];
    this.name = name;
    this.log = join(directory, 'log', `${name}.log`);
    for (const folder of ['log', 'run']) mkdirSync(join(directory, folder), { recursive: true });
    const output = openSync(this.log, 'a');
    this.#child = spawn(program!, parameters, {
      stdio: ['ignore', output, output],
      detached: true,
      env: { ...process.env, ...environment },
    });
    closeSync(output);
    this.#exited = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => resolve(signal ?? code!));
      this.#child.once('error', () => resolve(127));
    });
    if (this.#child.pid === undefined) throw new Error(`${program} cannot be started`);
    this.pid = this.#child.pid;
    this.#child.unref();
    writeFileSync(join(directory, 'run', name), `${this.pid} ${startTime(this.pid)}`);
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  signal(name: NodeJS.Signals): void {
    if (this.running) this.#child.kill(name);
  }

  /** Ends it at once, as a crash would. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited();
  }

  /** Resolves when it has ended: to its exit code, or the signal that ended it. */
  exited(): Promise<number | NodeJS.Signals> {
    this.#child.ref();
    return this.#exited;
  }

  /** The end of what it has said. */
  lastWords(lines = 10): string {
    return readFileSync(this.log, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  }
}
