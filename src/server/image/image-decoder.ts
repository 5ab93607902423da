import { setImmediate } from 'node:timers/promises';
import { ServingError } from '../model/error.ts';
import type { DecodeImages, EncodedImages } from '../model/images.ts';
import type { TakeMemory } from '../model/inference.ts';
import { countStrings, stringAt } from '../model/strings.ts';
import { bytesPerElement, type NumericPrecision, type NumericTensor } from '../model/tensor.ts';
import { BilinearRows } from './bilinear.ts';
import { createElements, type Elements, writeSamples } from './elements.ts';
import { checkFrame, type Frame, frameFor } from './frame.ts';
import type { ImageHeader } from './header.ts';
import type { Pixels } from './pixels.ts';
import { Room } from './room.ts';

/** Threads of the process's pool, for work off the event loop: one is taken for each image that is being decoded. */
export interface Threads {
  /** How many there are. */
  readonly size: number;
  tryTake(): number | undefined;
  /** @throws the signal's reason, once that is aborted */
  take(signal: AbortSignal | undefined): Promise<number>;
  give(thread: number): void;
}

export interface ImageDecoderOptions {
  readonly threads: Threads;
  /** How many requests may wait beside as many as there are threads; more are refused. */
  readonly mostWaiting: number;
}

/** A picture of 8192 x 8192, which takes 200 MB in colour: few bytes may claim to be a picture of any size. */
const mostPixels = 2 ** 26;

/** What decoding takes beside the samples: as much again, for what a decoder keeps (coefficients of a progressive JPEG). */
const overhead = 2;

/** How many samples are written before others have their turn on the event loop: less than a millisecond's work. */
const samplesPerTurn = 2 ** 18;

/** Decodes images off the event loop, a bounded number at a time, and writes them into one tensor. */
export function createImageDecoder(options: ImageDecoderOptions): DecodeImages {
  const { threads, mostWaiting } = options;
  let atWork = 0;
  return async (images, call) => {
    if (atWork >= threads.size + mostWaiting) {
      throw new ServingError(
        'resource-exhausted',
        `Too many requests wait for images to be decoded - Limit: ${mostWaiting}; threads: ${threads.size}`,
      );
    }
    atWork++;
    try {
      return await new Decoding(threads, images, call.takeMemory, call.signal).run();
    } finally {
      atWork--;
    }
  };
}

/** Loads what decoding takes, so that the first request need not wait for it. */
export async function prepareImages(): Promise<void> {
  await import('./decode-pixels.ts');
}

/** The images of one input of one request. */
class Decoding {
  readonly #threads: Threads;
  readonly #encoded: EncodedImages;
  readonly #take: TakeMemory;
  readonly #room: Room;
  readonly #signal: AbortSignal | undefined;
  /** Samples that have been written since others had their turn. */
  #written = 0;

  constructor(threads: Threads, encoded: EncodedImages, take: TakeMemory, signal: AbortSignal | undefined) {
    this.#threads = threads;
    this.#encoded = encoded;
    this.#take = take;
    this.#room = new Room(take);
    this.#signal = signal;
  }

  async run(): Promise<NumericTensor> {
    const { images, info } = this.#encoded;
    const count = countStrings(images);
    const precision = info.precision as NumericPrecision;
    const middle = info.shape!.slice(1, -3).map(() => 1);
    if (count === 0) {
      const shape = [0, ...middle, ...info.shape!.slice(-3).map(({ min }) => min)];
      return { precision, shape, data: new Uint8Array(0) };
    }
    return this.#decode(0, async (first) => {
      const frame = frameFor(info, first, count);
      const { height, width, channels } = frame;
      const elementsPerImage = height * width * channels;
      this.#take(count * elementsPerImage * bytesPerElement[precision]);
      const elements = createElements(precision, count * elementsPerImage);
      await this.#write(first, frame, elements, 0);
      await this.#others(count, async (pixels, i) => {
        checkFrame(frame, pixels, info);
        await this.#write(pixels, frame, elements, i * elementsPerImage);
      });
      this.#signal?.throwIfAborted();
      const data = new Uint8Array(elements.buffer);
      return { precision, shape: [count, ...middle, height, width, channels], data };
    });
  }

  /** All images but the first, several at a time; none is begun after one has failed. */
  async #others(count: number, use: (pixels: Pixels, i: number) => Promise<void>): Promise<void> {
    let next = 1;
    const failures: unknown[] = [];
    const work = async () => {
      while (next < count && failures.length === 0) {
        const i = next++;
        await this.#decode(i, (pixels) => use(pixels, i)).catch((error) => failures.push(error));
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.#threads.size, count - 1) }, work));
    if (failures.length > 0) throw failures[0];
  }

  /** Decodes the i-th image; its memory counts until it has been used. */
  async #decode<T>(i: number, use: (pixels: Pixels) => Promise<T>): Promise<T> {
    const image = stringAt(this.#encoded.images, i);
    // Its libraries take 25 MB, which servers without images do not need.
    const { decodePixels, probe } = await import('./decode-pixels.ts');
    const header = await this.#attempt(i, () => probe(image, mostPixels));
    const bytes = sizeOf(header) * overhead;
    this.#room.take(bytes);
    try {
      const threads = this.#threads;
      this.#signal?.throwIfAborted();
      const thread = threads.tryTake() ?? (await threads.take(this.#signal));
      let pixels: Pixels;
      try {
        pixels = await this.#attempt(i, () => decodePixels(image, header));
      } finally {
        threads.give(thread);
      }
      return await use(pixels);
    } finally {
      this.#room.give(bytes);
    }
  }

  async #attempt<T>(i: number, step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (cause) {
      const [words] = (cause as Error).message.split('\n');
      throw new ServingError(
        'invalid-argument',
        `Image parsing failed - Image ${i + 1} of ${countStrings(this.#encoded.images)}: ${words}; input name: ${this.#encoded.info.name}`,
        { cause },
      );
    }
  }

  async #write(pixels: Pixels, frame: Frame, elements: Elements, at: number): Promise<void> {
    const { width, height, channels, samples } = pixels;
    const isSame = width === frame.width && height === frame.height;
    const resized = isSame ? undefined : new BilinearRows(pixels, frame.width, frame.height);
    const rowLength = frame.width * channels;
    const precision = this.#encoded.info.precision as NumericPrecision;
    for (let y = 0; y < frame.height; y++) {
      const row = resized?.row(y) ?? samples.subarray(y * rowLength, (y + 1) * rowLength);
      writeSamples(row, channels, precision, elements, at + y * rowLength);
      this.#written += rowLength;
      if (this.#written < samplesPerTurn) continue;
      this.#written = 0;
      await setImmediate();
      this.#signal?.throwIfAborted();
    }
  }
}

function sizeOf({ width, height, colours, depth, hasAlpha }: ImageHeader): number {
  const channels = colours === 'grey' ? 1 : colours === 'cmyk' || hasAlpha ? 4 : 3;
  return width * height * channels * depth;
}
