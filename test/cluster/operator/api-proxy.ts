import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { ControlPlane } from '../control-plane.ts';

export interface ApiRequest {
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';
  /** `deployments`; empty for what is none. */
  readonly resource: string;
  /** Without the query. */
  readonly path: string;
}

interface Watch {
  readonly request: ApiRequest;
  readonly response: ServerResponse;
  /** Whether it brings nothing more, although it stays open. */
  hangs: boolean;
}

let started = 0;

/** Stands between an operator and the API server: sees each request, and does to watches what networks and servers do. */
export class ApiProxy {
  /** What has come so far, in order. */
  readonly requests: ApiRequest[] = [];
  /** Called when the API server has answered and before the operator hears of it; with false it never does. */
  onAnswer: (request: ApiRequest, status: number) => boolean = () => true;
  /** Whether a watch that begins is told that its resource version is too old. */
  isExpired: (request: ApiRequest) => boolean = () => false;
  readonly #plane: ControlPlane;
  readonly #agent: https.Agent;
  readonly #server: https.Server;
  readonly #watches = new Set<Watch>();

  private constructor(plane: ControlPlane, server: https.Server) {
    this.#plane = plane;
    this.#server = server;
    this.#agent = new https.Agent({ keepAlive: true, ca: readFileSync(plane.certificates.path('ca.crt')) });
    server.on('request', (request, response) => this.#pass(request, response));
  }

  static async start(plane: ControlPlane): Promise<ApiProxy> {
    const { certificates } = plane;
    const name = `proxy-${started++}`;
    await certificates.issue(name, { user: 'proxy', serves: ['IP:127.0.0.1'] });
    const read = (ending: string) => readFileSync(certificates.path(`${name}.${ending}`));
    const server = https.createServer({ cert: read('crt'), key: read('key') });
    const proxy = new ApiProxy(plane, server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  /** What the operator is to take for the API server. */
  get server(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  count(verb: ApiRequest['verb'], resource?: string): number {
    const isAsked = (request: ApiRequest) =>
      request.verb === verb && (resource === undefined || request.resource === resource);
    return this.requests.filter(isAsked).length;
  }

  /** The watches that are under way. */
  get watching(): number {
    return this.#watches.size;
  }

  /** The watches under way stay open and bring nothing more, not even their end. */
  hangWatches(): void {
    for (const watch of this.#watches) watch.hangs = true;
  }

  /** Ends the watches under way as the API server does when what they wait for has been compacted. */
  expireWatches(): void {
    for (const { response } of this.#watches) response.end(`${JSON.stringify({ type: 'ERROR', object: expired })}\n`);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    this.#agent.destroy();
  }

  #pass(incoming: IncomingMessage, response: ServerResponse): void {
    const request = describe(incoming);
    this.requests.push(request);
    // Whichever end breaks, the other is to notice.
    response.on('error', () => {});
    if (request.verb === 'watch' && this.isExpired(request)) {
      incoming.resume();
      response.writeHead(410, { 'content-type': 'application/json' }).end(JSON.stringify(expired));
      return;
    }
    const outgoing = https.request(
      `${this.#plane.server}${incoming.url}`,
      { method: incoming.method!, headers: incoming.headers, agent: this.#agent },
      (answer) => this.#answer(request, answer, response),
    );
    outgoing.on('error', () => response.destroy());
    response.on('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  }

  #answer(request: ApiRequest, answer: IncomingMessage, response: ServerResponse): void {
    if (!this.onAnswer(request, answer.statusCode!)) {
      answer.resume();
      response.destroy();
      return;
    }
    response.writeHead(answer.statusCode!, answer.headers);
    if (request.verb !== 'watch') {
      answer.on('error', () => response.destroy());
      answer.pipe(response);
      return;
    }
    const watch: Watch = { request, response, hangs: false };
    this.#watches.add(watch);
    response.on('close', () => this.#watches.delete(watch));
    answer.on('data', (chunk) => watch.hangs || response.writableEnded || response.write(chunk));
    answer.on('end', () => watch.hangs || response.end());
    answer.on('error', () => watch.hangs || response.destroy());
    response.flushHeaders();
  }
}

const expired = {
  ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code: 410, reason: 'Expired' },
  message: 'The resourceVersion for the provided watch is too old.',
};

const verbs: Readonly<Record<string, ApiRequest['verb']>> = {
  ...{ POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' },
};

/** As RBAC and audit logs name it. */
function describe({ method, url }: IncomingMessage): ApiRequest {
  const { pathname: path, searchParams } = new URL(url!, 'https://server');
  const place = /^\/(?:api\/v1|apis\/[^/]+\/[^/]+)(?:\/namespaces\/[^/]+)?\/([^/]+)(\/.+)?$/.exec(path);
  const resource = place?.[1] ?? '';
  const read = searchParams.has('watch') ? 'watch' : place && place[2] === undefined ? 'list' : 'get';
  return { verb: verbs[method!] ?? read, resource, path };
}
