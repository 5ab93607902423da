/**
 * The closed set of ways in which serving can fail. It names what went wrong, not how a protocol says it: each wire owns
 * a table typed `Record<Code, …>`, so that a new code does not compile until every wire maps it.
 */
export const codes = [
  'unauthenticated',
  'invalid-argument',
  'servable-not-found',
  'version-not-found',
  'version-retired',
  'not-loaded',
  'sequence-not-found',
  'sequence-exists',
  'too-many-sequences',
  'failed-precondition',
  'resource-exhausted',
  'aborted',
  'cancelled',
  'deadline-exceeded',
  'unimplemented',
  'internal',
] as const;

export type Code = (typeof codes)[number];

/**
 * The only error that a client gets to see. `message` is part of the contract; what caused it stays in `cause`, for the log.
 */
export class ServingError extends Error {
  override readonly name = 'ServingError';
  readonly code: Code;

  constructor(code: Code, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** What a client is told of an error: a ServingError as it is, anything else as an internal error whose cause stays inside. */
export function toServingError(error: unknown): ServingError {
  if (error instanceof ServingError) return error;
  return new ServingError('internal', 'Internal error', { cause: error });
}
