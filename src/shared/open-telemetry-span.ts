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
import type { Attributes, Header, Span, Tracer } from './span.ts';

/** Spans by OpenTelemetry's API, in whatever SDK has been registered with it. */
export function openTelemetryTracer(tracer: OtelTracer): Tracer {
  return {
    root: (name, attributes) => begin(tracer, name, SpanKind.INTERNAL, attributes, ROOT_CONTEXT),
    server: (name, attributes, header) =>
      begin(tracer, name, SpanKind.SERVER, attributes, propagation.extract(ROOT_CONTEXT, header, headers)),
  };
}

const headers: TextMapGetter<Header> = { get: (header, name) => header(name), keys: () => [] };

function begin(
  tracer: OtelTracer,
  name: string,
  kind: SpanKind,
  attributes: Attributes | undefined,
  parent: Context,
): Span | undefined {
  const timeline = new Timeline();
  const startTime = timeline.now();
  const span = tracer.startSpan(name, attributes ? { kind, startTime, attributes } : { kind, startTime }, parent);
  return span.isRecording() ? new OpenTelemetrySpan(tracer, span, parent, timeline) : undefined;
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
  readonly #tracer: OtelTracer;
  readonly #span: OtelSpan;
  readonly #timeline: Timeline;
  readonly #context: Context;

  constructor(tracer: OtelTracer, span: OtelSpan, parent: Context, timeline: Timeline) {
    this.#tracer = tracer;
    this.#span = span;
    this.#timeline = timeline;
    this.#context = trace.setSpan(parent, span);
  }

  child(name: string, attributes?: Attributes): Span {
    const startTime = this.#timeline.now();
    const options = attributes ? { startTime, attributes } : { startTime };
    const span = this.#tracer.startSpan(name, options, this.#context);
    return new OpenTelemetrySpan(this.#tracer, span, this.#context, this.#timeline);
  }

  set(attributes: Attributes): void {
    this.#span.setAttributes(attributes);
  }

  event(name: string, attributes?: Attributes): void {
    this.#span.addEvent(name, attributes, this.#timeline.now());
  }

  end(error?: unknown, errorType?: string): void {
    const now = this.#timeline.now();
    if (error !== undefined) {
      this.#span.recordException(asException(rootOf(error)), now);
      this.#span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) });
      this.#span.setAttributes({ 'error.type': errorType ?? typeOf(error) });
    }
    this.#span.end(now);
  }

  run<T>(body: () => T): T {
    return context.with(this.#context, body);
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
