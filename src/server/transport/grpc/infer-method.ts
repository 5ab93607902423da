import type { Answer, Dataplane } from '../../dataplane/dataplane.ts';
import { ServingError } from '../../model/error.ts';
import type { InferRequest, TakeMemory } from '../../model/inference.ts';
import type { CallContext } from '../../observe/call-context.ts';
import type { UnaryMethod } from './methods.ts';

/** How a protocol writes an inference. */
export interface InferenceWire<Request extends InferRequest> {
  /** @throws ServingError */
  decode(message: Uint8Array, take: TakeMemory): Request;
  encode(answer: Answer, request: Request): Uint8Array;
  /** What a client is told whose model nobody knows: protocols differ in what they look for. */
  readonly notFound: string;
}

/** A method that runs a model; at once, if it can. */
export function inferMethod<Request extends InferRequest>(
  dataplane: Dataplane,
  wire: InferenceWire<Request>,
): UnaryMethod {
  const worded = (error: unknown) =>
    error instanceof ServingError && error.code === 'servable-not-found'
      ? new ServingError(error.code, wire.notFound)
      : error;
  return (message, call) => {
    const request = decode(wire, message, call);
    let answer: Answer | Promise<Answer>;
    try {
      answer = dataplane.infer(request, call);
    } catch (error) {
      throw worded(error);
    }
    if (!(answer instanceof Promise)) return encode(wire, answer, request, call);
    return answer.then(
      (ready) => encode(wire, ready, request, call),
      (error) => {
        throw worded(error);
      },
    );
  };
}

function decode<Request extends InferRequest>(
  wire: InferenceWire<Request>,
  message: Uint8Array,
  call: CallContext,
): Request {
  const decoding = call.span?.child('decode');
  try {
    const request = wire.decode(message, call.takeMemory);
    decoding?.end();
    return request;
  } catch (error) {
    decoding?.end(error);
    throw error;
  }
}

function encode<Request extends InferRequest>(
  wire: InferenceWire<Request>,
  answer: Answer,
  request: Request,
  call: CallContext,
): Uint8Array {
  const encoding = call.span?.child('encode');
  try {
    return wire.encode(answer, request);
  } finally {
    answer.release();
    encoding?.end();
  }
}
