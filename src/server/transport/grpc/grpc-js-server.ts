import { once } from 'node:events';
import {
  type handleBidiStreamingCall,
  type handleUnaryCall,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type StatusObject,
  setLogger,
} from '@grpc/grpc-js';
import type { Logger } from '../../../shared/log.ts';
import { ServingError, toServingError } from '../../model/error.ts';
import type { CallContext } from '../../observe/call-context.ts';
import type { Tracing } from '../../observe/span.ts';
import type { Credentials } from '../../security/credentials.ts';
import type { Renewed } from '../../security/renewed.ts';
import { grpcStatusCode } from '../../wire/grpc-status.ts';
import type { ByteBudget } from '../byte-budget.ts';
import type { Guard } from '../guard.ts';
import type { TransportServer } from '../transport-server.ts';
import { GrpcCall, type GrpcMessage } from './grpc-call.ts';
import { keyInterceptor } from './key-interceptor.ts';
import type { Exchange, Methods, StreamingMethod, UnaryMethod } from './methods.ts';
import { received } from './received.ts';
import { addReflection } from './reflection.ts';
import { ReloadedCredentials } from './reloaded-credentials.ts';

export interface GrpcServerOptions {
  readonly methods: Required<Methods>;
  readonly log: Logger;
  readonly tracing?: Tracing | undefined;
  /** Of which each request takes its part while it is in work. */
  readonly budget: ByteBudget;
  /** Aborted when the server is about to end. */
  readonly ending: AbortSignal;
  /** grpc-js channel options by name, over the defaults below. */
  readonly channelArguments: Readonly<Record<string, string | number>>;
  /** Plain text without. */
  readonly credentials?: Renewed<Credentials> | undefined;
  /** All may ask for everything without. */
  readonly guard?: Guard | undefined;
}

/** 1 GiB, as OpenVINO Model Server: beyond it the library answers RESOURCE_EXHAUSTED. */
const largestMessage = 1024 ** 3;

/** Enough for any client that multiplexes on purpose; a bound, so that one connection cannot queue without end. */
const concurrentStreams = 1024;

/** A peer that has gone without a word is noticed by this, as in gRPC's own servers; its connection would stay for ever. */
const keepaliveMs = 7_200_000;
const keepaliveTimeoutMs = 20_000;

/** A status message travels in a header block, whose size clients bound (8 KiB is common); grpc-js writes it as a URI would be. */
const longestDetails = 4096;

/** gRPC's status code for a call that went well. */
const ok = 0;

/** The methods, carried by grpc-js. */
export function createGrpcJsServer(options: GrpcServerOptions): TransportServer {
  tellTroubles(options.log);
  const server = new Server({
    'grpc.max_receive_message_length': largestMessage,
    'grpc.max_send_message_length': largestMessage,
    'grpc.max_concurrent_streams': concurrentStreams,
    'grpc.keepalive_time_ms': keepaliveMs,
    'grpc.keepalive_timeout_ms': keepaliveTimeoutMs,
    ...options.channelArguments,
    ...(options.guard && { interceptors: [keyInterceptor(options.guard)] }),
  });
  const { credentials } = options;
  const security = credentials ? new ReloadedCredentials(credentials) : ServerCredentials.createInsecure();
  addMethods(server, options);
  addReflection(server, options.ending);
  return {
    listen: (address, port) =>
      new Promise((resolve, reject) => {
        const host = address.includes(':') ? `[${address}]` : address;
        server.bindAsync(`${host}:${port}`, security, (error, bound) =>
          error ? reject(new Error(plain(error.message), { cause: error })) : resolve(bound),
        );
      }),
    drain: (clock, ms) =>
      new Promise((resolve) => {
        const timer = clock.after(ms, () => {
          server.forceShutdown();
          resolve();
        });
        server.tryShutdown(() => {
          timer.cancel();
          resolve();
        });
      }),
  };
}

/** What grpc-js says of itself goes to the log, for those who debug: what matters comes back as errors. Holds for the process. */
function tellTroubles(log: Logger): void {
  const tell = (...parts: unknown[]) => log.debug(`grpc-js: ${parts.join(' ')}`);
  setLogger({ error: tell, info: tell, debug: tell });
}

/** The system's words out of grpc-js's, which tell of names that were resolved. */
function plain(message: string): string {
  return /errors: \[(.*)\]/.exec(message)?.[1] ?? message;
}

function addMethods(server: Server, options: GrpcServerOptions): void {
  const { budget } = options;
  const definitions: Record<string, MethodDefinition<Buffer, Uint8Array>> = {};
  const handlers: Record<string, handleUnaryCall<Buffer, Uint8Array> | handleBidiStreamingCall<Buffer, Uint8Array>> =
    {};
  for (const [name, method] of Object.entries(options.methods.unary)) {
    definitions[name] = definition(name, false);
    handlers[name] = unary(name, method, budget, options);
  }
  for (const [name, method] of Object.entries(options.methods.streaming)) {
    definitions[name] = definition(name, true);
    handlers[name] = streaming(name, method, budget, options);
  }
  for (const [name, exchange] of Object.entries(options.methods.exchanges)) {
    definitions[name] = definition(name, true);
    handlers[name] = exchanging(name, exchange, budget, options);
  }
  server.addService(definitions, handlers);
}

/** On the wire a call that streams one way looks like one that streams both ways. */
function definition(name: string, stream: boolean): MethodDefinition<Buffer, Uint8Array> {
  return {
    path: `/${name}`,
    requestStream: stream,
    responseStream: stream,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: asBuffer,
    responseDeserialize: identity,
  };
}

function unary(name: string, method: UnaryMethod, budget: ByteBudget, options: GrpcServerOptions) {
  const handle: handleUnaryCall<Buffer, Uint8Array> = (call, callback) => {
    const message = call.request;
    const context = new GrpcCall(call, name, budget, options.tracing);
    const { span } = context;
    const finish = (answer: Uint8Array) => {
      context.finish();
      span?.answered(ok);
      if (context.told) call.sendMetadata(context.told);
      callback(null, answer);
    };
    const fail = (error: unknown) => callback(failure(name, error, context, options.log));
    const lost = (error: unknown) => told(name, error, options.log);
    let answer: Uint8Array | Promise<Uint8Array>;
    try {
      context.takeMemory(message.byteLength);
      answer = span ? span.run(() => method(message, context)) : method(message, context);
    } catch (error) {
      fail(error);
      return;
    }
    if (answer instanceof Promise) answer.then(finish, fail).catch(lost);
    else finish(answer);
  };
  return handle;
}

/** What grpc-js throws while it answers: the call is lost, the server is not. */
function told(name: string, error: unknown, log: Logger): void {
  log.error({ err: error, method: name }, 'A call could not be answered');
}

function streaming(name: string, method: StreamingMethod, budget: ByteBudget, options: GrpcServerOptions) {
  const handle: handleBidiStreamingCall<Buffer, Uint8Array> = async (call) => {
    const context = new GrpcCall(call, name, budget, options.tracing);
    try {
      for await (const answer of method(call, context)) {
        if (!call.write(answer)) await once(call, 'drain', { signal: context.signal });
      }
      context.finish();
      context.span?.answered(ok);
      call.end();
    } catch (error) {
      const status = failure(name, error, context, options.log);
      if (!call.cancelled) call.emit('error', status);
    }
  };
  return handle;
}

function exchanging(name: string, { answer, refuse }: Exchange, budget: ByteBudget, options: GrpcServerOptions) {
  const { tracing, ending, log } = options;
  const reply = async (message: Buffer, context: GrpcMessage) => {
    const { span } = context;
    try {
      context.takeMemory(message.byteLength);
      const bytes = await (span ? span.run(() => answer(message, context)) : answer(message, context));
      context.finish(ok);
      return bytes;
    } catch (error) {
      const known = clientError(name, error, context, log);
      context.finish(grpcStatusCode[known.code], known);
      return refuse(message, known);
    }
  };
  const handle: handleBidiStreamingCall<Buffer, Uint8Array> = async (call) => {
    const context = new GrpcCall(call, name, budget, tracing);
    try {
      for await (const message of received(call, ending)) {
        if (!call.write(await reply(message, context.message()))) await once(call, 'drain', { signal: context.signal });
      }
      context.signal.throwIfAborted();
      // Whoever waits for an answer to what was not taken any more is not left waiting.
      if (ending.aborted) throw new ServingError('not-loaded', 'The server is ending');
      context.finish();
      context.span?.answered(ok);
      call.end();
    } catch (error) {
      const status = failure(name, error, context, log);
      if (!call.cancelled) call.emit('error', status);
    }
  };
  return handle;
}

/** What a client gets to see of an error. One that is not its own fault goes to the log. */
function clientError(name: string, error: unknown, { span }: CallContext, log: Logger): ServingError {
  const known = toServingError(error);
  const report = () => log.error({ err: known.cause ?? known, method: name }, known.message);
  if (known.code === 'internal') span ? span.run(report) : report();
  return known;
}

function failure(name: string, error: unknown, call: GrpcCall, log: Logger): Pick<StatusObject, 'code' | 'details'> {
  call.finish();
  const known = clientError(name, error, call, log);
  const code = grpcStatusCode[known.code];
  call.span?.answered(code, known);
  return { code, details: shortened(known.message) };
}

/** Cut where it has to be, and of whole characters: grpc-js cannot encode half of one. */
export function shortened(message: string): string {
  let text = message.slice(0, longestDetails).toWellFormed();
  while (encodeURI(text).length > longestDetails) text = text.slice(0, Math.floor(text.length * 0.75)).toWellFormed();
  return text;
}

function identity(bytes: Buffer): Buffer {
  return bytes;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
