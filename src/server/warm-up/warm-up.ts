import { validateInputs } from '../dataplane/validate-inputs.ts';
import type { LoadedModel } from '../engine/engine.ts';
import type { WarmUp, WarmUpOutcome } from '../engine/warm-up.ts';
import { type DecodeImages, expectsImages } from '../model/images.ts';
import type { InferRequest } from '../model/inference.ts';
import type { Tensor } from '../model/tensor.ts';
import { readSequence } from '../sequence/sequence-inputs.ts';
import { sequencesOf } from '../sequence/stateful-engine.ts';
import { recordedRequests } from './recorded-requests.ts';
import { syntheticInputs } from './synthetic-inputs.ts';

export interface WarmUpOptions {
  /** `auto`: recorded requests where there are any, else a synthetic one. */
  readonly mode: 'auto' | 'synthetic' | 'none';
  readonly decodeImages: DecodeImages;
  /** Called before the first model is served that is to be sent images. */
  readonly prepareImages: () => Promise<void>;
}

/** Failures that are told: the others are of the same kind, as a rule. */
const mostFailures = 5;

const nothing: WarmUpOutcome = { kind: 'none', requests: 0, failures: [] };

/** Has models run before they serve, so that no client's request is the first. */
export function createWarmUp({ mode, decodeImages, prepareImages }: WarmUpOptions): WarmUp {
  return async (model, directory, signal) => {
    if (mode === 'none') return nothing;
    if (model.signature.inputs.some(expectsImages)) await prepareImages();
    if (mode === 'auto') {
      const outcome = await replay(model, recordedRequests(directory), decodeImages, signal);
      if (outcome.requests > 0) return outcome;
      const { requests, failures } = await rehearse(model);
      return { kind: 'synthetic', requests, failures: [...outcome.failures, ...failures] };
    }
    return rehearse(model);
  };
}

async function rehearse(model: LoadedModel): Promise<WarmUpOutcome> {
  try {
    await model.rehearse(syntheticInputs(model.signature));
    return { kind: 'synthetic', requests: 1, failures: [] };
  } catch (error) {
    return { kind: 'synthetic', requests: 0, failures: [wordsOf(error)] };
  }
}

async function replay(
  model: LoadedModel,
  recorded: AsyncIterable<InferRequest>,
  decodeImages: DecodeImages,
  signal: AbortSignal,
): Promise<WarmUpOutcome> {
  let requests = 0;
  let seen = 0;
  const failures: string[] = [];
  const fail = (what: string, error: unknown) => {
    if (failures.length < mostFailures) failures.push(`${what}: ${wordsOf(error)}`);
  };
  try {
    for await (const request of recorded) {
      if (signal.aborted) break;
      seen++;
      try {
        const inputs = await tensorsOf(model, request, decodeImages, signal);
        if (requests === 0) await model.rehearse(inputs);
        else (await model.infer(inputs, { signal })).release();
        requests++;
      } catch (error) {
        fail(`recorded request ${seen}`, error);
      }
    }
  } catch (error) {
    fail('recorded requests', error);
  }
  return { kind: 'recorded', requests, failures };
}

async function tensorsOf(
  model: LoadedModel,
  request: InferRequest,
  decodeImages: DecodeImages,
  signal: AbortSignal,
): Promise<Tensor[]> {
  const takeMemory = () => {};
  const tensors: Tensor[] = [];
  const { request: plain } = sequencesOf(model) ? readSequence(request) : { request };
  for (const input of validateInputs(plain, model.signature, takeMemory)) {
    tensors.push('images' in input ? await decodeImages(input, { takeMemory, signal }) : input);
  }
  return tensors;
}

/** What the runtime says is in the cause. */
function wordsOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error && !message.includes(cause.message) ? `${message} - ${cause.message}` : message;
}
