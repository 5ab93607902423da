import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { workThreads } from '../../src/server/engine/work-threads.ts';
import { createImageDecoder } from '../../src/server/image/image-decoder.ts';
import { ServingError } from '../../src/server/model/error.ts';
import type { TensorInfo } from '../../src/server/model/signature.ts';
import { stringsOf } from '../../src/server/model/strings.ts';
import { pythonWith } from '../support/python.ts';
import { temporaryFolder } from '../support/server.ts';

interface Truth {
  readonly file: string;
  /** Undefined where OpenCV reads no image. */
  readonly channels?: number;
  readonly bits: number;
  readonly sizes: readonly { readonly height: number; readonly width: number; readonly raw: string }[];
}

const found = pythonWith('test/opencv/requirements.txt');
const skip = 'missing' in found ? found.missing : false;
const cleanUps: (() => unknown)[] = [];
const decode = createImageDecoder({ threads: workThreads(6), mostWaiting: 16 });
let folder: string;
let truth: readonly Truth[];

before(() => {
  if (!('python' in found)) return;
  folder = temporaryFolder({ after: (cleanUp) => cleanUps.push(cleanUp) });
  execFileSync(found.python, [join(import.meta.dirname, 'truth.py'), folder], { stdio: 'pipe' });
  truth = JSON.parse(readFileSync(join(folder, 'truth.json'), 'utf8'));
});
after(() => {
  for (const cleanUp of cleanUps) cleanUp();
});

/** An image as the samples of a model's input of that size. */
async function samplesOf(file: string, precision: 'U8' | 'U16', height: number, width: number, channels: number) {
  const sizes = [1, height, width, channels];
  const shape = sizes.map((size) => ({ min: size, max: size }));
  const info: TensorInfo = { name: 'b', precision, shape, layout: 'NHWC' };
  const images = stringsOf([readFileSync(join(folder, file))]);
  const tensor = await decode({ images, info }, { takeMemory: () => {} });
  assert.deepEqual(tensor.shape, sizes);
  return precision === 'U8' ? tensor.data : new Uint16Array(tensor.data.buffer as ArrayBuffer);
}

function largestDifference(actual: ArrayLike<number>, raw: Buffer, bits: number): number {
  const expected = bits === 8 ? raw : new Uint16Array(new Uint8Array(raw).buffer);
  assert.equal(actual.length, expected.length);
  let largest = 0;
  for (let i = 0; i < actual.length; i++) largest = Math.max(largest, Math.abs(actual[i]! - expected[i]!));
  return largest;
}

test('images are decoded to what OpenCV decodes them to, and resized to within one level', { skip }, async (t) => {
  for (const { file, channels, bits, sizes } of truth) {
    if (channels === undefined) continue;
    await t.test(file, async () => {
      for (const [i, { height, width, raw }] of sizes.entries()) {
        const samples = await samplesOf(file, bits === 8 ? 'U8' : 'U16', height, width, channels);
        const difference = largestDifference(samples, readFileSync(join(folder, raw)), bits);
        assert.ok(difference <= (i === 0 ? 0 : 1), `${raw}: ${difference} levels apart`);
      }
    });
  }
});

test('what OpenCV cannot decode is refused', { skip }, async () => {
  const refused = truth.filter(({ channels }) => channels === undefined).map(({ file }) => file);
  assert.deepEqual(refused, ['cut.jpg', 'cut.png', 'head.jpg']);
  for (const file of refused) {
    await assert.rejects(
      samplesOf(file, 'U8', 45, 61, 3),
      (error) => error instanceof ServingError && error.message.startsWith('Image parsing failed - Image 1 of 1: '),
    );
  }
});
