import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bgr, blank, jpeg, picture, png } from '../../../test/support/picture.ts';
import { workThreads } from '../engine/work-threads.ts';
import { ServingError } from '../model/error.ts';
import type { Dimension, TensorInfo } from '../model/signature.ts';
import { stringsOf } from '../model/strings.ts';
import { createImageDecoder } from './image-decoder.ts';

const any: Dimension = { min: 0, max: Number.POSITIVE_INFINITY };
const input: TensorInfo = { name: 'b', precision: 'FP32', shape: [any, any, any, any], layout: 'NHWC' };

/** A server's decoder; how many of its threads are at work, and what requests were charged. */
function decoder({ threads = 2, mostWaiting = 16, quota = Number.POSITIVE_INFINITY } = {}) {
  const pool = workThreads(threads + 3);
  const decode = createImageDecoder({ threads: pool, mostWaiting });
  let charged = 0;
  const takeMemory = (bytes: number) => {
    if (charged + bytes > quota) throw new ServingError('resource-exhausted', 'too much');
    charged += bytes;
  };
  return {
    pool,
    charged: () => charged,
    decode: (images: readonly Uint8Array[], info = input, signal?: AbortSignal) =>
      decode({ images: stringsOf(images), info }, signal ? { takeMemory, signal } : { takeMemory }),
  };
}

const failsWith = (code: string, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ServingError, String(error));
  assert.equal(error.code, code);
  assert.match(error.message, message);
  return true;
};

test('pictures of a batch are decoded side by side, and stand in their order', async () => {
  const pictures = Array.from({ length: 20 }, (_, i) => picture(40, 30, 3, i));
  const { decode, pool } = decoder({ threads: 3 });
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, pool.inUse);
  }, 0);
  const { shape, data } = await decode(await Promise.all(pictures.map(png)));
  clearInterval(watch);
  assert.deepEqual(shape, [20, 30, 40, 3]);
  assert.deepEqual([...new Float32Array(data.buffer as ArrayBuffer)], pictures.flatMap(bgr));
  assert.ok(most <= 3);
  assert.equal(pool.inUse, 0);
});

test('no picture at all is an empty tensor', async () => {
  const { decode } = decoder();
  const shape = [any, { min: 4, max: 4 }, { min: 6, max: 8 }, any];
  assert.deepEqual(await decode([], { ...input, shape }), {
    precision: 'FP32',
    shape: [0, 4, 6, 0],
    data: new Uint8Array(0),
  });
});

test('a request is charged for its tensor, and for the pictures that it has at a time', async () => {
  const { decode, charged } = decoder({ threads: 2 });
  const small = picture(8, 8);
  await decode(await Promise.all(new Array(50).fill(small).map(png)));
  const tensor = 50 * 8 * 8 * 3 * 4;
  const samples = 8 * 8 * 4;
  assert.ok(charged() >= tensor + samples, `${charged()} bytes`);
  assert.ok(charged() <= tensor + 3 * 2 * samples, `${charged()} bytes`);
});

test('pictures that claim to be large are refused before they are decoded', async () => {
  const { decode, charged } = decoder({ quota: 10_000_000 });
  const pixels =
    /^Image parsing failed - Image 1 of 1: it has 9000 x 9000 pixels, which are more than 67108864; input name: b$/;
  await assert.rejects(decode([blank(9000, 9000, Buffer.alloc(0))]), failsWith('invalid-argument', pixels));
  await assert.rejects(decode([blank(4000, 4000)]), failsWith('resource-exhausted', /too much/));
  assert.equal(charged(), 0);
});

test('who gives up leaves the line, and nothing is held', async () => {
  const { decode, pool } = decoder({ threads: 1 });
  const thread = pool.tryTake()!;
  const leaving = new AbortController();
  const waiting = decode([await png(picture(6, 4))], input, leaving.signal);
  await new Promise((resolve) => setTimeout(resolve, 50));
  leaving.abort(new ServingError('deadline-exceeded', 'Deadline exceeded'));
  await assert.rejects(waiting, failsWith('deadline-exceeded', /^Deadline exceeded$/));
  pool.give(thread);
  await assert.rejects(
    decode([await png(picture(6, 4))], input, leaving.signal),
    failsWith('deadline-exceeded', /^Deadline exceeded$/),
  );
  assert.equal(pool.inUse, 0);
  await decode([await png(picture(6, 4))]);
});

test('a long line is refused', async () => {
  const { decode, pool } = decoder({ threads: 1, mostWaiting: 1 });
  const thread = pool.tryTake()!;
  const image = await png(picture(6, 4));
  const waiting = [decode([image]), decode([image])];
  await assert.rejects(
    decode([image]),
    failsWith('resource-exhausted', /^Too many requests wait for images to be decoded - Limit: 1; threads: 1$/),
  );
  pool.give(thread);
  await Promise.all(waiting);
  await decode([image]);
});

test('the event loop has its turns while a large picture is written', async () => {
  const { decode } = decoder();
  const shape = [1, 2000, 2000, 1].map((size) => ({ min: size, max: size }));
  let turns = 0;
  const count = setInterval(() => turns++, 0);
  await decode([blank(100, 100)], { ...input, shape });
  clearInterval(count);
  assert.ok(turns >= 5, `${turns} turns`);
});

test('bytes that are no picture, or one no longer, are refused and nothing else', async () => {
  const { decode, pool } = decoder({ threads: 2 });
  const good = [await jpeg(picture(32, 24)), await png(picture(32, 24)), await png(picture(32, 24, 4)), blank(32, 24)];
  const damaged = fc.tuple(
    fc.constantFrom(...good),
    fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
    fc.option(fc.nat()),
  );
  await fc.assert(
    fc.asyncProperty(damaged, async ([image, changes, cut]) => {
      const bytes = Buffer.from(image);
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
      const end = cut === null ? bytes.length : 1 + (cut % bytes.length);
      try {
        const { shape } = await decode([bytes.subarray(0, end)]);
        assert.equal(shape.length, 4);
      } catch (error) {
        assert.ok(error instanceof ServingError && error.code === 'invalid-argument', String(error));
      }
    }),
    { numRuns: 500 },
  );
  assert.equal(pool.inUse, 0);
});
