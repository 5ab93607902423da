import type { Socket } from 'node:net';
import { type FastifyError, type FastifyInstance, type FastifyReply, fastify } from 'fastify';
import type { Logger } from '../../../shared/log.ts';
import { ServingError, toServingError } from '../../model/error.ts';
import type { TransportServer } from '../transport-server.ts';
import { errorAnswer, type RestAnswer, type Route } from './routes.ts';

export interface RestServerOptions {
  readonly routes: readonly Route[];
  readonly log: Logger;
}

/** Bytes of a request's line and headers together. */
const largestHead = 16_384;

/** A client that sends its request more slowly than this holds a connection for nothing. */
const headMs = 10_000;
const requestMs = 30_000;
/** How often connections are held against these. */
const checkMs = 5000;

/** Longer than the pause between two scrapes usually is, so that they share a connection. */
const idleMs = 75_000;

/** Enough for all who scrape and probe; a bound, so that connections cannot take all memory. */
const mostConnections = 1024;

/** The routes, carried by fastify: one instance for each address. */
export function createFastifyServer(options: RestServerOptions): TransportServer {
  const apps: FastifyInstance[] = [];
  /** Connections that have not asked for anything yet, which Node takes for busy. */
  const silent = new Set<Socket>();
  let draining = false;
  return {
    async listen(address, port) {
      const app = createApp(options, () => draining);
      apps.push(app);
      app.server.on('connection', (socket) => {
        silent.add(socket);
        socket.once('close', () => silent.delete(socket));
      });
      app.server.on('request', ({ socket }) => silent.delete(socket));
      await app.listen({ host: address, port });
      return (app.server.address() as { readonly port: number }).port;
    },
    async drain(clock, ms) {
      draining = true;
      const timer = clock.after(ms, () => {
        for (const { server } of apps) server.closeAllConnections();
      });
      const closed = Promise.all(apps.map((app) => app.close()));
      for (const socket of silent) socket.destroy();
      await closed;
      timer.cancel();
    },
  };
}

/** @param isDraining whether connections are to be kept no longer, since they would hold up the end */
function createApp({ routes, log }: RestServerOptions, isDraining: () => boolean): FastifyInstance {
  const app = fastify({
    logger: false,
    http: { maxHeaderSize: largestHead, headersTimeout: headMs, connectionsCheckingInterval: checkMs },
    requestTimeout: requestMs,
    keepAliveTimeout: idleMs,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    frameworkErrors: (error, _request, reply) => send(reply as FastifyReply, told(error, log)),
  });
  app.server.maxConnections = mostConnections;
  // Before a body is read that nobody wants.
  app.addHook('onRequest', (request, reply, done) => {
    if (request.is404) send(reply, notFound(request.method, request.url, routes));
    else done();
  });
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (isDraining()) reply.header('connection', 'close');
    done();
  });
  app.setErrorHandler((error, _request, reply) => send(reply, told(error, log)));
  for (const { method, path, answer } of routes) {
    app.route({ method, url: path, handler: async (_request, reply) => send(reply, await answer()) });
  }
  return app;
}

function send(reply: FastifyReply, { status = 200, contentType, body }: RestAnswer): FastifyReply {
  return reply.code(status).type(contentType).send(body);
}

function notFound(method: string, url: string, routes: readonly Route[]): RestAnswer {
  const there = routes.map((route) => `${route.method} ${route.path}`).join(', ');
  return errorAnswer(404, `There is no ${method} ${url.split('?', 1)[0]} here - this port serves ${there}`);
}

/** What fastify finds wrong with a request is told as it is; whatever else fails is the server's fault. */
function told(error: unknown, log: Logger): RestAnswer {
  const { statusCode = 500, message } = error as FastifyError;
  if (!(error instanceof ServingError) && statusCode < 500) return errorAnswer(statusCode, message);
  const known = toServingError(error);
  log.error({ err: known.cause ?? known }, 'An HTTP request could not be answered');
  return errorAnswer(500, known.message);
}
