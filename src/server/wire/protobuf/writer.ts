/** Writes the protobuf wire format into a buffer that has just the room: sizes are reckoned before. */
export class ProtoWriter {
  readonly bytes: Buffer;
  position = 0;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafe(size);
  }

  /** @param value a safe integer ≥ 0 */
  varint(value: number): void {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.bytes[this.position++] = (rest % 128) | 0x80;
    this.bytes[this.position++] = rest;
  }

  /** Tag and length of a length-delimited field with a number under 16. */
  head(field: number, length: number): void {
    this.bytes[this.position++] = (field << 3) | 2;
    this.varint(length);
  }

  /** A varint field with a number under 16. */
  number(field: number, value: number): void {
    this.bytes[this.position++] = field << 3;
    this.varint(value);
  }

  /** A length-delimited field with a number under 16. */
  field(field: number, bytes: Uint8Array): void {
    this.head(field, bytes.byteLength);
    this.raw(bytes);
  }

  raw(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.position);
    this.position += bytes.byteLength;
  }
}
