/** A decoded image: rows from the top, pixels from the left, samples of a pixel side by side in the order red, green, blue, alpha. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly samples: Uint8Array | Uint16Array;
}
