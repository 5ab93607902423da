import type { CallContext } from '../../observe/call-context.ts';

/**
 * gRPC methods by their full names (`tensorflow.serving.PredictionService/Predict`), over the bytes of their messages:
 * whatever carries them, grpc-js or another, knows nothing of what they say. A method that fails throws a ServingError.
 */
export interface Methods {
  readonly unary: Readonly<Record<string, UnaryMethod>>;
  readonly streaming: Readonly<Record<string, StreamingMethod>>;
}

export type UnaryMethod = (message: Uint8Array, call: CallContext) => Uint8Array | Promise<Uint8Array>;

/** Answers end when the iteration does; the call's signal is aborted when the client goes. */
export type StreamingMethod = (messages: AsyncIterable<Uint8Array>, call: CallContext) => AsyncIterable<Uint8Array>;
