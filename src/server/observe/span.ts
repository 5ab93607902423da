/** Values by OpenTelemetry attribute names. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** A stretch of work as tracing sees it. Where a span is undefined, nothing is recorded and nothing is paid. */
export interface Span {
  /** A span inside this one, from now on. */
  child(name: string, attributes?: Attributes): Span;
  set(attributes: Attributes): void;
  /** Ends it; with an error, as failed. */
  end(error?: unknown): void;
  /** Calls `body` with this span as the active one: log lines written inside, also after an await, carry its ids. */
  run<T>(body: () => T): T;
}

export interface Tracing {
  /**
   * A span for a call that came in, in the trace that the caller's W3C headers name.
   * @param method full name: `tensorflow.serving.PredictionService/Predict`
   * @param header gives a request header (metadata entry) by its lower-case name
   * @returns undefined if the trace is not sampled
   */
  serverSpan(method: string, header: (name: string) => string | undefined): Span | undefined;
  /** A span that the server itself begins: the load of a model. */
  span(name: string, attributes?: Attributes): Span | undefined;
}
