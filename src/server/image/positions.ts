/** For each place of a row or column, the one before it in the image, and the share of that behind it. */
export interface Positions {
  readonly places: Int32Array;
  readonly shares: Float32Array;
}

/** Where the centres of `to` pixels fall among those of `from` pixels that cover the same length. */
export function positions(from: number, to: number): Positions {
  const places = new Int32Array(to);
  const shares = new Float32Array(to);
  const scale = 1 / (to / from);
  for (let i = 0; i < to; i++) {
    const at = Math.fround((i + 0.5) * scale - 0.5);
    const place = Math.floor(at);
    if (place < 0 || place >= from - 1) {
      places[i] = place < 0 ? 0 : from - 1;
      continue;
    }
    places[i] = place;
    shares[i] = at - place;
  }
  return { places, shares };
}
