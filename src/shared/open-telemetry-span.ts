import {
  type Context,
  context,
  type HrTime,
  type Span as OtelSpan,
  type Tracer as OtelTracer,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  type TextMapGetter,
  trace,
} from '@opentelemetry/api';
import { wallTime } from './clock.ts';
import type { Attributes, Header, Span, TentativeSpan, Tracer } from './span.ts';

/** Spans by OpenTelemetry's API, in whatever SDK has been registered with it. */
export function openTelemetryTracer(tracer: OtelTracer): Tracer {
  return {
    root(name, attributes) {
      const parts = begin(tracer, name, SpanKind.INTERNAL, attributes, ROOT_CONTEXT, endNow);
      return parts && new OpenTelemetrySpan(parts);
    },
    tentative(name, attributes) {
      const held = new HeldTrace();
      const parts = begin(tracer, name, SpanKind.INTERNAL, attributes, ROOT_CONTEXT, (...end) => held.end(...end));
      return parts && new HeldSpan(parts, held);
    },
    server(name, attributes, header) {
      const caller = propagation.extract(ROOT_CONTEXT, header, headers);
      const parts = begin(tracer, name, SpanKind.SERVER, attributes, caller, endNow);
      return parts && new OpenTelemetrySpan(parts);
    },
  };
}

const headers: TextMapGetter<Header> = { get: (header, name) => header(name), keys: () => [] };

/** Ends a span, which hands it on to be sent; or sees to it that that happens, if it does. */
type End = (span: OtelSpan, time: HrTime) => void;

const endNow: End = (span, time) => span.end(time);

interface SpanParts {
  readonly tracer: OtelTracer;
  readonly span: OtelSpan;
  readonly parent: Context;
  readonly timeline: Timeline;
  readonly end: End;
}

function begin(
  tracer: OtelTracer,
  name: string,
  kind: SpanKind,
  attributes: Attributes | undefined,
  parent: Context,
  end: End,
): SpanParts | undefined {
  const timeline = new Timeline();
  const startTime = timeline.now();
  const span = tracer.startSpan(name, attributes ? { kind, startTime, attributes } : { kind, startTime }, parent);
  return span.isRecording() ? { tracer, span, parent, timeline, end } : undefined;
}

/**
 * The time of one trace. Left to itself, the SDK reads the wall clock, in milliseconds, for the start of each span anew:
 * parts of a call that takes less than one would lie outside of the call.
 */
class Timeline {
  readonly #wall = wallTime();
  readonly #start = performance.now();

  now(): HrTime {
    const ms = performance.now() - this.#start + (this.#wall % 1000);
    const seconds = Math.floor(ms / 1000);
    return [Math.floor(this.#wall / 1000) + seconds, Math.floor((ms - seconds * 1000) * 1e6)];
  }
}

class OpenTelemetrySpan implements Span {
  readonly #parts: SpanParts;
  readonly #context: Context;

  constructor(parts: SpanParts) {
    this.#parts = parts;
    this.#context = trace.setSpan(parts.parent, parts.span);
  }

  child(name: string, attributes?: Attributes): Span {
    const { tracer, timeline } = this.#parts;
    const startTime = timeline.now();
    const options = attributes ? { startTime, attributes } : { startTime };
    const span = tracer.startSpan(name, options, this.#context);
    return new OpenTelemetrySpan({ ...this.#parts, span, parent: this.#context });
  }

  set(attributes: Attributes): void {
    this.#parts.span.setAttributes(attributes);
  }

  event(name: string, attributes?: Attributes): void {
    this.#parts.span.addEvent(name, attributes, this.#parts.timeline.now());
  }

  end(error?: unknown, errorType?: string): void {
    const { span, timeline, end } = this.#parts;
    const now = timeline.now();
    if (error !== undefined) {
      span.recordException(asException(rootOf(error)), now);
      span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) });
      span.setAttributes({ 'error.type': errorType ?? typeOf(error) });
    }
    end(span, now);
  }

  run<T>(body: () => T): T {
    return context.with(this.#context, body);
  }
}

class HeldSpan extends OpenTelemetrySpan implements TentativeSpan {
  readonly #held: HeldTrace;

  constructor(parts: SpanParts, held: HeldTrace) {
    super(parts);
    this.#held = held;
  }

  override end(error?: unknown, errorType?: string): void {
    super.end(error, errorType);
    this.#held.keep();
  }

  discard(): void {
    this.#held.drop();
  }
}

/** The spans of a trace that have ended, until it is known whether they are sent. One that is never ended is never sent. */
class HeldTrace {
  #ended: [span: OtelSpan, time: HrTime][] = [];
  #isKept: boolean | undefined;

  end(span: OtelSpan, time: HrTime): void {
    if (this.#isKept === undefined) this.#ended.push([span, time]);
    else if (this.#isKept) span.end(time);
  }

  keep(): void {
    this.#isKept ??= true;
    const ended = this.#ended;
    this.#ended = [];
    for (const [span, time] of ended) span.end(time);
  }

  drop(): void {
    this.#isKept ??= false;
    this.#ended = [];
  }
}

/** What a caller is told of an error may hide why it came about; the trace is for those who want to know. */
function rootOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? rootOf(error.cause) : error;
}

function asException(error: unknown): Error | string {
  return error instanceof Error ? error : String(error);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function typeOf(error: unknown): string {
  if (!(error instanceof Error)) return '_OTHER';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
