import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { Certificate } from './certificates.ts';

export interface HttpServer {
  readonly url: URL;
  /** How many connections it has seen. */
  readonly connections: () => number;
  close(): Promise<void>;
}

/** A server on loopback for as long as the test lasts. @param port any if absent */
export async function startHttpServer(
  t: TestContext,
  listener: (request: IncomingMessage, response: ServerResponse) => unknown,
  { certificate, port = 0 }: { readonly certificate?: Certificate; readonly port?: number } = {},
): Promise<HttpServer> {
  const server = certificate
    ? createTlsServer(certificate, listener as RequestListener)
    : createServer(listener as RequestListener);
  let connections = 0;
  server.on(certificate ? 'secureConnection' : 'connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  t.after(close);
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: new URL(`${certificate ? 'https' : 'http'}://127.0.0.1:${bound}`),
    connections: () => connections,
    close,
  };
}

export async function readText(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
}
