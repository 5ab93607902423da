import type { ServerOptions } from 'node:http';
import type { Server as SecureServer, ServerOptions as SecureServerOptions } from 'node:https';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { Clock } from '../../../shared/clock.ts';
import type { Logger } from '../../../shared/log.ts';
import { ServingError, toServingError } from '../../model/error.ts';
import type { CallSpan, Tracing } from '../../observe/span.ts';
import type { Credentials } from '../../security/credentials.ts';
import type { Renewed } from '../../security/renewed.ts';
import { httpStatusCode } from '../../wire/http-status.ts';
import type { ByteBudget } from '../byte-budget.ts';
import type { Guard } from '../guard.ts';
import type { TransportServer } from '../transport-server.ts';
import { type CorsSettings, corsHeaders } from './cors.ts';
import { readBody } from './read-body.ts';
import { RestCall } from './rest-call.ts';
import { errorAnswer, HttpError, type RestAnswer, type Route, unknownPath, wrongMethod } from './routes.ts';

export interface RestServerOptions {
  readonly routes: readonly Route[];
  readonly log: Logger;
  readonly clock: Clock;
  readonly tracing?: Tracing | undefined;
  /** Of which each request takes its part while it is in work. */
  readonly budget: ByteBudget;
  readonly cors: CorsSettings;
  /** Plain text without. */
  readonly credentials?: Renewed<Credentials> | undefined;
  /** All may ask for everything without. */
  readonly guard?: Guard | undefined;
}

/** Bytes of a request's line and headers together. */
const largestHead = 16_384;

/** A client that shakes hands or sends its head more slowly than this, or all of it, holds a connection for nothing. */
const headMs = 10_000;
const requestMs = 300_000;
/** How often connections are held against these. */
const checkMs = 5000;

/** Longer than the pause between two scrapes usually is, so that they share a connection. */
const idleMs = 75_000;

/** More than clients have need of, each of which may ask again and again on one; a bound, so that they cannot take all memory. */
const mostConnections = 4096;

const nothing = Buffer.alloc(0);

/** The routes, carried by fastify: one instance for each address. */
export function createFastifyServer(options: RestServerOptions): TransportServer {
  const { credentials } = options;
  const apps: FastifyInstance[] = [];
  /**
   * Connections that have not asked for anything yet, which Node takes for busy; by who is at their other end, for what asks is not
   * the socket itself where there is TLS around it.
   */
  const silent = new Map<string, Socket>();
  let draining = false;
  return {
    async listen(address, port) {
      const app = createApp(options, () => draining);
      apps.push(app);
      app.server.on('connection', (socket) => {
        const peer = peerOf(socket);
        silent.set(peer, socket);
        socket.once('close', () => silent.get(peer) === socket && silent.delete(peer));
      });
      app.server.on('request', ({ socket }) => silent.delete(peerOf(socket)));
      credentials?.subscribe((next) => (app.server as SecureServer).setSecureContext(next.context));
      await app.listen({ host: address, port });
      return (app.server.address() as { readonly port: number }).port;
    },
    async drain(clock, ms) {
      draining = true;
      const timer = clock.after(ms, () => {
        for (const { server } of apps) server.closeAllConnections();
      });
      const closed = Promise.all(apps.map((app) => app.close()));
      for (const socket of silent.values()) socket.destroy();
      await closed;
      timer.cancel();
    },
  };
}

/** @param isDraining whether connections are to be kept no longer, since they would hold up the end */
function createApp(options: RestServerOptions, isDraining: () => boolean): FastifyInstance {
  const { routes, log, cors, guard } = options;
  const app = fastify({
    logger: false,
    ...serverOptions(options),
    requestTimeout: requestMs,
    keepAliveTimeout: idleMs,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    frameworkErrors: (error, _request, reply) => send(reply as FastifyReply, told(error, log)),
  });
  const probes = new Set<string | undefined>(routes.filter(({ isProbe }) => isProbe).map(({ path }) => path));
  app.server.maxConnections = mostConnections;
  // Bodies are read by the routes' handler: so they count towards the memory quota as they come.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  // Before a body is read that nobody wants.
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(corsHeaders(cors, request.headers.origin));
    if (request.method === 'OPTIONS') return reply.code(200).send();
    const refused = probes.has(request.routeOptions.url) ? undefined : guard?.refusal(request.headers.authorization);
    if (refused) send(reply, challenge(refused, request.headers.authorization !== undefined));
    else if (request.is404) send(reply, told(notThere(request.method, pathOf(request), routes), log));
    else done();
  });
  app.addHook('onSend', (request, reply, _payload, done) => {
    // A body that was not read to its end would be taken for the next request.
    if (isDraining() || (hasBody(request) && !request.raw.complete)) reply.header('connection', 'close');
    done();
  });
  app.setErrorHandler((error, _request, reply) => send(reply, told(error, log)));
  for (const route of routes) {
    app.route({
      method: route.method,
      url: route.path,
      handler: (request, reply) => handle(route, request, reply, options),
    });
  }
  return app;
}

/** Node's own, for HTTP or, where there is a certificate, HTTPS. */
function serverOptions({ credentials }: RestServerOptions): { http: ServerOptions } | { https: SecureServerOptions } {
  const http = { maxHeaderSize: largestHead, headersTimeout: headMs, connectionsCheckingInterval: checkMs };
  if (!credentials) return { http };
  const { context, asksClients } = credentials.current;
  const tls = { requestCert: asksClients, rejectUnauthorized: asksClients, handshakeTimeout: headMs };
  return { https: { ...http, ...context, ...tls } };
}

function peerOf({ remoteAddress, remotePort, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localPort}`;
}

/** @param isWrong whether there was a key at all */
function challenge({ code, message }: ServingError, isWrong: boolean): RestAnswer {
  const bearer = `Bearer realm="modelserver"${isWrong ? ', error="invalid_token"' : ''}`;
  return errorAnswer(httpStatusCode[code], message, { 'www-authenticate': bearer });
}

async function handle(
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
  { tracing, budget, log, clock }: RestServerOptions,
): Promise<FastifyReply> {
  const path = pathOf(request);
  const header = (name: string) => {
    const value = request.headers[name];
    return Array.isArray(value) ? value.join() : value;
  };
  const span = route.isProbe ? undefined : tracing?.httpSpan({ method: route.method, route: route.path, path }, header);
  const call = new RestCall(reply.raw, budget, span);
  const answer = async () => {
    const body = route.method === 'GET' ? nothing : await readBody(request.raw, clock, call.takeMemory);
    return route.answer({ path, body, header }, call);
  };
  try {
    const ready = await (span ? span.run(answer) : answer());
    span?.answered(ready.status ?? 200);
    return send(reply, ready);
  } catch (error) {
    const failure = told(error, log, span);
    span?.answered(failure.status ?? 500, error);
    return send(reply, failure);
  }
}

function send(reply: FastifyReply, { status = 200, contentType, headers = {}, body }: RestAnswer): FastifyReply {
  reply.code(status).type(contentType).headers(headers);
  // Of bytes fastify leaves the type as it is. To that of strings it adds a charset, which JSON has none of and clients such as KServe's
  // do not expect.
  if (typeof body === 'string') return reply.send(status === 204 ? undefined : Buffer.from(body));
  if (body instanceof Uint8Array) return reply.send(status === 204 ? undefined : body);
  // What fits in one chunk goes out as a whole, with its length.
  const first = body.next();
  const second = first.done ? first : body.next();
  if (first.done) return reply.send('');
  if (second.done) return reply.send(first.value);
  return reply.send(Readable.from(chunks(first.value, second.value, body), { objectMode: false }));
}

function* chunks(first: Uint8Array, second: Uint8Array, rest: Iterator<Uint8Array, void, void>) {
  yield first;
  yield second;
  for (let next = rest.next(); !next.done; next = rest.next()) yield next.value;
}

function hasBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0]!;
}

function notThere(method: string, path: string, routes: readonly Route[]): HttpError {
  const fits = (route: Route) =>
    route.path.endsWith('*') ? path.startsWith(route.path.slice(0, -1)) : path === route.path;
  const allowed = routes.filter(fits).map((route) => route.method);
  if (allowed.length > 0) return wrongMethod(method, path, allowed);
  const all = routes.map((route) => `${route.method} ${route.path}`).join(', ');
  return unknownPath(`There is no ${method} ${path} here; this port serves ${all}`);
}

/** What fastify finds wrong with a request is told as it is; whatever else fails has its code, or is the server's fault. */
function told(error: unknown, log: Logger, span?: CallSpan): RestAnswer {
  const { statusCode = 500, message } = error as FastifyError;
  if (!(error instanceof ServingError) && statusCode < 500) {
    return errorAnswer(statusCode, message, error instanceof HttpError ? error.headers : {});
  }
  const known = toServingError(error);
  const report = () => log.error({ err: known.cause ?? known }, 'An HTTP request could not be answered');
  if (known.code === 'internal') span ? span.run(report) : report();
  return errorAnswer(httpStatusCode[known.code], known.message);
}
