import type { IncomingMessage } from 'node:http';
import { ClusterError } from '../cluster-error.ts';
import { LineReader } from './line-reader.ts';

/** Bytes of an answer: one object has 1.5 MiB at most, and pages of them are asked for in moderation. */
const largestAnswer = 128 * 1024 ** 2;
/** Bytes of an event: the largest object, written in JSON. */
const longestLine = 16 * 1024 ** 2;

/** @throws ClusterError `unavailable`: it breaks off, or is too large */
export function readBody(response: IncomingMessage, largest = largestAnswer): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  return read(
    response,
    (chunk) => {
      size += chunk.length;
      if (size > largest) throw unreachable(`the answer is larger than ${largest} bytes`);
      chunks.push(chunk);
    },
    () => (chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size)).toString(),
  );
}

/**
 * Resolves when the answer has ended with a whole line.
 * @throws ClusterError `unavailable`: it breaks off, or a line is too long; or what `onLine` throws
 */
export function readLines(
  response: IncomingMessage,
  onLine: (line: string) => void,
  longest = longestLine,
): Promise<void> {
  const lines = new LineReader(longest, onLine);
  return read(
    response,
    (chunk) => {
      if (!lines.push(chunk)) throw unreachable(`a line of the answer is longer than ${longest} bytes`);
    },
    () => {
      if (lines.isInLine) throw unreachable('the answer ended within a line');
    },
  );
}

function read<T>(response: IncomingMessage, onChunk: (chunk: Buffer) => void, onEnd: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    response.on('data', (chunk: Buffer) => {
      try {
        onChunk(chunk);
      } catch (error) {
        reject(error);
        response.destroy();
      }
    });
    response.on('end', () => {
      try {
        resolve(onEnd());
      } catch (error) {
        reject(error);
      }
    });
    response.on('error', (error) => reject(unreachable(error.message, error)));
    response.on('close', () => reject(unreachable('the answer broke off')));
  });
}

export function unreachable(why: string, cause?: unknown): ClusterError {
  return new ClusterError(
    'unavailable',
    `The API server does not answer: ${why}`,
    cause === undefined ? {} : { cause },
  );
}
