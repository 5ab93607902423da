import { type ChildProcess, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { eventually } from './server.ts';

/** A program that plays an object store on a port of loopback, and can go and come again. */
export class Emulator {
  readonly port: number;
  readonly #program: string;
  readonly #flags: readonly string[];
  readonly #environment: Readonly<Record<string, string>>;
  #process: ChildProcess | undefined;
  #said = '';

  constructor(
    program: string,
    flags: readonly string[],
    port: number,
    environment: Readonly<Record<string, string>> = {},
  ) {
    this.port = port;
    this.#program = program;
    this.#flags = flags;
    this.#environment = environment;
  }

  /** Resolves when it takes connections. */
  async start(): Promise<void> {
    const child = spawn(this.#program, this.#flags, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...this.#environment },
    });
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text) => {
        this.#said = (this.#said + text).slice(-2000);
      });
    }
    await eventually(
      () => {
        if (child.exitCode !== null) throw new Error(`${this.#program} has ended: ${this.#said}`);
        return this.#answers();
      },
      (answers) => answers,
    );
  }

  async stop(): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await exited;
  }

  #answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1');
      const end = (answers: boolean) => {
        socket.destroy();
        resolve(answers);
      };
      socket.once('connect', () => end(true)).once('error', () => end(false));
    });
  }
}
