import type { Readable } from 'node:stream';

/**
 * A stream's messages as they come, until the client has said all or has gone. When the server is about to end, those that are here
 * are the last.
 */
export async function* received(call: Readable, ending: AbortSignal): AsyncGenerator<Buffer> {
  readOneAhead(call);
  let wake = () => {};
  let isOver = false;
  const look = () => wake();
  const over = () => {
    isOver = true;
    wake();
  };
  call.on('readable', look).once('end', over).once('close', over);
  ending.addEventListener('abort', look, { once: true });
  let left = Number.POSITIVE_INFINITY;
  try {
    for (;;) {
      if (ending.aborted && left === Number.POSITIVE_INFINITY) left = call.readableLength;
      const message: Buffer | null = left > 0 ? call.read() : null;
      if (message) {
        left--;
        yield message;
      } else if (isOver || ending.aborted) return;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    call.off('readable', look).off('end', over).off('close', over);
    ending.removeEventListener('abort', look);
  }
}

/** Streams of objects read 16 ahead, whatever they are: here each may be a gigabyte, and counts towards no quota before it is taken. */
function readOneAhead(call: Readable & { readonly _readableState?: { highWaterMark: number } }): void {
  if (call._readableState) call._readableState.highWaterMark = 1;
}
