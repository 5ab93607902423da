import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { Clock, Timer } from '../../../shared/clock.ts';
import type { Answer, Question, Started, WorkerStart } from './messages.ts';

/** How far a module may go. */
export interface WorkerLimits {
  /** Milliseconds until an answer, once the module has been read. */
  readonly milliseconds: number;
  /** MiB of memory that a worker may have: of its JavaScript heap, and of its arrays beside that. */
  readonly mebibytes: number;
}

export interface NodeWorkerOptions {
  readonly clock: Clock;
  readonly limits: WorkerLimits;
  /** Is given what the module prints, line by line. */
  readonly print: (line: string) => void;
}

interface OpenQuestion {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** How often memory outside of the heap is looked at while a question is open: the heap's own limit does not cover it. */
const lookMilliseconds = 50;
/** Milliseconds to start a worker and read its module, if an answer may not take longer: the machine may be busy. */
const startMilliseconds = 10_000;
/** What is kept of a line that a module prints. */
const longestLine = 1000;

/**
 * A thread with a module in it, which is asked one question at a time. Whatever the module does, each question has an answer or
 * an error in the time that it may take.
 */
export class NodeWorker {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #options: NodeWorkerOptions;
  #open: OpenQuestion | undefined;
  #hasAnswered = false;
  #time: Timer | undefined;
  #memory: Timer | undefined;
  /** Why it has ended. */
  #ended: string | undefined;

  /** @param module URL of it */
  constructor(module: string, options: NodeWorkerOptions) {
    this.#options = options;
    const { mebibytes } = options.limits;
    this.#worker = new Worker(new URL('./worker-main.ts', import.meta.url), {
      execArgv: [],
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: mebibytes },
    });
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#worker.postMessage({ module, port: port2 } satisfies WorkerStart, [port2]);
    port1.on('message', (answer: Answer | Started) => {
      if (answer?.kind === 'started') this.#limitTime(options.limits.milliseconds);
      else this.#settle((open) => open.resolve(answer));
    });
    port1.on('messageerror', () => this.end('its answer cannot be read'));
    this.#worker.on('error', (error: Error & { code?: string }) => this.#end(describe(error, mebibytes)));
    this.#worker.on('exit', (code) => this.#end(`it has ended the thread that it runs in, with code ${code}`));
    for (const stream of [this.#worker.stdout, this.#worker.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => printLines(text, options.print));
    }
  }

  get isAlive(): boolean {
    return this.#ended === undefined;
  }

  /**
   * @param transfer buffers whose memory goes with the question
   * @throws Error that says why there will be no answer; the worker is at its end then
   */
  ask(question: Exclude<Question, { kind: 'abort' }>, transfer: readonly ArrayBuffer[] = []): Promise<Answer> {
    if (this.#ended !== undefined) return Promise.reject(new Error(this.#ended));
    const { milliseconds } = this.#options.limits;
    return new Promise((resolve, reject) => {
      this.#open = { resolve, reject };
      this.#limitTime(this.#hasAnswered ? milliseconds : Math.max(milliseconds, startMilliseconds));
      this.#watchMemory(transfer.reduce((sum, { byteLength }) => sum + byteLength, 0));
      this.#port.postMessage(question, [...transfer]);
    });
  }

  /** Tells the module that nobody waits for its answer. */
  abort(): void {
    if (this.isAlive) this.#port.postMessage({ kind: 'abort' } satisfies Question);
  }

  /** Ends the thread, whatever it is doing. */
  async end(reason = 'its library is closed'): Promise<void> {
    this.#end(reason);
    await this.#worker.terminate();
  }

  #limitTime(ms: number): void {
    this.#time?.cancel();
    if (this.#open) this.#time = this.#options.clock.after(ms, () => this.end(`it has not answered within ${ms} ms`));
  }

  #watchMemory(given: number): void {
    const { clock, limits } = this.#options;
    const most = limits.mebibytes * 1024 ** 2 + given;
    const look = async () => {
      const { external_memory: bytes } = await this.#worker.getHeapStatistics();
      if (!this.#open) return;
      if (bytes > most) this.end(tooMuch(limits.mebibytes));
      else this.#memory = clock.after(lookMilliseconds, lookLater);
    };
    // A worker that ends meanwhile has no statistics, and tells of its end otherwise.
    const lookLater = () => void look().catch(() => {});
    this.#memory = clock.after(lookMilliseconds, lookLater);
  }

  #end(reason: string): void {
    this.#ended ??= reason;
    this.#port.close();
    const error = new Error(this.#ended);
    this.#settle((open) => open.reject(error));
  }

  #settle(how: (open: OpenQuestion) => void): void {
    const open = this.#open;
    this.#open = undefined;
    this.#hasAnswered = true;
    this.#time?.cancel();
    this.#memory?.cancel();
    if (open) how(open);
  }
}

function describe(error: Error & { code?: string }, mebibytes: number): string {
  if (error?.code === 'ERR_WORKER_OUT_OF_MEMORY') return tooMuch(mebibytes);
  return `it has ended by an error that nothing caught: ${error?.message ?? error}`;
}

function tooMuch(mebibytes: number): string {
  return `it has taken more than ${mebibytes} MiB of memory`;
}

function printLines(text: string, print: (line: string) => void): void {
  for (const line of text.split('\n')) if (line !== '') print(line.slice(0, longestLine));
}
