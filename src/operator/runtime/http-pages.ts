import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from '../../shared/log.ts';

export interface Page {
  readonly status: number;
  /** Its media type; plain text if absent. */
  readonly type?: string;
  readonly body: string;
}

/** What is to be had under a path. */
export type Pages = Readonly<Record<string, (query: URLSearchParams) => Page | Promise<Page>>>;

export interface ListenOptions {
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  readonly log: Logger;
}

export interface HttpPages {
  readonly port: number;
  /** Takes no more requests and cuts all connections. */
  close(): Promise<void>;
}

/** Milliseconds that a client may take for its request, and to begin the next one. */
const patience = 10_000;

/**
 * Serves a few pages over HTTP, to GET and HEAD.
 * @throws the address cannot be listened on
 */
export async function servePages(pages: Pages, { host, port, log }: ListenOptions): Promise<HttpPages> {
  const server = createServer({ requestTimeout: patience, headersTimeout: patience, keepAliveTimeout: patience });
  server.maxConnections = 256;
  server.on('request', (request, response) => {
    answer(pages, request).then(
      (page) => send(response, page),
      (error) => {
        log.error({ err: error, url: request.url }, 'A page failed');
        send(response, { status: 500, body: 'internal error\n' });
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      server.on('error', (error) => log.error({ err: error }, 'The HTTP server failed'));
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
}

async function answer(pages: Pages, { method, url = '/' }: IncomingMessage): Promise<Page & { allow?: string }> {
  const [path = '', query = ''] = url.split('?', 2);
  const page = pages[path];
  if (!page) return { status: 404, body: `there is only ${Object.keys(pages).join(', ')}\n` };
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, body: 'only GET and HEAD\n', allow: 'GET, HEAD' };
  return page(new URLSearchParams(query));
}

function send(response: ServerResponse, { status, type, body, allow }: Page & { allow?: string }): void {
  response.writeHead(status, {
    'content-type': type ?? 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(allow === undefined ? {} : { allow }),
  });
  // For HEAD, Node leaves the body out.
  response.end(body);
}
