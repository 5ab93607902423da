import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { parse } from 'yaml';

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: what an API server answers, which the tests look into
  readonly body: any;
  /** What it warns of, such as unknown fields. */
  readonly warnings: readonly string[];
}

export interface CallOptions {
  readonly body?: unknown;
  /** As in `application/merge-patch+json`; plain JSON unless set. */
  readonly type?: string;
  readonly accept?: string;
}

/** Plain calls of an API server over one connection, so that hundreds take a second. */
export class ApiClient {
  readonly #server: string;
  readonly #agent: Agent;

  /** @param kubeconfig path of one with a client certificate, the first of its kind in it */
  constructor(kubeconfig: string) {
    const { clusters, users } = parse(readFileSync(kubeconfig, 'utf8'));
    const read = (entry: Readonly<Record<string, string>>, key: string) =>
      entry[`${key}-data`] === undefined ? readFileSync(entry[key]!) : Buffer.from(entry[`${key}-data`]!, 'base64');
    const { cluster } = clusters[0];
    const { user } = users[0];
    this.#server = cluster.server;
    this.#agent = new Agent({
      keepAlive: true,
      ca: read(cluster, 'certificate-authority'),
      cert: read(user, 'client-certificate'),
      key: read(user, 'client-key'),
    });
  }

  /** @param path with its query */
  call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const { body, type = 'application/json', accept = 'application/json' } = options;
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const call = request(`${this.#server}${path}`, {
      method,
      agent: this.#agent,
      headers: { 'content-type': type, accept },
    });
    call.on('error', reject).on('response', async (response) => {
      let text = '';
      for await (const chunk of response.setEncoding('utf8')) text += chunk;
      const json = response.headers['content-type']?.startsWith('application/json') === true;
      resolve({
        status: response.statusCode ?? 0,
        body: json ? JSON.parse(text) : text,
        warnings: [response.headers.warning ?? []].flat(),
      });
    });
    call.end(body === undefined ? undefined : JSON.stringify(body));
    return promise;
  }

  close(): void {
    this.#agent.destroy();
  }
}
