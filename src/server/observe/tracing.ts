import type { Tracer } from '../../shared/span.ts';
import { isServerFault, rpcStatusName } from './rpc-status.ts';
import type { Attributes, CallSpan, Span, Tracing } from './span.ts';

/** Probes come every few seconds, and say nothing that a trace would explain. */
const probes = /^grpc\.health\.v1\.Health\/|^inference\.GRPCInferenceService\/Server(Live|Ready)$/;

/** Spans by OpenTelemetry's semantic conventions for gRPC, release 1.45, in which they are stable. */
export function createTracing(tracer: Tracer): Tracing {
  return {
    serverSpan(method, header) {
      if (probes.test(method)) return undefined;
      const span = tracer.server(method, { 'rpc.system.name': 'grpc', 'rpc.method': method }, header);
      if (!span) return undefined;
      const authority = header(':authority');
      if (authority) span.set(serverAttributes(authority));
      return new RpcSpan(span);
    },
    span: (name, attributes) => tracer.root(name, attributes),
  };
}

class RpcSpan implements CallSpan {
  readonly #span: Span;

  constructor(span: Span) {
    this.#span = span;
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
    return new RpcSpan(this.#span.child('message'));
  }

  answered(status: number, error?: unknown): void {
    const name = rpcStatusName(status);
    this.#span.set({ 'rpc.status_code': name });
    if (isServerFault(name)) {
      this.#span.end(error ?? name, name);
      return;
    }
    if (error !== undefined) this.#span.event('exception', exceptionAttributes(name, error));
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
