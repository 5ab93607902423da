import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Clock, Timer } from '../../shared/clock.ts';
import type { Turns } from '../../shared/turns.ts';
import type { BucketFolder } from './bucket-listing.ts';
import { type ObjectStore, StoreError } from './object-store.ts';

/** A connection from which nothing has come for so long is given up. */
const longestSilenceMs = 60_000;

export interface CopyOptions {
  readonly store: ObjectStore;
  /** Taken for each object. */
  readonly turns: Turns;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Writes all objects of a folder into a folder of the file system, which is empty. After a failure nothing is written any more.
 * @throws StoreError `changed` if one is not any more as it was listed, and whatever else befalls it
 */
export async function copyObjects(source: BucketFolder, target: string, options: CopyOptions): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const copies = source.files.map(async (file) => {
    try {
      await copyObject(file, target, { ...options, signal });
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  });
  await Promise.allSettled(copies);
  options.signal.throwIfAborted();
  failed.signal.throwIfAborted();
}

async function copyObject(
  { path, object }: BucketFolder['files'][number],
  target: string,
  { store, turns, clock, signal }: CopyOptions,
): Promise<void> {
  await turns.take(signal);
  const watch = new SilenceWatch(clock, `Nothing has come of ${object.key} for ${longestSilenceMs / 1000} s`);
  try {
    const file = join(target, path);
    await mkdir(dirname(file), { recursive: true });
    const either = AbortSignal.any([signal, watch.signal]);
    const bytes = await store.read(object, { signal: either });
    const counted = (source: Readable) => checked(source, object, watch);
    // On the disk before it counts: after a power failure there must be no file with its name and size, and without its bytes.
    await pipeline(bytes, counted, createWriteStream(file, { flags: 'wx', flush: true }), { signal: either });
  } catch (error) {
    signal.throwIfAborted();
    watch.signal.throwIfAborted();
    throw error;
  } finally {
    watch.end();
    turns.giveBack();
  }
}

/** What a store announces is what it must bring: no less, and above all no more. */
async function* checked(
  source: Readable,
  { key, size }: { readonly key: string; readonly size: number },
  watch: SilenceWatch,
): AsyncGenerator<Uint8Array> {
  let received = 0;
  const mismatch = () => new StoreError('unavailable', `${key} - Expected: ${size} bytes; Actual: ${received}`);
  for await (const chunk of source as AsyncIterable<Uint8Array>) {
    watch.heard();
    received += chunk.byteLength;
    if (received > size) throw mismatch();
    yield chunk;
  }
  if (received < size) throw mismatch();
}

class SilenceWatch {
  readonly #clock: Clock;
  readonly #message: string;
  readonly #silent = new AbortController();
  #heardAt: number;
  #timer: Timer;

  constructor(clock: Clock, message: string) {
    this.#clock = clock;
    this.#message = message;
    this.#heardAt = clock.now();
    this.#timer = this.#wait(longestSilenceMs);
  }

  get signal(): AbortSignal {
    return this.#silent.signal;
  }

  heard(): void {
    this.#heardAt = this.#clock.now();
  }

  end(): void {
    this.#timer.cancel();
  }

  /** A timer for each silence, not for each chunk. */
  #wait(ms: number): Timer {
    return this.#clock.after(ms, () => {
      const left = this.#heardAt + longestSilenceMs - this.#clock.now();
      if (left > 0) this.#timer = this.#wait(left);
      else this.#silent.abort(new StoreError('unavailable', this.#message));
    });
  }
}
