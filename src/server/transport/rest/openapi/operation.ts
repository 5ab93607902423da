/**
 * What the REST API is told to be in OpenAPI: an operation for each method and form of path, as data. The routes answer more than one form
 * each, so that this is a table of its own; `test/server/openapi.test.ts` holds it against what a running server has.
 */
export interface Operation {
  readonly method: 'get' | 'post';
  /** With `{name}` for each parameter of `parameters` that is in the path. */
  readonly path: string;
  /** Unique; what generated clients call it. */
  readonly id: string;
  readonly tag: string;
  /** Whether no API key is asked for where others need one. */
  readonly isProbe?: true;
  readonly summary: string;
  readonly description?: string;
  /** Names in `components.parameters`. */
  readonly parameters: readonly string[];
  readonly body?: Body;
  /** Answers that tell no error, by status code. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** Status codes of errors that only some operations have; those of `everywhere` need not be said. */
  readonly errors: readonly ErrorStatus[];
}

/** A JSON Schema, of which nothing here wants to know more. */
export type Schema = Readonly<Record<string, unknown>>;

export interface Body {
  readonly isRequired: boolean;
  /** By media type. */
  readonly content: Readonly<Record<string, Content>>;
}

export interface Content {
  readonly schema?: Schema;
  /** Of the models of the README's examples. */
  readonly example?: unknown;
}

export interface Answer {
  readonly description: string;
  /** By media type; an answer without has no body. */
  readonly content?: Readonly<Record<string, Content>>;
  readonly headers?: Readonly<Record<string, { readonly description: string; readonly schema: Schema }>>;
}

/** What a status code says wherever it tells of an error; the body is an `Error`. */
export const errorStatuses = {
  400: 'The request is not as it should be: its path, its headers, its body, or that for this model.',
  401: 'No API key, or a wrong one, where the server has keys.',
  404: 'There is no such model, version or label, or it is not loaded.',
  408: 'Nothing more came of the request for too long.',
  409: 'A sequence that begins is live already.',
  412: 'What is asked for cannot be as things are: a signature that there is not, a config file with problems.',
  413: 'The body is larger than 1 GiB, before or after it is decompressed.',
  415: 'The body has another content encoding than gzip or deflate.',
  429: 'The queue of the model is full, or requests in work would exceed the memory quota: ask again later.',
  431: 'Request line and headers are larger than 16 KiB.',
  500: 'A fault of the server. Its cause is in the log.',
  501: 'A parameter of the request is not supported.',
  503: 'The server is about to end, or a stateful model has as many live sequences as it may.',
} as const;

export type ErrorStatus = keyof typeof errorStatuses;

/** What any request may be answered, by what carries the routes. */
export const everywhere: readonly ErrorStatus[] = [400, 408, 431, 500, 503];

/** What may come of reading a body. */
export const ofBodies: readonly ErrorStatus[] = [413, 415, 429];

export function reference(section: 'schemas' | 'parameters' | 'responses', name: string): Schema {
  return { $ref: `#/components/${section}/${name}` };
}

/** Content of one media type, of a schema in `components.schemas`. */
export function content(mediaType: string, schema: string, example?: unknown): Readonly<Record<string, Content>> {
  return {
    [mediaType]: { schema: reference('schemas', schema), ...(example === undefined ? {} : { example }) },
  };
}
