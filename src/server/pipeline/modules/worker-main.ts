// What runs in a worker: the module, and the answers to what the server asks of it. See node-worker.ts for the other end.
import { type MessagePort, parentPort } from 'node:worker_threads';
import type { NodeModule, OpenNode } from '../node-module.ts';
import type { Answer, Question, Started, WorkerStart } from './messages.ts';
import { fromSent, toGiven } from './node-tensors.ts';

/** How many nodes stay open; configs come and go while their libraries stay. */
const mostNodes = 32;

const nodes = new Map<number, Promise<OpenNode>>();
let running: AbortController | undefined;
let hasStarted = false;
let url: string;
let port: MessagePort;

// The module can reach parentPort and workerData, but not a port that comes by the first message.
parentPort!.once('message', (start: WorkerStart) => {
  ({ module: url, port } = start);
  port.on('message', answerQuestion);
});

async function answerQuestion(question: Question): Promise<void> {
  if (question.kind === 'abort') {
    running?.abort();
    return;
  }
  let answer: Answer;
  try {
    answer = question.kind === 'open' ? await open(question) : await execute(question);
  } catch (error) {
    answer = { kind: 'failed', reason: reasonOf(error), ...(error instanceof Error && { stack: String(error.stack) }) };
  }
  const buffers = answer.kind === 'executed' ? answer.outputs.map(({ bytes }) => bytes.buffer as ArrayBuffer) : [];
  port.postMessage(answer, buffers);
}

async function openNode(parameters: Readonly<Record<string, string>>): Promise<OpenNode> {
  const module: Partial<NodeModule> = await import(url);
  if (typeof module.open !== 'function') {
    throw new Error(`the module - Expected: an export "open" that is a function; Actual: ${typeof module.open}`);
  }
  const node: Partial<OpenNode> = await module.open(parameters);
  if (typeof node?.execute !== 'function') {
    throw new Error(`what "open" gives - Expected: a function "execute"; Actual: ${typeof node?.execute}`);
  }
  return node as OpenNode;
}

async function open({ parameters }: Question & { kind: 'open' }): Promise<Answer> {
  const { inputs, outputs } = await openNode(parameters);
  // As text, because what a module says of itself may be anything.
  return { kind: 'opened', ...JSON.parse(JSON.stringify({ inputs, outputs })) };
}

async function execute({ node, parameters, inputs, outputs }: Question & { kind: 'execute' }): Promise<Answer> {
  let opened = nodes.get(node);
  if (!opened) {
    opened = openNode(parameters);
    nodes.set(node, opened);
    if (nodes.size > mostNodes) nodes.delete(nodes.keys().next().value!);
  }
  const { execute } = await opened;
  if (!hasStarted) port.postMessage({ kind: 'started' } satisfies Started);
  hasStarted = true;
  running = new AbortController();
  const tensors = Object.fromEntries(inputs.map((input) => [input.name, fromSent(input)]));
  const given: unknown = await execute.call(await opened, tensors, { signal: running.signal });
  const byName = (given ?? {}) as Readonly<Record<string, unknown>>;
  return { kind: 'executed', outputs: outputs.map((name) => toGiven(byName[name], { keep: false })) };
}

function reasonOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return 'it threw what cannot be printed';
  }
}
