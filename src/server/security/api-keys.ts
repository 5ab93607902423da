import { createHash, timingSafeEqual } from 'node:crypto';
import { ServingError } from '../model/error.ts';

/** What a bearer token may consist of, in HTTP as in gRPC. */
const token = /^[A-Za-z0-9\-._~+/]+=*$/;

/** Long enough for any that are generated; a header must hold it. */
const longestKey = 4096;

/** The keys of which a client must show one. Kept as digests: what is compared says nothing of how much of a key is right. */
export class ApiKeys {
  readonly #digests: readonly Buffer[];

  /** @param keys at least one */
  constructor(keys: readonly string[]) {
    this.#digests = keys.map(digest);
  }

  get count(): number {
    return this.#digests.length;
  }

  /**
   * Why a request is not let in; undefined if it is.
   * @param authorization the header or metadata of that name, if there is one
   */
  refusal(authorization: string | undefined): ServingError | undefined {
    if (!authorization) return refuse('no authorization');
    const shown = /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
    // Not a word of what it is instead: it might be a key.
    if (shown === undefined) return refuse('authorization of another form');
    const actual = digest(shown);
    let isKnown = false;
    for (const expected of this.#digests) isKnown = timingSafeEqual(actual, expected) || isKnown;
    return isKnown ? undefined : refuse('a key that is not among those of the server');
  }
}

/**
 * One key a line; empty lines and those that begin with `#` do not count.
 * @param source what is told of where the text is from
 * @throws Error that says what is wrong where, and nothing of any key
 */
export function readApiKeys(text: string, source: string): ApiKeys {
  const keys: string[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    const key = line.trim();
    if (key === '' || key.startsWith('#')) continue;
    if (key.length > longestKey || !token.test(key)) {
      throw new Error(
        `${source}: line ${i + 1} holds no key - Expected: at most ${longestKey} of letters, digits and -._~+/, with = at the end only`,
      );
    }
    keys.push(key);
  }
  if (keys.length === 0) throw new Error(`${source} holds no key - Expected: one a line`);
  return new ApiKeys(keys);
}

function refuse(actual: string): ServingError {
  return new ServingError(
    'unauthenticated',
    `An API key is needed - Expected: authorization: Bearer KEY; Actual: ${actual}`,
  );
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
