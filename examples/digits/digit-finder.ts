// A custom node: finds the handwritten digits on a page, and makes of each what the digits model takes.
import type { NodeParameters, NodeTensor, OpenNode } from '../../src/server/pipeline/node-module.ts';

/** Pixels of the digits model's input, each way. */
const side = 8;
/** Levels between ink and paper that are less than this are no writing. */
const leastContrast = 48;

interface Box {
  readonly left: number;
  readonly top: number;
  /** Behind the last column and row. */
  readonly right: number;
  readonly bottom: number;
}

interface Ink {
  readonly width: number;
  readonly height: number;
  /** How bright each pixel is, from 0 to 255. */
  readonly levels: Uint8Array;
  /** How much of a level is ink: 0 for the paper's, 1 for the darkest. */
  readonly shares: Float32Array;
}

/**
 * - `threshold`: what is darker than this share of the darkest counts as ink (0.3)
 * - `least_pixels`: what has fewer of them is dirt (20)
 */
export function open(parameters: NodeParameters): OpenNode {
  const threshold = number(parameters, 'threshold', 0.3);
  const leastPixels = number(parameters, 'least_pixels', 20);
  return {
    // As images are decoded: one channel of grey, or three of colour.
    inputs: { page: { precision: 'U8', shape: [1, -1, -1, -1] } },
    outputs: {
      images: { precision: 'FP32', shape: [-1, 1, side, side, 1] },
      coordinates: { precision: 'I32', shape: [-1, 1, 4] },
    },
    execute({ page }: { page: NodeTensor<Uint8Array> }) {
      const ink = readInk(page);
      const boxes = ink ? inReadingOrder(joined(findBoxes(ink, threshold, leastPixels))) : [];
      const images = new Float32Array(boxes.length * side * side);
      for (const [i, box] of boxes.entries()) drawDigit(ink!, box, images.subarray(i * side * side));
      const places = boxes.flatMap(({ left, top, right, bottom }) => [left, top, right - left, bottom - top]);
      return {
        images: { shape: [boxes.length, 1, side, side, 1], data: images },
        coordinates: { shape: [boxes.length, 1, 4], data: Int32Array.from(places) },
      };
    },
  };
}

function number(parameters: NodeParameters, name: string, otherwise: number): number {
  const value = Number(parameters[name] ?? otherwise);
  if (value >= 0) return value;
  throw new Error(`parameter ${name} - Expected: a number from 0; Actual: ${parameters[name]}`);
}

/** @returns undefined for an empty page */
function readInk({ shape, data }: NodeTensor<Uint8Array>): Ink | undefined {
  const [, height, width, channels] = shape as [number, number, number, number];
  const levels = greyOf(data, channels);
  const counts = new Uint32Array(256);
  for (const level of levels) counts[level]!++;
  // Most of a page is paper; a few of its pixels are all ink.
  const paper = levelAt(counts, levels.length / 2);
  const darkest = levelAt(counts, Math.min(20, levels.length / 2));
  if (!(paper - darkest >= leastContrast)) return undefined;
  const shares = Float32Array.from({ length: 256 }, (_, level) =>
    Math.min(1, Math.max(0, (paper - level) / (paper - darkest))),
  );
  return { width, height, levels, shares };
}

function greyOf(data: Uint8Array, channels: number): Uint8Array {
  if (channels === 1) return data;
  const levels = new Uint8Array(data.length / channels);
  for (let i = 0, at = 0; i < levels.length; i++, at += channels) {
    levels[i] = (data[at]! + data[at + 1]! + data[at + 2]!) / 3;
  }
  return levels;
}

/** The level that as many pixels are darker than. */
function levelAt(counts: Uint32Array, count: number): number {
  let passed = 0;
  return counts.findIndex((pixels) => {
    passed += pixels;
    return passed > count;
  });
}

/** The boxes of what hangs together, by its pixels' edges or corners. */
function findBoxes({ width, height, levels, shares }: Ink, threshold: number, leastPixels: number): Box[] {
  const isInk = Uint8Array.from(shares, (share) => (share > threshold ? 1 : 0));
  const seen = new Uint8Array(levels.length);
  const boxes: Box[] = [];
  const open: number[] = [];
  for (let start = 0; start < levels.length; start++) {
    if (!isInk[levels[start]!] || seen[start]) continue;
    let [left, top, right, bottom] = [width, height, 0, 0];
    let pixels = 0;
    seen[start] = 1;
    open.push(start);
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      const [x, y] = [at % width, Math.floor(at / width)];
      pixels++;
      [left, top] = [Math.min(left, x), Math.min(top, y)];
      [right, bottom] = [Math.max(right, x + 1), Math.max(bottom, y + 1)];
      for (let row = Math.max(0, y - 1); row <= Math.min(height - 1, y + 1); row++) {
        for (let column = Math.max(0, x - 1); column <= Math.min(width - 1, x + 1); column++) {
          const next = row * width + column;
          if (!isInk[levels[next]!] || seen[next]) continue;
          seen[next] = 1;
          open.push(next);
        }
      }
    }
    if (pixels >= leastPixels) boxes.push({ left, top, right, bottom });
  }
  return boxes;
}

/** Strokes that almost touch are of one digit. */
function joined(boxes: readonly Box[]): Box[] {
  const heights = boxes.map(({ top, bottom }) => bottom - top).sort((a, b) => a - b);
  const gap = (heights[heights.length >> 1] ?? 0) / 8;
  const result: Box[] = [];
  for (let box of boxes) {
    for (;;) {
      const near = result.findIndex(
        (other) =>
          Math.max(box.left, other.left) - Math.min(box.right, other.right) < gap &&
          Math.max(box.top, other.top) - Math.min(box.bottom, other.bottom) < gap,
      );
      if (near < 0) break;
      const [other] = result.splice(near, 1) as [Box];
      box = {
        left: Math.min(box.left, other.left),
        top: Math.min(box.top, other.top),
        right: Math.max(box.right, other.right),
        bottom: Math.max(box.bottom, other.bottom),
      };
    }
    result.push(box);
  }
  return result;
}

/** Line by line, and from left to right. */
function inReadingOrder(boxes: readonly Box[]): Box[] {
  const lines: Box[][] = [];
  for (const box of boxes.toSorted((a, b) => a.top + a.bottom - b.top - b.bottom)) {
    const line = lines.at(-1);
    const first = line?.[0];
    if (line && first && box.top + box.bottom < 2 * first.bottom) line.push(box);
    else lines.push([box]);
  }
  return lines.flatMap((line) => line.sort((a, b) => a.left - b.left));
}

/**
 * The digit as the model knows them: as high as its image, in the middle of it by whole pixels of that, each of which is the mean of what
 * falls on it.
 */
function drawDigit(
  { width, height, levels, shares }: Ink,
  { left, top, right, bottom }: Box,
  image: Float32Array,
): void {
  const cell = Math.max(right - left, bottom - top) / side;
  const before = (size: number) => Math.ceil((side - Math.round(size / cell)) / 2) * cell;
  const [x0, y0] = [left - before(right - left), top - before(bottom - top)];
  for (let i = 0; i < side * side; i++) {
    const [x, y] = [x0 + (i % side) * cell, y0 + Math.floor(i / side) * cell];
    let [sum, area] = [0, 0];
    for (let row = Math.floor(y); row < y + cell; row++) {
      const high = Math.min(row + 1, y + cell) - Math.max(row, y);
      for (let column = Math.floor(x); column < x + cell; column++) {
        const part = high * (Math.min(column + 1, x + cell) - Math.max(column, x));
        area += part;
        if (row >= 0 && column >= 0 && row < height && column < width)
          sum += part * shares[levels[row * width + column]!]!;
      }
    }
    image[i] = (255 * sum) / area;
  }
}
