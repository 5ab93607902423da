import type { Attributes, Header, Span } from '../../shared/span.ts';

export type { Attributes, Header, Span };

export interface Tracing {
  /**
   * A span for a gRPC call that came in, in the trace that the caller's W3C headers name. It is ended by `answered`.
   * @param method full name: `tensorflow.serving.PredictionService/Predict`
   * @param header gives a request header (metadata entry) by its lower-case name; also `:authority`
   * @returns undefined if the trace is not sampled
   */
  serverSpan(method: string, header: Header): CallSpan | undefined;
  /**
   * A span for an HTTP request that came in, likewise.
   * @param request its method, path, and the route by which it is answered
   */
  httpSpan(request: HttpRequest, header: Header): CallSpan | undefined;
  /** A span that the server itself begins, in a trace of its own: the load of a model. */
  span(name: string, attributes?: Attributes): Span | undefined;
}

export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly route: string;
}

export interface CallSpan extends Span {
  /**
   * Ends it by what the caller was told. It counts as failed only if the fault is the server's: a request that asks for
   * nonsense and is told so is a good answer.
   * @param status gRPC's or HTTP's status code
   * @param error why, if it is not OK
   */
  answered(status: number, error?: unknown): void;
  /** A span inside this one for a message of a stream that is answered by itself. */
  message(): CallSpan;
}
