import type { Tracer } from '../../shared/span.ts';
import { isServerFault, rpcStatusName } from './rpc-status.ts';
import type { Attributes, CallSpan, Span, Tracing } from './span.ts';

/** Probes come every few seconds, and say nothing that a trace would explain. */
const probes = /^grpc\.health\.v1\.Health\/|^inference\.GRPCInferenceService\/Server(Live|Ready)$/;

/** Spans by OpenTelemetry's semantic conventions for gRPC and HTTP, release 1.45, in which they are stable. */
export function createTracing(tracer: Tracer): Tracing {
  return {
    serverSpan(method, header) {
      if (probes.test(method)) return undefined;
      const span = tracer.server(method, { 'rpc.system.name': 'grpc', 'rpc.method': method }, header);
      if (!span) return undefined;
      const authority = header(':authority');
      if (authority) span.set(serverAttributes(authority));
      return new AnsweredSpan(span, rpcOutcome);
    },
    httpSpan({ method, path, route }, header) {
      const attributes = { 'http.request.method': method, 'http.route': route, 'url.path': path, 'url.scheme': 'http' };
      const span = tracer.server(`${method} ${route}`, attributes, header);
      if (!span) return undefined;
      const host = header('host');
      if (host) span.set(serverAttributes(host));
      return new AnsweredSpan(span, httpOutcome);
    },
    span: (name, attributes) => tracer.root(name, attributes),
  };
}

/** What a status code says. */
interface Outcome {
  readonly attributes: Attributes;
  /** One of few names for it. */
  readonly type: string;
  /** Whether it counts as failed on the server's side. */
  readonly isFault: boolean;
}

function rpcOutcome(status: number): Outcome {
  const type = rpcStatusName(status);
  return { attributes: { 'rpc.status_code': type }, type, isFault: isServerFault(type) };
}

function httpOutcome(status: number): Outcome {
  return { attributes: { 'http.response.status_code': status }, type: String(status), isFault: status >= 500 };
}

class AnsweredSpan implements CallSpan {
  readonly #span: Span;
  readonly #outcome: (status: number) => Outcome;

  constructor(span: Span, outcome: (status: number) => Outcome) {
    this.#span = span;
    this.#outcome = outcome;
  }

  child(name: string, attributes?: Attributes): Span {
    return this.#span.child(name, attributes);
  }

  set(attributes: Attributes): void {
    this.#span.set(attributes);
  }

  event(name: string, attributes?: Attributes): void {
    this.#span.event(name, attributes);
  }

  end(error?: unknown, errorType?: string): void {
    this.#span.end(error, errorType);
  }

  run<T>(body: () => T): T {
    return this.#span.run(body);
  }

  message(): CallSpan {
    return new AnsweredSpan(this.#span.child('message'), this.#outcome);
  }

  answered(status: number, error?: unknown): void {
    const { attributes, type, isFault } = this.#outcome(status);
    this.#span.set(attributes);
    if (isFault) {
      this.#span.end(error ?? type, type);
      return;
    }
    if (error !== undefined) this.#span.event('exception', exceptionAttributes(type, error));
    this.#span.end();
  }
}

/** Without the stack, which says where the server found the caller's mistake: nobody needs it, and it is dear. */
function exceptionAttributes(type: string, error: unknown): Attributes {
  return { 'exception.type': type, 'exception.message': error instanceof Error ? error.message : String(error) };
}

/** @param authority `host:port`, where the caller thinks that it is; an IPv6 address stands in brackets */
function serverAttributes(authority: string): Attributes {
  const [, host, port] = /^(.*?)(?::(\d+))?$/.exec(authority) ?? [];
  const address = (host ?? authority).replace(/^\[(.*)\]$/, '$1');
  return port === undefined
    ? { 'server.address': address }
    : { 'server.address': address, 'server.port': Number(port) };
}
