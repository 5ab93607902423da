/** The bytes of a varint of 64 bits. @param value from 0 to 2^64 - 1 */
export function varint64(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 0x80);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}
