import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../../shared/clock.ts';
import { ServingError } from '../../model/error.ts';
import type { TakeMemory } from '../../model/inference.ts';
import { HttpError } from './routes.ts';

/** 1 GiB, as OpenVINO Model Server. */
export const largestBody = 1024 ** 3;

/** A body of which nothing more comes for so long, or twice that, is given up. */
const stallMs = 10_000;

/** Room at first, of which there is ever twice as much: who says that much will come need not send it. */
const firstRoom = 65_536;

/**
 * The body of a request.
 * @param take called with the bytes that it takes, as they come
 * @throws HttpError for one that is too large, too slow or encoded; ServingError `cancelled` for one that ends too soon; what `take` throws
 */
export function readBody(request: IncomingMessage, clock: Clock, take: TakeMemory): Promise<Buffer> {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new HttpError(415, `Unsupported content encoding - Expected: none; Actual: ${encoding}`);
  }
  const declared = Number(request.headers['content-length'] ?? Number.NaN);
  if (declared > largestBody) throw tooLarge();
  const most = Number.isNaN(declared) ? largestBody : declared;
  return new Promise((resolve, reject) => {
    let body = Buffer.alloc(0);
    let length = 0;
    let seen = 0;
    const append = (chunk: Buffer) => {
      if (length + chunk.byteLength > most) throw tooLarge();
      if (length + chunk.byteLength > body.byteLength) {
        const room = Math.min(most, Math.max(firstRoom, 2 * body.byteLength, length + chunk.byteLength));
        take(room - body.byteLength);
        const larger = Buffer.allocUnsafeSlow(room);
        body.copy(larger, 0, 0, length);
        body = larger;
      }
      chunk.copy(body, length);
      length += chunk.byteLength;
    };
    const stop = () => {
      request.off('data', received).off('end', ended).off('error', failed).off('close', closed);
      timer.cancel();
    };
    const fail = (error: unknown) => {
      stop();
      // What still comes is of no use to anyone.
      request.on('error', () => {}).resume();
      reject(error);
    };
    const received = (chunk: Buffer) => {
      try {
        append(chunk);
      } catch (error) {
        fail(error);
      }
    };
    const ended = () => {
      stop();
      resolve(body.subarray(0, length));
    };
    const failed = () => fail(new ServingError('cancelled', 'Request was cancelled'));
    const closed = () => failed();
    function stalled() {
      if (length > seen) {
        seen = length;
        timer = clock.after(stallMs, stalled);
        return;
      }
      const late = `Request body came too slowly - Expected: more within ${stallMs / 1000} s; Actual: none`;
      fail(new HttpError(408, late));
    }
    let timer = clock.after(stallMs, stalled);
    request.on('data', received).on('end', ended).on('error', failed).on('close', closed);
  });
}

function tooLarge(): HttpError {
  return new HttpError(413, `Request body is too large - Expected: at most ${largestBody} bytes; Actual: more`);
}
