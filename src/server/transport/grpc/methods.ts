import type { ServingError } from '../../model/error.ts';
import type { CallContext } from '../../observe/call-context.ts';

/**
 * gRPC methods by their full names (`tensorflow.serving.PredictionService/Predict`), over the bytes of their messages:
 * whatever carries them, grpc-js or another, knows nothing of what they say. A method that fails throws a ServingError.
 */
export interface Methods {
  readonly unary?: Readonly<Record<string, UnaryMethod>>;
  readonly streaming?: Readonly<Record<string, StreamingMethod>>;
  readonly exchanges?: Readonly<Record<string, Exchange>>;
}

export type UnaryMethod = (message: Uint8Array, call: CallContext) => Uint8Array | Promise<Uint8Array>;

/** Answers end when the iteration does; the call's signal is aborted when the client goes. */
export type StreamingMethod = (messages: AsyncIterable<Uint8Array>, call: CallContext) => AsyncIterable<Uint8Array>;

/** A stream each of whose messages is answered as a unary call's would be, one after the other. */
export interface Exchange {
  /** Is given a context for each message. */
  readonly answer: UnaryMethod;
  /** What takes the answer's place if there is none; the stream goes on. */
  readonly refuse: (message: Uint8Array, error: ServingError) => Uint8Array;
}

/** All of them together. */
export function joinMethods(...all: readonly Methods[]): Required<Methods> {
  return {
    unary: Object.assign({}, ...all.map(({ unary }) => unary)),
    streaming: Object.assign({}, ...all.map(({ streaming }) => streaming)),
    exchanges: Object.assign({}, ...all.map(({ exchanges }) => exchanges)),
  };
}
