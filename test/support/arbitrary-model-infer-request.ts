import fc from 'fast-check';
import { bool, bytes, double, float, int64, integer, message, name, run, wide } from './arbitrary-message.ts';
import { bytesField, type RawField, stringField, varintField, written } from './raw-message.ts';

const element = (number: number, fields: readonly RawField[]): RawField => ({ kind: 'element', number, fields });

/** An entry of a map of parameters: whole, or with whatever its value may hold. */
const parameter = (number: number) =>
  fc
    .tuple(
      name,
      fc.oneof(
        int64.map((value) => varintField(2, value)),
        name.map((text) => stringField(3, text)),
        wide.map((value): RawField => ({ kind: 'whole', bytes: Buffer.concat([Buffer.of(0x28), value]) })),
      ),
    )
    .map(([key, value]) => element(number, [stringField(1, key), bytesField(2, written([value]))]));

const size = run(3, 0, wide);

/** InferTensorContents by the datatypes that have their elements in it. */
const values: readonly (readonly [fc.Arbitrary<RawField>, readonly string[]])[] = [
  [run(1, 0, bool), ['BOOL']],
  [run(2, 0, integer), ['INT8', 'INT16', 'INT32']],
  [run(3, 0, wide), ['INT64']],
  [run(4, 0, integer), ['UINT8', 'UINT16', 'UINT32']],
  [run(5, 0, wide), ['UINT64']],
  [run(6, 5, float), ['FP32']],
  [run(7, 1, double), ['FP64']],
  [bytes.map((value) => bytesField(8, value)), ['BYTES']],
];

const anyValues = fc.oneof(...values.map(([field]) => field));
const kinds = [...values, [anyValues, ['FP16', 'BF16', '', 'FP8', 'I32', 'STRING', 'fp32']] as const];

const input = fc.constantFrom(...kinds).chain(([own, names]) => {
  const contents = message(fc.oneof({ weight: 4, arbitrary: own }, { weight: 1, arbitrary: anyValues }), 5).map(
    (fields): RawField => ({ kind: 'piece', number: 5, fields }),
  );
  return message(
    fc.oneof(
      { weight: 2, arbitrary: name.map((text) => stringField(1, text)) },
      { weight: 4, arbitrary: fc.constantFrom(...names).map((text) => stringField(2, text)) },
      { weight: 2, arbitrary: size },
      { weight: 1, arbitrary: parameter(4) },
      { weight: 3, arbitrary: contents },
    ),
    8,
  );
});

const output = message(
  fc.oneof(
    name.map((text) => stringField(1, text)),
    parameter(2),
  ),
  3,
);

const version = fc.oneof(
  fc.constantFrom('', '0', '1', '12', '-1', '9007199254740993', 'x', '1.5', ' 1', '00000000000000000001'),
  name,
);

const around = fc.oneof(
  name.map((text) => stringField(1, text)),
  version.map((text) => stringField(2, text)),
  name.map((text) => stringField(3, text)),
  parameter(4),
  output.map((fields) => element(6, fields)),
);

/** ModelInferRequests of all that the wire format allows, as fields of the message: with raw contents, and with contents of their own. */
export const modelInferRequest = fc.oneof(
  message(
    fc.oneof({ weight: 2, arbitrary: around }, { weight: 3, arbitrary: input.map((fields) => element(5, fields)) }),
    8,
  ),
  message(
    fc.oneof(
      { weight: 2, arbitrary: around },
      { weight: 2, arbitrary: input.map((fields) => element(5, fields)) },
      { weight: 2, arbitrary: fc.oneof(bytes, bytes.map(packed)).map((raw) => bytesField(7, raw)) },
    ),
    8,
  ),
);

function packed(text: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.byteLength);
  return Buffer.concat([length, text]);
}
