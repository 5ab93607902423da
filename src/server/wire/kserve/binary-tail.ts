import { ServingError } from '../../model/error.ts';

/** Elements of inputs behind the JSON of a request, one input's behind the other's: KServe's binary extension. */
export class BinaryTail {
  /** Where it begins, and the JSON ends. */
  readonly begin: number;
  /** Whether the request says that it has one. */
  readonly isThere: boolean;
  readonly #body: Buffer;
  #position: number;

  /**
   * @param headerLength `Inference-Header-Content-Length`
   * @throws ServingError `invalid-argument`
   */
  constructor(body: Buffer, headerLength: string | undefined) {
    this.#body = body;
    this.isThere = headerLength !== undefined;
    this.begin = headerLength === undefined ? body.byteLength : parse(headerLength);
    if (this.begin > body.byteLength) {
      throw invalid(
        `Inference-Header-Content-Length header exceeds actual payload length - Expected: at most ${body.byteLength}; Actual: ${this.begin}`,
      );
    }
    this.#position = this.begin;
  }

  /** Bytes that no input has had yet. */
  get left(): number {
    return this.#body.byteLength - this.#position;
  }

  /** A view of the next bytes. */
  next(size: number): Buffer {
    if (size > this.left) {
      throw invalid(
        `Received buffer size is smaller than binary_data_size parameter indicates - Expected: ${size} bytes; Actual: ${this.left} bytes`,
      );
    }
    const begin = this.#position;
    this.#position += size;
    return this.#body.subarray(begin, this.#position);
  }

  /** @throws ServingError `invalid-argument` for bytes that no input has had */
  finish(): void {
    if (this.left === 0) return;
    throw invalid(`Received buffer size is larger than the inputs' - Expected: no more; Actual: ${this.left} bytes`);
  }
}

function parse(text: string): number {
  if (/^\d{1,15}$/.test(text.trim())) return Number(text);
  throw invalid("Inference-Header-Content-Length header is invalid and couldn't be parsed");
}

function invalid(message: string): ServingError {
  return new ServingError('invalid-argument', message);
}
