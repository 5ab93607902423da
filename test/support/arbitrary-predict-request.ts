import fc from 'fast-check';
import {
  bytesField,
  fixedField,
  groupField,
  type RawField,
  stringField,
  varint,
  varintField,
  written,
} from './raw-message.ts';

/** Names as clients may choose them. protobufjs keeps maps in objects, which cannot hold `__proto__`. */
export const name = fc.string({ unit: 'grapheme', maxLength: 8 }).filter((text) => text !== '__proto__');

/** Few enough for a map to hold a key twice. */
const key = fc.oneof(fc.constantFrom('a', 'b'), name);

const int64 = fc.oneof(
  fc.bigInt(0n, 300n),
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  fc.constantFrom(-1n, -(2n ** 63n), 2n ** 63n - 1n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 53n + 1n),
);

const bytes = fc.uint8Array({ maxLength: 24 });

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
function message(fields: fc.Arbitrary<RawField>, maxLength: number): fc.Arbitrary<RawField[]> {
  return fc.array(fc.oneof({ weight: 6, arbitrary: fields }, { weight: 1, arbitrary: unknown }), { maxLength });
}

const modelSpec = message(
  fc.oneof(
    name.map((text) => stringField(1, text)),
    name.map((text) => stringField(3, text)),
    name.map((text): RawField => ({ ...stringField(4, text), oneOf: true }) as RawField),
    int64.map(
      (version): RawField => ({ ...bytesField(2, written([varintField(1, version)])), oneOf: true }) as RawField,
    ),
  ),
  4,
).map((fields): RawField => ({ kind: 'piece', number: 1, fields }));

const dimension = message(
  fc.oneof(
    int64.map((size) => varintField(1, size)),
    name.map((text) => stringField(2, text)),
  ),
  3,
);

const shape = message(
  fc.oneof(
    { weight: 4, arbitrary: dimension.map((fields): RawField => ({ kind: 'element', number: 2, fields })) },
    { weight: 1, arbitrary: fc.boolean().map((value) => varintField(3, value ? 1n : 0n)) },
  ),
  4,
).map((fields): RawField => ({ kind: 'piece', number: 2, fields }));

const float = fc.float().map((value) => Buffer.from(Float32Array.of(value).buffer));
const double = fc.double().map((value) => Buffer.from(Float64Array.of(value).buffer));
/** As encoders write an int32: protobufjs misreads one of 6 to 9 bytes, which none writes. */
const integer = fc.integer().map((value) => varint(BigInt.asUintN(64, BigInt(value))));
const wide = int64.map(varint);
const bool = fc.integer({ min: 0, max: 127 }).map((value) => varint(BigInt(value)));

/** A run of values: packed in one field, or the first of them in a field of its own. */
function run(number: number, wireType: number, value: fc.Arbitrary<Buffer>): fc.Arbitrary<RawField> {
  const alone = value.map(
    (one): RawField => ({ kind: 'whole', bytes: Buffer.concat([varint(BigInt((number << 3) | wireType)), one]) }),
  );
  return fc.oneof(
    alone,
    fc.array(value, { maxLength: 6 }).map((values) => bytesField(number, Buffer.concat(values))),
  );
}

const values: Readonly<Record<string, fc.Arbitrary<RawField>>> = {
  float: run(5, 5, float),
  double: run(6, 1, double),
  int: run(7, 0, integer),
  string: bytes.map((value) => bytesField(8, value)),
  int64: run(10, 0, wide),
  bool: run(11, 0, bool),
  half: run(13, 0, integer),
  uint32: run(16, 0, integer),
  uint64: run(17, 0, wide),
};

const anyValues = fc.oneof(...Object.values(values));

/** tensorflow.DataType by the field that carries its values; the last are types that no model takes. */
const dataTypes: readonly (readonly [fc.Arbitrary<RawField>, readonly number[]])[] = [
  [values.float!, [1]],
  [values.double!, [2]],
  [values.int!, [3, 4, 5, 6, 17]],
  [values.string!, [7]],
  [values.int64!, [9]],
  [values.bool!, [10]],
  [values.half!, [14, 19]],
  [values.uint32!, [22]],
  [values.uint64!, [23]],
  [anyValues, [0, 8, 20, 101, 2 ** 31 - 1]],
];

const tensor = fc
  .constantFrom(...dataTypes)
  .chain(([own, numbers]) =>
    message(
      fc.oneof(
        { weight: 3, arbitrary: fc.constantFrom(...numbers).map((number) => varintField(1, BigInt(number))) },
        { weight: 3, arbitrary: shape },
        { weight: 1, arbitrary: bytes.map((content) => bytesField(4, content)) },
        { weight: 6, arbitrary: own },
        { weight: 1, arbitrary: anyValues },
      ),
      10,
    ),
  );

const entry = message(
  fc.oneof(
    key.map((text) => stringField(1, text)),
    tensor.map((fields): RawField => ({ kind: 'piece', number: 2, fields })),
  ),
  4,
).map((fields): RawField => ({ kind: 'element', number: 2, fields }));

/** PredictRequests of all that the wire format allows, as fields of the message. */
export const predictRequest = message(
  fc.oneof(
    { weight: 2, arbitrary: modelSpec },
    { weight: 4, arbitrary: entry },
    { weight: 1, arbitrary: name.map((text) => stringField(3, text)) },
    { weight: 1, arbitrary: bytes.map((value) => bytesField(6, value)) },
  ),
  8,
);
