import type { CallContext } from '../../observe/call-context.ts';

/**
 * HTTP routes, over what their answers say: whatever carries them, fastify or another, knows nothing of it. A route that fails throws
 * a ServingError, or an HttpError for what only HTTP has a word for.
 */
export interface Route {
  readonly method: 'GET' | 'POST';
  /** As it stands in a request's first line; `*` at its end is for any rest. */
  readonly path: string;
  /** Asked every few seconds by machines: no trace would explain anything, and they have no API key to show. */
  readonly isProbe?: true;
  readonly answer: (request: RestRequest, call: CallContext) => RestAnswer | Promise<RestAnswer>;
}

export interface RestRequest {
  /** Without the query, not decoded. */
  readonly path: string;
  /** Empty for GET. It is the route's own, to be written over. */
  readonly body: Buffer;
  /** @param name in lower case */
  header(name: string): string | undefined;
}

export interface RestAnswer {
  /** HTTP's status code; 200 unless given. */
  readonly status?: number;
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Chunks are asked for as the client takes them. */
  readonly body: string | Uint8Array | Iterator<Uint8Array, void, void>;
}

export const json = 'application/json';

/** A request that HTTP itself has a status for. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(statusCode: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.statusCode = statusCode;
    this.headers = headers;
  }
}

/** What every answer is that tells of an error. */
export function errorAnswer(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): RestAnswer {
  return { status, contentType: json, headers, body: JSON.stringify({ error: message }) };
}

/** @param what is there instead */
export function unknownPath(what: string): HttpError {
  return new HttpError(400, `Invalid request URL - ${what}`);
}

/** @param allowed methods of that path */
export function wrongMethod(method: string, path: string, allowed: readonly string[]): HttpError {
  const list = allowed.join(', ');
  return new HttpError(405, `Unsupported method - Expected: ${list} ${path}; Actual: ${method}`, { allow: list });
}
