import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createGunzip, createInflate } from 'node:zlib';
import type { Clock } from '../../../shared/clock.ts';
import { ServingError } from '../../model/error.ts';
import type { TakeMemory } from '../../model/inference.ts';
import { HttpError } from './routes.ts';

/** 1 GiB, as OpenVINO Model Server. */
const largestBody = 1024 ** 3;

/** A body of which nothing more comes for so long, or twice that, is given up. */
const stallMs = 10_000;

/** Room at first, of which there is ever twice as much: who says that much will come need not send it. */
const firstRoom = 65_536;

/** What undoes an encoding. */
const decoders: ReadonlyMap<string, () => NodeJS.ReadWriteStream & Readable> = new Map([
  ['gzip', () => createGunzip()],
  ['deflate', () => createInflate()],
]);

/**
 * The body of a request, decoded.
 * @param take called with the bytes that it takes, as they come
 * @throws HttpError for one that is too large, too slow or of an unknown encoding; ServingError `invalid-argument` for one that cannot
 *   be decoded, `cancelled` for one that ends too soon; what `take` throws
 */
export function readBody(request: IncomingMessage, clock: Clock, take: TakeMemory): Promise<Buffer> {
  const declared = Number(request.headers['content-length'] ?? Number.NaN);
  if (declared > largestBody) throw tooLarge();
  const decoder = decoderFor(request.headers['content-encoding']);
  const source: Readable = decoder ?? request;
  const body = new GrowingBuffer(decoder || Number.isNaN(declared) ? largestBody : declared, take);
  return new Promise((resolve, reject) => {
    let received = 0;
    let seen = 0;
    const stop = () => {
      source.off('data', append).off('end', ended);
      request.off('data', count).off('error', gone).off('close', gone);
      timer.cancel();
    };
    const fail = (error: unknown) => {
      stop();
      if (decoder) request.unpipe(decoder);
      decoder?.destroy();
      // What still comes is of no use to anyone.
      request.on('error', () => {}).resume();
      reject(error);
    };
    const append = (chunk: Buffer) => {
      try {
        body.append(chunk);
      } catch (error) {
        fail(error);
      }
    };
    const count = (chunk: Buffer) => {
      received += chunk.byteLength;
    };
    const ended = () => {
      stop();
      resolve(body.bytes());
    };
    const gone = () => {
      // The decoder may have some left of a request that has come to its end.
      if (!request.complete) fail(new ServingError('cancelled', 'Request was cancelled'));
    };
    const stalled = () => {
      if (received > seen || request.complete) {
        seen = received;
        timer = clock.after(stallMs, stalled);
        return;
      }
      const late = `Request body came too slowly - Expected: more within ${stallMs / 1000} s; Actual: none`;
      fail(new HttpError(408, late));
    };
    let timer = clock.after(stallMs, stalled);
    source.on('data', append).on('end', ended);
    request.on('data', count).on('error', gone).on('close', gone);
    if (decoder) {
      decoder.on('error', (error) =>
        fail(new ServingError('invalid-argument', `The request body cannot be decoded - ${error.message}`)),
      );
      request.pipe(decoder);
    }
  });
}

/** @returns undefined for a body that stands as it is */
function decoderFor(encoding: string | undefined) {
  if (encoding === undefined || encoding === 'identity') return undefined;
  const create = decoders.get(encoding);
  if (create) return create();
  const known = [...decoders.keys()].join(', ');
  throw new HttpError(415, `Unsupported content encoding - Expected: ${known} or none; Actual: ${encoding}`, {
    'accept-encoding': known,
  });
}

/** Bytes one behind the other, whose number is not known before. */
class GrowingBuffer {
  readonly #most: number;
  readonly #take: TakeMemory;
  #room = Buffer.alloc(0);
  #length = 0;

  constructor(most: number, take: TakeMemory) {
    this.#most = most;
    this.#take = take;
  }

  append(chunk: Buffer): void {
    const length = this.#length + chunk.byteLength;
    if (length > this.#most) throw tooLarge();
    if (length > this.#room.byteLength) {
      const room = Math.min(this.#most, Math.max(firstRoom, 2 * this.#room.byteLength, length));
      this.#take(room - this.#room.byteLength);
      const larger = Buffer.allocUnsafeSlow(room);
      this.#room.copy(larger, 0, 0, this.#length);
      this.#room = larger;
    }
    chunk.copy(this.#room, this.#length);
    this.#length = length;
  }

  bytes(): Buffer {
    return this.#room.subarray(0, this.#length);
  }
}

function tooLarge(): HttpError {
  return new HttpError(413, `Request body is too large - Expected: at most ${largestBody} bytes; Actual: more`);
}
