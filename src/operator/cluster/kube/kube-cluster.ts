import type { Clock } from '../../../shared/clock.ts';
import type {
  ApplyOptions,
  CallOptions,
  Cluster,
  ListOptions,
  ObjectKey,
  Page,
  WatchEvent,
  WatchOptions,
} from '../cluster.ts';
import { ClusterError } from '../cluster-error.ts';
import type { Kind, KubeObject } from '../kube-object.ts';
import { answerError } from './answer-error.ts';
import type { Connection, Request } from './connection.ts';
import type { RateLimit } from './rate-limit.ts';
import { readBody, readLines } from './read-answer.ts';
import { groupPath, type Place, query, resourcePath } from './resource-path.ts';
import { parseJson, toApplied, toEvent, toObject, type WireList } from './wire-object.ts';

/** A call that has ended; a watch, as soon as it has begun. */
export interface KubeCall {
  /** As RBAC and audit logs name it. */
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';
  readonly method: Request['method'];
  /** Absent for what is no resource: the version, the kinds that are served. */
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: 'status';
  /** The HTTP status; absent if there was no answer, or none that could be read. */
  readonly status?: number;
  /** From when it was sent; the wait for its turn does not count. */
  readonly ms: number;
}

export interface KubeClusterParts {
  readonly connection: Connection;
  readonly limit: RateLimit;
  readonly clock: Clock;
  readonly onCall: (call: KubeCall) => void;
  /** Asked before each write, when it is about to be sent; always if absent. */
  readonly mayWrite?: () => boolean;
}

interface Call extends Place {
  readonly verb: KubeCall['verb'];
  readonly kind?: Kind;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly retryAfter?: string | undefined;
}

/** How much later than asked for a watch may end. */
const watchGraceMs = 30_000;

/** An API server, over HTTP and JSON. */
export class KubeCluster implements Cluster {
  readonly #connection: Connection;
  readonly #limit: RateLimit;
  readonly #clock: Clock;
  readonly #onCall: (call: KubeCall) => void;
  readonly #mayWrite: () => boolean;

  constructor({ connection, limit, clock, onCall, mayWrite = () => true }: KubeClusterParts) {
    this.#mayWrite = mayWrite;
    this.#connection = connection;
    this.#limit = limit;
    this.#clock = clock;
    this.#onCall = onCall;
  }

  async get<T extends KubeObject>(kind: Kind, at: ObjectKey, options: CallOptions = {}): Promise<T | undefined> {
    const call: Call = { verb: 'get', kind, ...keyOf(at) };
    const answer = await this.#call(call, { method: 'GET', path: resourcePath(kind, call) }, options);
    return answer.status === 404 ? undefined : toObject<T>(read(answer), kind);
  }

  async list<T extends KubeObject>(kind: Kind, options: ListOptions): Promise<Page<T>> {
    const call: Call = { verb: 'list', kind, ...namespaceOf(options) };
    const { labelSelector, limit } = options;
    const path = resourcePath(kind, call) + query({ labelSelector, limit, continue: options.continue });
    const answer = await this.#call(call, { method: 'GET', path }, options);
    const { items, metadata } = read<WireList>(answer);
    return {
      items: (items ?? []).map((item) => toObject<T>(item, kind)),
      resourceVersion: metadata.resourceVersion,
      ...(metadata.continue ? { continue: metadata.continue } : {}),
    };
  }

  async watch<T extends KubeObject>(
    kind: Kind,
    options: WatchOptions,
    onEvent: (event: WatchEvent<T>) => void,
  ): Promise<void> {
    const call: Call = { verb: 'watch', kind, ...namespaceOf(options) };
    const { labelSelector, resourceVersion, timeoutSeconds, signal } = options;
    const parameters = { watch: 1, allowWatchBookmarks: true, labelSelector, resourceVersion, timeoutSeconds };
    const path = resourcePath(kind, call) + query(parameters);
    const sent = this.#clock.now();
    let told = false;
    const tell = (status?: number) => {
      if (!told) this.#tell(call, 'GET', sent, status);
      told = true;
    };
    try {
      await this.#connection.exchange({ method: 'GET', path, signal, isWatch: true }, async (response, untimed) => {
        const status = response.statusCode!;
        tell(status);
        if (status !== 200) throw answerError(status, await readBody(response), response.headers['retry-after']);
        untimed();
        const late = this.#clock.after(timeoutSeconds * 1000 + watchGraceMs, () => response.destroy());
        try {
          await readLines(response, (line) => {
            const event = toEvent<T>(line, kind);
            if (event) onEvent(event);
          });
        } finally {
          late.cancel();
        }
      });
    } finally {
      tell();
    }
  }

  async apply<T extends KubeObject>(kind: Kind, object: T, options: ApplyOptions): Promise<T> {
    const { manager, force = true, subresource } = options;
    const call: Call = { verb: 'patch', kind, ...keyOf(object.metadata), ...(subresource ? { subresource } : {}) };
    const path = resourcePath(kind, call) + query({ fieldManager: manager, force });
    const request = { method: 'PATCH', path, contentType: 'application/apply-patch+yaml' } as const;
    return toObject<T>(read(await this.#call(call, request, options, toApplied(object))), kind);
  }

  async create<T extends KubeObject>(kind: Kind, object: T, options: CallOptions = {}): Promise<T> {
    const call: Call = { verb: 'create', kind, ...keyOf(object.metadata) };
    const path = resourcePath(kind, namespaceOf(object.metadata));
    return toObject<T>(read(await this.#call(call, { method: 'POST', path }, options, object)), kind);
  }

  async replace<T extends KubeObject>(kind: Kind, object: T, options: CallOptions = {}): Promise<T> {
    options.signal?.throwIfAborted();
    const call: Call = { verb: 'update', kind, ...keyOf(object.metadata) };
    if (object.metadata.resourceVersion === undefined) {
      // Many kinds would be replaced all the same, whatever has become of them.
      throw new ClusterError('invalid', 'metadata.resourceVersion: must be there to replace an object');
    }
    const request = { method: 'PUT', path: resourcePath(kind, call) } as const;
    return toObject<T>(read(await this.#call(call, request, options, object)), kind);
  }

  async merge<T extends KubeObject>(kind: Kind, at: ObjectKey, patch: object, options: CallOptions = {}): Promise<T> {
    const call: Call = { verb: 'patch', kind, ...keyOf(at) };
    const path = resourcePath(kind, call);
    const request = { method: 'PATCH', path, contentType: 'application/merge-patch+json' } as const;
    return toObject<T>(read(await this.#call(call, request, options, patch)), kind);
  }

  async delete(kind: Kind, at: ObjectKey & { readonly uid: string }, options: CallOptions = {}): Promise<void> {
    const call: Call = { verb: 'delete', kind, ...keyOf(at) };
    const request = { method: 'DELETE', path: resourcePath(kind, call) } as const;
    const body = { preconditions: { uid: at.uid }, propagationPolicy: 'Background' };
    const answer = await this.#call(call, request, options, body);
    if (answer.status === 404) return;
    // Another one has taken the name since.
    if (answer.status === 409 && (await this.get(kind, at, options))?.metadata.uid !== at.uid) return;
    read(answer);
  }

  async serves(kind: Kind, options: CallOptions = {}): Promise<boolean> {
    const answer = await this.#call({ verb: 'get' }, { method: 'GET', path: groupPath(kind) }, options);
    if (answer.status === 404) return false;
    const { resources } = read<{ resources?: readonly { readonly name: string; readonly kind: string }[] }>(answer);
    return (resources ?? []).some(({ name }) => name === kind.plural);
  }

  async version(options: CallOptions = {}): Promise<{ readonly major: number; readonly minor: number }> {
    const answer = await this.#call({ verb: 'get' }, { method: 'GET', path: '/version' }, options);
    const { major, minor } = read<{ major: string; minor: string }>(answer);
    // Providers write "34+".
    return { major: Number.parseInt(major, 10), minor: Number.parseInt(minor, 10) };
  }

  /**
   * The same one, but that its writes end as `unavailable` where they may not be. Asked after they have waited for their turn:
   * a process that was frozen meanwhile finds out before it does harm.
   */
  writingIf(mayWrite: () => boolean): KubeCluster {
    const [connection, limit, clock, onCall] = [this.#connection, this.#limit, this.#clock, this.#onCall];
    return new KubeCluster({ connection, limit, clock, onCall, mayWrite });
  }

  /** Ends all calls and watches as `unavailable`. */
  close(): void {
    this.#connection.close();
  }

  async #call(
    call: Call,
    request: Pick<Request, 'method' | 'path' | 'contentType'>,
    { signal }: CallOptions,
    body?: object,
  ): Promise<Answer> {
    await this.#limit.turn(signal);
    if (request.method !== 'GET' && !this.#mayWrite()) {
      throw new ClusterError('unavailable', 'not written: this process may not write any more');
    }
    const sent = this.#clock.now();
    let status: number | undefined;
    try {
      const json = body === undefined ? {} : { contentType: 'application/json', body: JSON.stringify(body) };
      return await this.#connection.exchange({ ...json, ...request, signal }, async (response) => {
        const body = await readBody(response);
        status = response.statusCode!;
        return { status, body, retryAfter: response.headers['retry-after'] };
      });
    } finally {
      this.#tell(call, request.method, sent, status);
    }
  }

  #tell({ verb, kind, namespace, name, subresource }: Call, method: Request['method'], sent: number, status?: number) {
    this.#onCall({
      verb,
      method,
      ...(kind ? { kind: kind.kind } : {}),
      ...(namespace === undefined ? {} : { namespace }),
      ...(name === undefined ? {} : { name }),
      ...(subresource ? { subresource } : {}),
      ...(status === undefined ? {} : { status }),
      ms: this.#clock.now() - sent,
    });
  }
}

/** @throws ClusterError what an answer other than 2xx stands for */
function read<T extends object = KubeObject>({ status, body, retryAfter }: Answer): T {
  if (status < 200 || status >= 300) throw answerError(status, body, retryAfter);
  return parseJson<T>(body);
}

function keyOf({ namespace, name }: ObjectKey): ObjectKey {
  return { ...namespaceOf({ namespace }), name };
}

function namespaceOf({ namespace }: { readonly namespace?: string | undefined }): { readonly namespace?: string } {
  return namespace === undefined ? {} : { namespace };
}
