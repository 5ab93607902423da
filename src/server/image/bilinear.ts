import type { Pixels } from './pixels.ts';
import { type Positions, positions } from './positions.ts';

/**
 * Rows of an image in another size, interpolated bilinearly between the centres of its pixels, without smoothing what is made smaller:
 * what OpenCV calls INTER_LINEAR, with its arithmetic for samples of 8 bits.
 */
export class BilinearRows {
  readonly #image: Pixels;
  readonly #columns: Weighted;
  readonly #rows: Weighted;
  readonly #result: Uint8Array | Uint16Array;
  /** Rows of the image, made as wide as the result: the one above and the one below, and which they are. */
  readonly #wide: [Int32Array | Float64Array, Int32Array | Float64Array];
  readonly #held: [number, number] = [-1, -1];

  constructor(image: Pixels, width: number, height: number) {
    this.#image = image;
    const samples = width * image.channels;
    const isWide = image.samples instanceof Uint16Array;
    this.#columns = weighted(positions(image.width, width), isWide);
    this.#rows = weighted(positions(image.height, height), isWide);
    this.#result = isWide ? new Uint16Array(samples) : new Uint8Array(samples);
    this.#wide = isWide
      ? [new Float64Array(samples), new Float64Array(samples)]
      : [new Int32Array(samples), new Int32Array(samples)];
  }

  /** The same memory each time. Rows are to be asked for from the top. */
  row(y: number): Uint8Array | Uint16Array {
    const above = this.#rows.places[y]!;
    const below = Math.min(above + 1, this.#image.height - 1);
    if (above !== this.#held[0]) {
      if (above === this.#held[1]) this.#wide.reverse();
      else this.#widen(above, this.#wide[0]);
    }
    if (above !== this.#held[0] || below !== this.#held[1]) this.#widen(below, this.#wide[1]);
    this.#held[0] = above;
    this.#held[1] = below;
    const weight = this.#rows.weights[y]!;
    const [first, second] = this.#wide;
    const result = this.#result;
    if (result instanceof Uint8Array) {
      blend8(first as Int32Array, second as Int32Array, weight, result);
    } else {
      const share = weight / one;
      for (let i = 0; i < result.length; i++) result[i] = Math.round(first[i]! + (second[i]! - first[i]!) * share);
    }
    return result;
  }

  /** Samples times `one`, where they have 8 bits. */
  #widen(y: number, target: Int32Array | Float64Array): void {
    const { width, channels, samples } = this.#image;
    const { places, weights } = this.#columns;
    const begin = y * width * channels;
    const scale = samples instanceof Uint16Array ? 1 / one : 1;
    let to = 0;
    for (let x = 0; x < places.length; x++) {
      const left = begin + places[x]! * channels;
      const right = places[x]! + 1 < width ? left + channels : left;
      const weight = weights[x]!;
      for (let i = 0; i < channels; i++) {
        target[to++] = (samples[left + i]! * (one - weight) + samples[right + i]! * weight) * scale;
      }
    }
  }
}

/** What weights add up to. */
const one = 2048;

/** For each place of a row or column, the one before it in the image, and the weight of that behind it. */
interface Weighted {
  readonly places: Int32Array;
  readonly weights: Float64Array;
}

/** Weights for samples of 8 bits are whole numbers. */
function weighted({ places, shares }: Positions, isWide: boolean): Weighted {
  return { places, weights: Float64Array.from(shares, (share) => (isWide ? share * one : Math.round(share * one))) };
}

function blend8(first: Int32Array, second: Int32Array, weight: number, result: Uint8Array): void {
  const rest = one - weight;
  for (let i = 0; i < result.length; i++) {
    result[i] = ((((first[i]! >> 4) * rest) >> 16) + (((second[i]! >> 4) * weight) >> 16) + 2) >> 2;
  }
}
