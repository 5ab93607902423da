/** How many bytes a varint takes. @param value a safe integer ≥ 0 */
export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++;
  return size;
}

/** How many bytes a length-delimited field takes, with its length and a tag of one byte. */
export function fieldSize(length: number): number {
  return 1 + varintSize(length) + length;
}
