import { ServingError } from '../../model/error.ts';
import type { Signature, TensorInfo } from '../../model/signature.ts';
import { bytesPerElement, type Tensor } from '../../model/tensor.ts';
import type { CustomNode, CustomNodeCall, CustomNodeLibrary } from '../custom-node.ts';
import type { NodeModule, NodeParameters, OpenNode } from '../node-module.ts';
import type { Answer, GivenTensor } from './messages.ts';
import { toGiven, toNodeTensor, toSent } from './node-tensors.ts';
import { NodeWorker, type NodeWorkerOptions } from './node-worker.ts';
import { readOutput } from './read-output.ts';
import { readSpecs } from './read-specs.ts';
import { reasonOf, WorkerPool } from './worker-pool.ts';

export interface ModuleLibraryOptions extends NodeWorkerOptions {
  readonly name: string;
  /** URL of the module. */
  readonly module: string;
  /** The module itself, if it is one of ours: it is opened beside the requests, and executes small ones there. */
  readonly own?: NodeModule;
  /** Threads that execute the library's nodes, at most. */
  readonly workers: number;
  readonly mostWaiting: number;
}

/** As many bytes of inputs and outputs take one of our own nodes a millisecond or so, which is not worth another thread. */
const mostBytesInline = 128 * 1024;

/** The nodes of a module, which runs in workers. */
export class ModuleLibrary implements CustomNodeLibrary {
  readonly #options: ModuleLibraryOptions;
  readonly #pool: WorkerPool;
  #opened = 0;

  constructor(options: ModuleLibraryOptions) {
    this.#options = options;
    const { name, module, workers, mostWaiting } = options;
    const start = () => new NodeWorker(module, options);
    this.#pool = new WorkerPool({ name, most: workers, mostWaiting, start });
  }

  async open(parameters: NodeParameters): Promise<CustomNode> {
    try {
      const { own } = this.#options;
      const opened = own ? await own.open(parameters) : await this.#openInWorker(parameters);
      const signature = { inputs: readSpecs(opened.inputs, 'inputs'), outputs: readSpecs(opened.outputs, 'outputs') };
      const leastGiven = signature.outputs.reduce((sum, info) => sum + leastBytes(info), 0);
      const run: Run = { node: this.#opened++, parameters, signature, leastGiven };
      return { signature, execute: this.#executeOf(run, own && (opened as OpenNode)) };
    } catch (error) {
      if (error instanceof ServingError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new ServingError('invalid-argument', reason, { cause: error });
    }
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  async #openInWorker(parameters: NodeParameters): Promise<Answer & { kind: 'opened' }> {
    const worker = this.#pool.takeAtOnce();
    try {
      const answer = await worker.ask({ kind: 'open', parameters });
      if (answer?.kind === 'opened') return answer;
      throw failed(answer);
    } catch (error) {
      // Another one reads the module anew: by then it may be another.
      await worker.end();
      throw error;
    } finally {
      this.#pool.give(worker);
    }
  }

  #executeOf(run: Run, own: OpenNode | undefined): CustomNode['execute'] {
    return (inputs, call) => {
      const bytes = inputs.reduce((sum, tensor) => sum + byteLength(tensor), 0);
      call.takeMemory(bytes);
      if (own && bytes + run.leastGiven <= mostBytesInline) return this.#inline(run, own, inputs, call);
      return this.#inWorker(run, inputs, call);
    };
  }

  #inline(run: Run, own: OpenNode, inputs: readonly Tensor[], call: CustomNodeCall): readonly Tensor[] {
    try {
      const tensors = run.signature.inputs.map(({ name }, i) => [name, toNodeTensor(inputs[i]!)]);
      const given = own.execute(Object.fromEntries(tensors), {}) as Readonly<Record<string, unknown>>;
      const outputs = run.signature.outputs.map(({ name }) => toGiven(given[name], { keep: true }));
      return this.#read(run, outputs, call);
    } catch (error) {
      throw this.#failure(error, call.node);
    }
  }

  async #inWorker(run: Run, inputs: readonly Tensor[], call: CustomNodeCall): Promise<readonly Tensor[]> {
    const { signal } = call;
    const worker = await this.#pool.take(signal);
    const asked = this.#ask(worker, run, inputs).finally(() => this.#pool.give(worker));
    try {
      const answer = await untilAborted(asked, signal, () => worker.abort());
      if (answer?.kind !== 'executed') throw failed(answer);
      return this.#read(run, answer.outputs, call);
    } catch (error) {
      throw this.#failure(error, call.node);
    }
  }

  /** Inputs are copied only now: those who wait in the line do so with nothing. */
  async #ask(worker: NodeWorker, { node, parameters, signature }: Run, inputs: readonly Tensor[]): Promise<Answer> {
    const sent = inputs.map((tensor, i) => toSent(signature.inputs[i]!.name, tensor));
    const transfer = sent.map(({ bytes }) => bytes.buffer as ArrayBuffer);
    const outputs = signature.outputs.map(({ name }) => name);
    return worker.ask({ kind: 'execute', node, parameters, inputs: sent, outputs }, transfer);
  }

  #read({ signature }: Run, outputs: readonly GivenTensor[], { takeMemory }: CustomNodeCall): Tensor[] {
    return signature.outputs.map((info, i) => {
      const tensor = readOutput(outputs[i]!, info);
      takeMemory(byteLength(tensor));
      return tensor;
    });
  }

  #failure(error: unknown, node: string | undefined): ServingError {
    if (error instanceof ServingError) return error;
    const reason = error instanceof Error ? error.message : String(error);
    const where = `${node === undefined ? '' : `Node: ${node}; `}library: ${this.#options.name}`;
    const message = `Custom node failed during execution - ${where}; ${reason}`;
    return new ServingError('internal', message, { cause: error });
  }
}

/** One of the library's nodes. */
interface Run {
  readonly node: number;
  readonly parameters: NodeParameters;
  readonly signature: Signature;
  /** Bytes of outputs that there are at least. */
  readonly leastGiven: number;
}

function leastBytes({ precision, shape = [] }: TensorInfo): number {
  const count = shape.reduce((product, { min }) => product * Math.max(1, min), 1);
  return count * (precision === 'STRING' ? 1 : bytesPerElement[precision]);
}

function failed(answer: Answer): Error {
  if (answer?.kind !== 'failed') return new Error('its answer cannot be understood');
  const error = new Error(String(answer.reason));
  if (answer.stack !== undefined) error.stack = String(answer.stack);
  return error;
}

function byteLength(tensor: Tensor): number {
  if (tensor.precision !== 'STRING') return tensor.data.byteLength;
  return tensor.strings.bytes.byteLength + tensor.strings.ranges.byteLength;
}

/** The promise's outcome, or the signal's reason, whichever comes first. */
async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined, onAbort: () => void): Promise<T> {
  if (!signal) return promise;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => {
    onAbort();
    reject(reasonOf(signal));
  };
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  // Whichever comes second is of no interest.
  promise.catch(() => {});
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
