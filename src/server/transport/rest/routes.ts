/**
 * HTTP routes, over what their answers say: whatever carries them, fastify or another, knows nothing of it. A route that fails throws
 * a ServingError.
 */
export interface Route {
  readonly method: 'GET';
  readonly path: string;
  readonly answer: () => RestAnswer | Promise<RestAnswer>;
}

export interface RestAnswer {
  /** HTTP's status code; 200 unless given. */
  readonly status?: number;
  readonly contentType: string;
  readonly body: string;
}

/** What every answer is that tells of an error. */
export function errorAnswer(status: number, message: string): RestAnswer {
  return { status, contentType: 'application/json', body: JSON.stringify({ error: message }) };
}
