import type { Inference } from '../engine/engine.ts';
import { ServingError } from '../model/error.ts';
import type { DecodeImages } from '../model/images.ts';
import type { InferRequest, NamedTensor, ServableSpec, UnreadRequest } from '../model/inference.ts';
import { batchIndex, compareNames, type Signature } from '../model/signature.ts';
import type { Tensor } from '../model/tensor.ts';
import type { VersionStatus } from '../model/version-status.ts';
import { attribute } from '../observe/attributes.ts';
import type { CallContext } from '../observe/call-context.ts';
import { inferTraced } from '../observe/infer-traced.ts';
import type { Meter, Meters } from '../observe/meter.ts';
import type { Attributes } from '../observe/span.ts';
import type { Catalogue, PinnedServable, Readiness, RunOptions } from '../registry/catalogue.ts';
import { readSequence, sequenceId, withSequenceInputs } from '../sequence/sequence-inputs.ts';
import { sequencesOf } from '../sequence/stateful-engine.ts';
import { filterOutputs } from './filter-outputs.ts';
import { fromTextRows, givesTextRows } from './text-rows.ts';
import { type ValidInput, validateInputs } from './validate-inputs.ts';

/** The name of the one signature that a servable has. */
export const signatureName = 'serving_default';

/** How long a request waits for a version that is being loaded. */
const loadWaitMs = 10_000;

export interface Servable {
  readonly name: string;
  readonly version: number;
}

/** What a request gets. The outputs lie in the runtime's memory until `release`, which must be called exactly once. */
export interface Answer {
  readonly servable: Servable;
  readonly outputs: readonly NamedTensor[];
  /** Of a stateful model: the sequence that has answered, for the client to go on with. */
  readonly sequenceId?: bigint | undefined;
  release(): void;
}

/** What runs a request: the model, or its sequence there. */
interface Runner {
  infer(inputs: readonly Tensor[], options: RunOptions): Ran | Promise<Ran>;
}

type Ran = Inference & { readonly sequenceId?: bigint };

/** What every protocol is served from. */
export class Dataplane {
  readonly #catalogue: Catalogue;
  readonly #decodeImages: DecodeImages;
  readonly #meters: Meters | undefined;

  /** @param meters where calls are measured; their transport tells how they end */
  constructor(catalogue: Catalogue, decodeImages: DecodeImages, meters?: Meters) {
    this.#catalogue = catalogue;
    this.#decodeImages = decodeImages;
    this.#meters = meters;
  }

  /**
   * Runs the servable that the request names; at once, if it can.
   * @throws ServingError
   */
  infer(request: InferRequest | UnreadRequest, call: CallContext): Answer | Promise<Answer> {
    let pinned: PinnedServable;
    try {
      pinned = this.#acquire(request.servable, call);
    } catch (error) {
      return this.#inferWhenLoaded(request, call, error);
    }
    return infer(pinned, request, this.#decodeImages, call);
  }

  /** @throws ServingError; a version that is still being loaded is not waited for */
  metadata(spec: ServableSpec, call: CallContext): { servable: Servable; signature: Signature } {
    const { name, version, model, release } = this.#acquire(spec, call);
    release();
    return { servable: { name, version }, signature: model.signature };
  }

  /** @throws ServingError */
  status(spec: ServableSpec, call: CallContext): VersionStatus[] {
    const statuses = this.#catalogue.status(spec);
    // Only now: asking for a version that there is not yet, as those who wait for one do, is no failure of the model.
    if (this.#meters) measure(call, this.#meters.ofModel(spec.name));
    return statuses;
  }

  /** By which config a model is served: see the registry's `revisionInForce`. */
  revisionInForce(name: string): string | undefined {
    return this.#catalogue.revisionInForce(name);
  }

  /**
   * Whether the version that the spec names, or any if it names none, is available.
   * @throws ServingError for a model or version that nobody knows, and for a model without an available version if none is named
   */
  isAvailable(spec: ServableSpec, call: CallContext): boolean {
    const isAvailable = this.status(spec, call).some(({ state }) => state === 'AVAILABLE');
    if (!isAvailable && spec.version === undefined && spec.label === undefined) throw versionNotFound();
    return isAvailable;
  }

  /** @throws ServingError `servable-not-found` if there is no such model */
  checkName(name: string): void {
    this.#catalogue.status({ name });
  }

  /** Of a model's versions those that are available, ascending. @throws ServingError */
  availableVersions(name: string): number[] {
    const statuses = this.#catalogue.status({ name });
    return statuses.filter(({ state }) => state === 'AVAILABLE').map(({ version }) => version);
  }

  /** Every model that is wanted, by name, with what has become of its versions. */
  statuses(): ReadonlyMap<string, readonly VersionStatus[]> {
    const names = [...(this.#catalogue.readiness()?.models.keys() ?? [])].sort(compareNames);
    return new Map(names.map((name) => [name, this.#catalogue.status({ name })]));
  }

  /** Undefined until it is known what is wanted. */
  readiness(): Readiness | undefined {
    return this.#catalogue.readiness();
  }

  /** Calls back when anything that `status` or `readiness` tell may have changed. */
  subscribe(listener: () => void): () => void {
    return this.#catalogue.subscribe(listener);
  }

  async #inferWhenLoaded(request: InferRequest | UnreadRequest, call: CallContext, error: unknown): Promise<Answer> {
    if (!(error instanceof ServingError)) throw error;
    if (error.code !== 'not-loaded' && error.code !== 'version-not-found') throw error;
    await this.#catalogue.whenLoaded(request.servable, loadWaitMs, call.signal);
    return infer(this.#acquire(request.servable, call), request, this.#decodeImages, call);
  }

  #acquire(spec: ServableSpec, call: CallContext): PinnedServable {
    const pinned = this.#catalogue.acquire(spec);
    const { kind, name, model } = pinned;
    if (this.#meters) measure(call, kind === 'model' ? this.#meters.ofVersion(model) : this.#meters.ofPipeline(name));
    return pinned;
  }
}

function versionNotFound(): ServingError {
  return new ServingError('version-not-found', 'Model with requested version is not found');
}

function measure(call: CallContext, meter: Meter | undefined): void {
  call.meter = meter;
  meter?.begun();
}

function infer(
  pinned: PinnedServable,
  given: InferRequest | UnreadRequest,
  decodeImages: DecodeImages,
  call: CallContext,
): Answer | Promise<Answer> {
  let inputs: ValidInput[];
  let outputs: number[] | undefined;
  let runner: Runner = pinned.model;
  try {
    const { signature } = pinned.model;
    const sequences = sequencesOf(pinned.model);
    let request = 'read' in given ? given.read(sequences ? withSequenceInputs(signature) : signature) : given;
    checkSignatureName(request.signatureName);
    if (sequences) {
      const parted = readSequence(request);
      request = parted.request;
      runner = sequences.runner(parted.step);
    }
    inputs = validateInputs(request, signature, call.takeMemory);
    outputs = filterOutputs(request.outputFilter, signature, sequences && sequenceId);
  } catch (error) {
    pinned.release();
    throw error;
  }
  if (areTensors(inputs)) return run(pinned, runner, inputs, outputs, call);
  return runDecoded(pinned, runner, inputs, outputs, decodeImages, call);
}

function areTensors(inputs: readonly ValidInput[]): inputs is Tensor[] {
  return inputs.every((input) => !('images' in input));
}

/** The same once images are decoded: before an infer request is taken, which others can use meanwhile. */
async function runDecoded(
  pinned: PinnedServable,
  runner: Runner,
  inputs: readonly ValidInput[],
  outputs: readonly number[] | undefined,
  decodeImages: DecodeImages,
  call: CallContext,
): Promise<Answer> {
  const stage = call.span?.child('decode images');
  const tensors: Tensor[] = [];
  try {
    for (const input of inputs) tensors.push('images' in input ? await decodeImages(input, call) : input);
    stage?.end();
  } catch (error) {
    stage?.end(error);
    pinned.release();
    throw error;
  }
  return run(pinned, runner, tensors, outputs, call);
}

/** Releases the version if that fails. */
function run(
  pinned: PinnedServable,
  runner: Runner,
  inputs: readonly Tensor[],
  outputs: readonly number[] | undefined,
  call: CallContext,
): Answer | Promise<Answer> {
  try {
    if (call.span) return runTraced(pinned, runner, inputs, outputs, call);
    const inference = runner.infer(inputs, call);
    if (inference instanceof Promise) return answerLater(pinned, inference, outputs, call);
    return answer(pinned, inference, outputs, call);
  } catch (error) {
    pinned.release();
    throw error;
  }
}

async function answerLater(
  pinned: PinnedServable,
  inference: Promise<Ran>,
  outputs: readonly number[] | undefined,
  call: CallContext,
): Promise<Answer> {
  try {
    return answer(pinned, await inference, outputs, call);
  } catch (error) {
    pinned.release();
    throw error;
  }
}

function answer(
  pinned: PinnedServable,
  inference: Ran,
  wanted: readonly number[] | undefined,
  { meter, takeMemory }: CallContext,
): Answer {
  if (pinned.kind === 'model') meter?.inferred(inference.waitedMs, inference.ranMs);
  try {
    const outputs = wanted ? wanted.map((i) => inference.outputs[i]!) : inference.outputs;
    return {
      servable: pinned,
      outputs: outputs.some(givesTextRows)
        ? outputs.map((output) => (givesTextRows(output) ? fromTextRows(output, takeMemory) : output))
        : outputs,
      sequenceId: inference.sequenceId,
      release() {
        inference.release();
        pinned.release();
      },
    };
  } catch (error) {
    inference.release();
    throw error;
  }
}

/** The same with spans for what it does. */
function runTraced(
  pinned: PinnedServable,
  runner: Runner,
  inputs: readonly Tensor[],
  outputs: readonly number[] | undefined,
  call: CallContext,
): Promise<Answer> {
  const { signature } = pinned.model;
  const { takeMemory, signal } = call;
  call.span?.set({
    [attribute.modelName]: pinned.name,
    [attribute.modelVersion]: pinned.version,
    ...batchSize(inputs, signature),
  });
  // The nodes of a pipeline have spans of their own.
  const inference =
    pinned.kind === 'pipeline'
      ? inferLater(runner, inputs, call)
      : inferTraced(call.span!, (onStart) =>
          runner.infer(inputs, { takeMemory, ...(signal ? { signal } : {}), onStart }),
        );
  return answerLater(pinned, inference, outputs, call);
}

async function inferLater(runner: Runner, inputs: readonly Tensor[], call: CallContext): Promise<Ran> {
  return runner.infer(inputs, call);
}

function batchSize(inputs: readonly Tensor[], signature: Signature): Attributes {
  const [tensor] = inputs;
  const [info] = signature.inputs;
  const index = tensor && info && batchIndex(info.layout, tensor.shape.length);
  return index === undefined ? {} : { [attribute.batchSize]: tensor!.shape[index]! };
}

function checkSignatureName(name: string | undefined): void {
  if (name === undefined || name === '' || name === signatureName) return;
  throw new ServingError(
    'failed-precondition',
    `Signature with requested name is not found - Expected: ${signatureName}; Actual: ${name}`,
  );
}
