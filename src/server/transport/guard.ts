import type { ServingError } from '../model/error.ts';
import type { Endpoint } from '../observe/endpoint.ts';
import type { Meters } from '../observe/meter.ts';
import type { ApiKeys } from '../security/api-keys.ts';
import type { Renewed } from '../security/renewed.ts';

/** Lets in who shows an API key, and counts those that do not. */
export class Guard {
  readonly #keys: Renewed<ApiKeys>;
  readonly #kind: Endpoint['interface'];
  readonly #meters: Meters | undefined;

  constructor(keys: Renewed<ApiKeys>, kind: Endpoint['interface'], meters: Meters | undefined) {
    this.#keys = keys;
    this.#kind = kind;
    this.#meters = meters;
  }

  /**
   * Why a request is not let in; undefined if it is.
   * @param authorization the header or metadata of that name, if there is one
   */
  refusal(authorization: string | undefined): ServingError | undefined {
    const refused = this.#keys.current.refusal(authorization);
    if (refused) this.#meters?.refused({ interface: this.#kind }, refused);
    return refused;
  }
}
