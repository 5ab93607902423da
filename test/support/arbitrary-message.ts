import fc from 'fast-check';
import { bytesField, fixedField, groupField, type RawField, varint, varintField } from './raw-message.ts';

/** What any message is made of, as the wire format allows it. */

/** Names as clients may choose them. protobufjs keeps maps in objects, which cannot hold `__proto__`. */
export const name = fc.string({ unit: 'grapheme', maxLength: 8 }).filter((text) => text !== '__proto__');

/** Few enough for a map to hold a key twice. */
export const key = fc.oneof(fc.constantFrom('a', 'b'), name);

export const int64 = fc.oneof(
  fc.bigInt(0n, 300n),
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  fc.constantFrom(-1n, -(2n ** 63n), 2n ** 63n - 1n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 53n + 1n),
);

export const bytes = fc.uint8Array({ maxLength: 24 });

/** Fields that no message here has, with groups in groups. */
const unknown = fc.letrec<{ field: RawField }>((tie) => {
  const number = fc.integer({ min: 100, max: 2 ** 29 - 1 });
  return {
    field: fc.oneof(
      { depthSize: 'small' },
      fc.tuple(number, int64).map(([n, value]) => varintField(n, value)),
      fc.tuple(number, bytes).map(([n, value]) => bytesField(n, value)),
      fc.tuple(number, fc.uint8Array({ minLength: 4, maxLength: 4 })).map(([n, value]) => fixedField(n, value)),
      fc.tuple(number, fc.uint8Array({ minLength: 8, maxLength: 8 })).map(([n, value]) => fixedField(n, value)),
      fc.tuple(number, fc.array(tie('field'), { maxLength: 3 })).map(([n, fields]) => groupField(n, fields)),
    ),
  };
}).field;

/** The fields in any order, with unknown ones between. */
export function message(fields: fc.Arbitrary<RawField>, maxLength: number): fc.Arbitrary<RawField[]> {
  return fc.array(fc.oneof({ weight: 6, arbitrary: fields }, { weight: 1, arbitrary: unknown }), { maxLength });
}

export const float = fc.float().map((value) => Buffer.from(Float32Array.of(value).buffer));
export const double = fc.double().map((value) => Buffer.from(Float64Array.of(value).buffer));
/** As encoders write an int32: protobufjs misreads one of 6 to 9 bytes, which none writes. */
export const integer = fc.integer().map((value) => varint(BigInt.asUintN(64, BigInt(value))));
export const wide = int64.map(varint);
export const bool = fc.integer({ min: 0, max: 127 }).map((value) => varint(BigInt(value)));

/** A run of values: packed in one field, or the first of them in a field of its own. */
export function run(number: number, wireType: number, value: fc.Arbitrary<Buffer>): fc.Arbitrary<RawField> {
  const alone = value.map(
    (one): RawField => ({ kind: 'whole', bytes: Buffer.concat([varint(BigInt((number << 3) | wireType)), one]) }),
  );
  return fc.oneof(
    alone,
    fc.array(value, { maxLength: 6 }).map((values) => bytesField(number, Buffer.concat(values))),
  );
}
