import type { Dataplane } from '../../dataplane/dataplane.ts';
import { ServingError } from '../../model/error.ts';
import { decodeHealthCheckRequest, encodeHealthCheckResponse, type HealthStatus } from '../../wire/health.ts';
import type { Methods } from './methods.ts';

/** Serving as long as the process answers: for liveness probes. */
const alwaysServing = 'tensorflow.serving.ModelService';

/** As the server as a whole. */
const asWhole = ['', 'tensorflow.serving.PredictionService', 'inference.GRPCInferenceService'];

/**
 * grpc.health.v1. The server as a whole serves when its required models do, which nobody knows before the models have been
 * looked for, and it is not about to end; a model's name asks for that model.
 * @param ending aborted when the server is about to end: those who watch are told, and hold it up no longer
 */
export function healthMethods(dataplane: Dataplane, ending: AbortSignal): Methods {
  const check = (service: string): HealthStatus => {
    if (service === alwaysServing) return 'SERVING';
    const readiness = dataplane.readiness();
    if (!readiness) return 'NOT_SERVING';
    const isReady = asWhole.includes(service) ? readiness.isReady : readiness.models.get(service);
    if (isReady === undefined) return 'SERVICE_UNKNOWN';
    return isReady && !ending.aborted ? 'SERVING' : 'NOT_SERVING';
  };
  return {
    unary: {
      'grpc.health.v1.Health/Check': (message) => {
        const service = decodeHealthCheckRequest(message);
        const status = check(service);
        if (status === 'SERVICE_UNKNOWN') throw new ServingError('servable-not-found', `Unknown service: ${service}`);
        return encodeHealthCheckResponse(status);
      },
    },
    streaming: {
      'grpc.health.v1.Health/Watch': async function* watch(messages, { signal }) {
        const first = await firstOf(messages, ending);
        if (!first) return;
        const service = decodeHealthCheckRequest(first);
        let told: HealthStatus | undefined;
        while (!signal?.aborted) {
          // Listens before it looks, so that no change falls between.
          const next = changed(dataplane, signal, ending);
          const status = check(service);
          if (status !== told) yield encodeHealthCheckResponse(status);
          told = status;
          if (ending.aborted) return;
          await next;
        }
      },
    },
  };
}

/** The first message; undefined if there is none, or the signal is aborted before it comes. */
function firstOf(messages: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<Uint8Array | undefined> {
  return new Promise((resolve, reject) => {
    const end = () => resolve(undefined);
    if (signal.aborted) return end();
    signal.addEventListener('abort', end, { once: true });
    messages[Symbol.asyncIterator]()
      .next()
      .then(({ done, value }) => resolve(done ? undefined : value), reject)
      .finally(() => signal.removeEventListener('abort', end));
  });
}

/** Resolves at the next change, or when one of the signals is aborted. */
function changed(dataplane: Dataplane, ...signals: readonly (AbortSignal | undefined)[]): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      unsubscribe();
      for (const signal of signals) signal?.removeEventListener('abort', end);
      resolve();
    };
    const unsubscribe = dataplane.subscribe(end);
    for (const signal of signals) signal?.addEventListener('abort', end, { once: true });
    if (signals.some((signal) => signal?.aborted)) end();
  });
}
