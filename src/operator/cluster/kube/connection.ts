import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Clock } from '../../../shared/clock.ts';
import type { ClusterError } from '../cluster-error.ts';
import { Agents } from './agents.ts';
import { type Access, type Credentials, isSameIdentity } from './credentials.ts';
import { readBody, unreachable } from './read-answer.ts';

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With its query. */
  readonly path: string;
  /** JSON. */
  readonly body?: string;
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
  /** Takes no connection from those that are kept for calls. */
  readonly isWatch?: boolean;
}

/** Reads an answer to its end. @param untimed ends the time limit, for an answer that goes on */
export type Read<T> = (response: IncomingMessage, untimed: () => void) => Promise<T>;

export interface ConnectionOptions {
  readonly clock: Clock;
  /** Milliseconds that a call may take, or a watch to begin. */
  readonly timeoutMs: number;
  readonly userAgent: string;
}

/** The API server may be slow to take new credentials; asking for others all the time, by programs even, would not help. */
const renewalPauseMs = 10_000;

/** HTTP with the API server: connections that are kept, credentials, time limits. */
export class Connection {
  readonly #credentials: Credentials;
  readonly #options: ConnectionOptions;
  readonly #underWay = new Set<Exchange>();
  #agents: Agents | undefined;
  /** Put off by each renewal until one of them has been of use. */
  #nextRenewal = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(credentials: Credentials, options: ConnectionOptions) {
    this.#credentials = credentials;
    this.#options = options;
  }

  /**
   * What `read` makes of the answer, whatever its status.
   * @throws ClusterError `unavailable`, the signal's reason, or what `read` throws
   */
  async exchange<T>(request: Request, read: Read<T>): Promise<T> {
    const { signal } = request;
    signal?.throwIfAborted();
    if (this.#isClosed) throw closed();
    const { clock, timeoutMs } = this.#options;
    const exchange = new Exchange();
    const abort = () => exchange.end(signal?.reason);
    const timer = clock.after(timeoutMs, () => exchange.end(unreachable(`no answer within ${timeoutMs / 1000} s`)));
    this.#underWay.add(exchange);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      const answer = this.#attempt(request, exchange).then((response) => read(response, () => timer.cancel()));
      return await Promise.race([answer, exchange.ended]);
    } finally {
      timer.cancel();
      signal?.removeEventListener('abort', abort);
      this.#underWay.delete(exchange);
      exchange.leave();
    }
  }

  /** Ends all that is under way. */
  close(): void {
    this.#isClosed = true;
    for (const exchange of this.#underWay) exchange.end(closed());
    this.#agents?.destroy();
  }

  async #attempt(request: Request, exchange: Exchange): Promise<IncomingMessage> {
    const access = await this.#credentials.access();
    let response: IncomingMessage;
    try {
      response = await this.#send(request, access, exchange);
    } catch (error) {
      // The API server had closed a connection that was kept, and cannot have seen the request.
      if (request.method !== 'GET' || !exchange.request?.reusedSocket) throw error;
      this.#agents?.dropIdle();
      response = await this.#send(request, access, exchange);
    }
    if (response.statusCode !== 401) {
      this.#nextRenewal = Number.NEGATIVE_INFINITY;
      return response;
    }
    const renewed = await this.#renew(access);
    if (!renewed) return response;
    // To the end, so that the next attempt can take its connection.
    await readBody(response);
    const second = await this.#send(request, renewed, exchange);
    if (second.statusCode !== 401) this.#nextRenewal = Number.NEGATIVE_INFINITY;
    return second;
  }

  /** Others than those that were refused; undefined if there are none. */
  async #renew(refused: Access): Promise<Access | undefined> {
    let access = await this.#credentials.access();
    if (isSameAccess(access, refused)) {
      if (this.#options.clock.now() < this.#nextRenewal) return undefined;
      this.#nextRenewal = this.#options.clock.now() + renewalPauseMs;
      access = await this.#credentials.access(true);
    }
    return isSameAccess(access, refused) ? undefined : access;
  }

  #send(request: Request, access: Access, exchange: Exchange): Promise<IncomingMessage> {
    if (exchange.isOver) return exchange.ended;
    const { server, headers } = access;
    const agents = this.#agentsFor(access);
    const sent = (server.protocol === 'http:' ? http : https).request({
      method: request.method,
      hostname: server.hostname.replace(/^\[|\]$/g, ''),
      port: server.port,
      path: server.pathname.replace(/\/$/, '') + request.path,
      agent: access.agent ?? (request.isWatch ? agents.watches : agents.calls),
      headers: {
        accept: 'application/json',
        'user-agent': this.#options.userAgent,
        ...(request.body === undefined
          ? {}
          : { 'content-type': request.contentType, 'content-length': Buffer.byteLength(request.body) }),
        ...headers,
      },
    });
    exchange.request = sent;
    return new Promise((resolve, reject) => {
      sent.on('response', resolve);
      sent.on('error', (error) => reject(unreachable(error.message, error)));
      sent.end(request.body);
    });
  }

  #agentsFor({ server, tls }: Access): Agents {
    if (this.#agents && isSameIdentity(this.#agents.tls, tls)) return this.#agents;
    this.#agents?.retire();
    this.#agents = new Agents(server.protocol, tls);
    return this.#agents;
  }
}

/** From a call's beginning to its end, with all attempts. */
class Exchange {
  readonly ended: Promise<never>;
  /** The latest attempt. */
  request: ClientRequest | undefined;
  isOver = false;
  readonly #end: (reason: unknown) => void;

  constructor() {
    const { promise, reject } = Promise.withResolvers<never>();
    this.ended = promise;
    this.#end = reject;
    // It may end before anybody looks.
    promise.catch(() => {});
  }

  end(reason: unknown): void {
    this.isOver = true;
    this.#end(reason);
    this.request?.destroy();
  }

  /** Lets go of the connection, unless the answer was read to its end. */
  leave(): void {
    this.isOver = true;
    if (!this.request?.closed) this.request?.destroy();
  }
}

function isSameAccess(a: Access, b: Access): boolean {
  return a === b || (a.headers.authorization === b.headers.authorization && isSameIdentity(a.tls, b.tls));
}

function closed(): ClusterError {
  return unreachable('the connection is closed');
}
