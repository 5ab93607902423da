import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from '../../examples/clients/typescript/client.ts';

const executable = join(import.meta.dirname, '../../bin/modelserver');

/** Who sees to it that what was begun ends: a test, as a rule. */
export interface Cleanup {
  after(callback: () => unknown): void;
}

/** A line of the server's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };

/** The server as its users start it, in a process of its own, and a client of it. */
export class TestServer {
  readonly port: number;
  readonly client: Client;
  readonly process: ChildProcess;
  readonly log: LogLine[] = [];
  /** Lines of standard error that are not of the log. */
  readonly said: string[] = [];
  readonly exited: Promise<number | null>;
  readonly #watchers = new Set<() => void>();

  constructor(port: number, flags: readonly string[], environment: Readonly<Record<string, string>>) {
    this.port = port;
    this.client = new Client(`127.0.0.1:${port}`);
    const grpc = flags.includes('--port') ? [] : ['--port', String(port)];
    this.process = spawn(executable, [...grpc, '--grpc_bind_address', '127.0.0.1', ...flags], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...environment },
    });
    createInterface(this.process.stderr!).on('line', (line) => {
      if (line.startsWith('{')) this.log.push(JSON.parse(line));
      else this.said.push(line);
      this.#wake();
    });
    this.exited = new Promise((resolve) => {
      this.process.once('exit', (code) => {
        resolve(code);
        this.#wake();
      });
    });
  }

  /** Resolves with the first line of the log that fits, also one of the past. */
  async logged(fits: (line: LogLine) => boolean): Promise<LogLine> {
    for (;;) {
      const found = this.log.find(fits);
      if (found) return found;
      if (this.process.exitCode !== null) throw new Error(`the server has ended:\n${this.said.join('\n')}`);
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#watchers.delete(wake);
          resolve();
        };
        this.#watchers.add(wake);
      });
    }
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.client.close();
    if (this.process.exitCode === null) this.process.kill(signal);
    return this.exited;
  }

  #wake(): void {
    for (const wake of [...this.#watchers]) wake();
  }
}

/** Starts a server that ends with the test; resolves when it serves. */
export async function startServer(
  t: Cleanup,
  flags: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<TestServer> {
  const server = await launchServer(t, flags, environment);
  await server.logged(({ msg }) => msg === 'Started model manager thread');
  return server;
}

/** The same, without waiting. */
export async function launchServer(
  t: Cleanup,
  flags: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<TestServer> {
  const server = new TestServer(await freePort(), flags, environment);
  t.after(() => server.stop('SIGKILL'));
  return server;
}

/** A folder that goes with the test. */
export function temporaryFolder(t: Cleanup): string {
  const folder = mkdtempSync(join(tmpdir(), 'modelserver-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}

/** Asks until the answer is as it should be. @throws the last refusal or answer, after 30 seconds */
export async function eventually<T>(ask: () => Promise<T>, isRight: (answer: T) => boolean): Promise<T> {
  const end = performance.now() + 30_000;
  for (;;) {
    let last: unknown;
    try {
      const answer = await ask();
      if (isRight(answer)) return answer;
      last = new Error(`still ${JSON.stringify(answer)}`);
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) throw last;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
