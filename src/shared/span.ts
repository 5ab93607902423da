/** Values by OpenTelemetry attribute names. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** A stretch of work as tracing sees it. Where a span is undefined, nothing is recorded and nothing is paid. */
export interface Span {
  /** A span inside this one, from now on. */
  child(name: string, attributes?: Attributes): Span;
  set(attributes: Attributes): void;
  /** Something that happened just now, and does not last. */
  event(name: string, attributes?: Attributes): void;
  /**
   * Ends it, once; with an error, as failed.
   * @param errorType the class of the error, one of few: its code or its name unless given
   */
  end(error?: unknown, errorType?: string): void;
  /** Calls `body` with this span as the active one: log lines written inside, also after an await, carry its ids. */
  run<T>(body: () => T): T;
}

/** The first span of a trace that is kept back until this ends: whether it is worth its place shows only then. */
export interface TentativeSpan extends Span {
  /** Ends it, and nothing of the trace is sent. */
  discard(): void;
}

/** What begins spans. All ways give undefined for a trace that is not sampled. */
export interface Tracer {
  /** The first span of a trace of its own. */
  root(name: string, attributes?: Attributes): Span | undefined;
  /** Likewise, of one that may come to nothing. */
  tentative(name: string, attributes?: Attributes): TentativeSpan | undefined;
  /**
   * A span for a request that came in, in the trace that the caller's headers name.
   * @param header gives a request header by its lower-case name
   */
  server(name: string, attributes: Attributes, header: Header): Span | undefined;
}

export type Header = (name: string) => string | undefined;
