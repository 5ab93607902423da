const asFloat = new Float32Array(1);
const asBits = new Uint32Array(asFloat.buffer);

/** The bits of the nearest BF16 value; of two that are as near, the even one. */
export function toBfloat16(value: number): number {
  asFloat[0] = value;
  const bits = asBits[0]!;
  if (Number.isNaN(value)) return 0x7fc0;
  const upper = bits >>> 16;
  const rest = bits & 0xffff;
  if (rest !== 0x8000) return (rest > 0x8000 ? upper + 1 : upper) & 0xffff;
  // What is in the middle as FP32 may have been rounded to it.
  const further = Math.abs(value) - Math.abs(asFloat[0]);
  if (further === 0) return upper + (upper & 1);
  return further > 0 ? upper + 1 : upper;
}

export function fromBfloat16(bits: number): number {
  asBits[0] = bits << 16;
  return asFloat[0]!;
}
