/**
 * A field of a message as it stands on the wire, so that tests can write what no encoder would.
 * - `whole`: tag and value, written as they are; of those with `oneOf`, the last one in a message counts.
 * - `pieces`: an embedded message, or a part of one: parts of the same number are one message.
 * - `element`: an embedded message of a repeated field.
 */
export type RawField =
  | { readonly kind: 'whole'; readonly bytes: Buffer; readonly oneOf?: true }
  | { readonly kind: 'piece' | 'element'; readonly number: number; readonly fields: readonly RawField[] };

/** @param value cut to 64 bits, as two's complement */
export function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

function tag(number: number, wireType: number): Buffer {
  return varint((BigInt(number) << 3n) | BigInt(wireType));
}

function whole(...parts: Buffer[]): RawField {
  return { kind: 'whole', bytes: Buffer.concat(parts) };
}

export function varintField(number: number, value: bigint): RawField {
  return whole(tag(number, 0), varint(value));
}

export function bytesField(number: number, bytes: Uint8Array): RawField {
  return whole(tag(number, 2), varint(BigInt(bytes.byteLength)), Buffer.from(bytes));
}

export function stringField(number: number, text: string): RawField {
  return bytesField(number, Buffer.from(text));
}

/** @param bytes 4 or 8 of them */
export function fixedField(number: number, bytes: Uint8Array): RawField {
  return whole(tag(number, bytes.byteLength === 4 ? 5 : 1), Buffer.from(bytes));
}

export function groupField(number: number, fields: readonly RawField[]): RawField {
  return whole(tag(number, 3), written(fields), tag(number, 4));
}

/** The message as the fields stand. */
export function written(fields: readonly RawField[]): Buffer {
  return Buffer.concat(
    fields.map((field) => {
      if (field.kind === 'whole') return field.bytes;
      const content = written(field.fields);
      return Buffer.concat([tag(field.number, 2), varint(BigInt(content.byteLength)), content]);
    }),
  );
}

/** The same message for a decoder that neither puts pieces together nor lets the last one of a oneof win. */
export function merged(fields: readonly RawField[]): RawField[] {
  const pieces = new Map<number, RawField[]>();
  const lastChoice = fields.findLastIndex((field) => field.kind === 'whole' && field.oneOf);
  const rest: RawField[] = [];
  for (const [i, field] of fields.entries()) {
    if (field.kind === 'whole') {
      if (!field.oneOf || i === lastChoice) rest.push(field);
    } else if (field.kind === 'element') rest.push({ ...field, fields: merged(field.fields) });
    else pieces.set(field.number, [...(pieces.get(field.number) ?? []), ...field.fields]);
  }
  for (const [number, parts] of pieces) rest.push({ kind: 'piece', number, fields: merged(parts) });
  return rest;
}
