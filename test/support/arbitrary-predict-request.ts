import fc from 'fast-check';
import { bool, bytes, double, float, int64, integer, key, message, name, run, wide } from './arbitrary-message.ts';
import { bytesField, type RawField, stringField, varintField, written } from './raw-message.ts';

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
