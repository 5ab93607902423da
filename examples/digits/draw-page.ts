// Draws a page of handwritten digits: node draw-page.ts --digits 12 --seed 1 --file page.jpg
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';

/** Digits that were never trained on, of 8 x 8 pixels, and which they are. */
const heldOut = readFileSync(join(import.meta.dirname, 'held-out.bin'));
const count = 360;
const side = 8;
/** Samples that the model takes for another digit, or does when they are moved by a pixel: a page is to show the pipeline. */
const misread = new Set([15, 35, 67, 105, 136, 170, 184, 190, 334]);
const samples = Array.from({ length: count }, (_, i) => i).filter((i) => !misread.has(i));

const columns = 8;
const rows = 5;
/** Pixels from one digit to the next. */
const cell = 64;
/** Pixels of a digit, which is larger than its samples by this. */
const scale = 5;
const width = columns * cell;
const height = rows * cell;
const paper = [244, 240, 230];
const ink = [28, 36, 96];

export interface Page {
  readonly jpeg: Buffer;
  /** What is to be read, line by line. */
  readonly digits: string;
}

/** The most digits that a page holds. */
export const mostDigits = columns * rows;

/**
 * The same page for the same numbers.
 * @param digits how many, at most `mostDigits`
 */
export async function drawPage(digits: number, seed: number): Promise<Page> {
  const random = randomNumbers(seed * (mostDigits + 1) + digits);
  const cells = Array.from({ length: mostDigits }, (_, i) => i);
  const chosen = shuffled(cells, random)
    .slice(0, digits)
    .sort((a, b) => a - b);
  const shares = new Float32Array(width * height);
  let text = '';
  for (const place of chosen) {
    const sample = samples[Math.floor(random() * samples.length)]!;
    const room = cell - side * scale - 8;
    const left = (place % columns) * cell + 4 + Math.floor(random() * room);
    const top = Math.floor(place / columns) * cell + 4 + Math.floor(random() * room * 0.5);
    drawDigit(heldOut.subarray(sample * side * side, (sample + 1) * side * side), shares, left, top);
    text += heldOut[count * side * side + sample];
  }
  const pixels = Buffer.alloc(width * height * 3);
  for (let i = 0; i < shares.length; i++) {
    // The paper's grain.
    const grain = 6 * random() - 3;
    for (let c = 0; c < 3; c++) pixels[3 * i + c] = paper[c]! + (ink[c]! - paper[c]!) * shares[i]! + grain;
  }
  const jpeg = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 90 })
    .toBuffer();
  return { jpeg, digits: text };
}

/** Enlarges a sample smoothly. */
function drawDigit(sample: Uint8Array, shares: Float32Array, left: number, top: number): void {
  const level = (x: number, y: number) => (x < 0 || y < 0 || x >= side || y >= side ? 0 : sample[y * side + x]!);
  for (let y = 0; y < side * scale; y++) {
    for (let x = 0; x < side * scale; x++) {
      const [fromX, fromY] = [(x + 0.5) / scale - 0.5, (y + 0.5) / scale - 0.5];
      const [column, row] = [Math.floor(fromX), Math.floor(fromY)];
      const [right, down] = [ramp(fromX - column), ramp(fromY - row)];
      const above = level(column, row) * (1 - right) + level(column + 1, row) * right;
      const below = level(column, row + 1) * (1 - right) + level(column + 1, row + 1) * right;
      shares[(top + y) * width + left + x] = (above * (1 - down) + below * down) / 255;
    }
  }
}

/** Half of the way from one pixel to the next is the one or the other: a pen's stroke has edges. */
function ramp(share: number): number {
  return Math.min(1, Math.max(0, 2 * share - 0.5));
}

/** Numbers from 0 to 1, the same ones for the same seed (the generator is known as mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      digits: { type: 'string', default: '12' },
      seed: { type: 'string', default: '1' },
      file: { type: 'string', default: 'page.jpg' },
    },
  });
  const page = await drawPage(Number(values.digits), Number(values.seed));
  writeFileSync(values.file, page.jpeg);
  process.stdout.write(`${values.file} holds ${page.digits || 'nothing'}\n`);
}
