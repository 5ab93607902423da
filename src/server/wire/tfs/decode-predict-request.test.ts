import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { predictRequest } from '../../../../test/support/arbitrary-predict-request.ts';
import { protoType } from '../../../../test/support/proto-type.ts';
import {
  bytesField,
  fixedField,
  merged,
  type RawField,
  stringField,
  varintField,
  written,
} from '../../../../test/support/raw-message.ts';
import { toList } from '../../../../test/support/to-list.ts';
import type { InferRequest, InputTensor } from '../../model/inference.ts';
import { stringAt } from '../../model/strings.ts';
import { decodePredictRequest as decodeWith } from './decode-predict-request.ts';

const decodePredictRequest = (message: Uint8Array) => decodeWith(message, () => undefined);

const reference = protoType('tensorflow_serving/apis/predict.proto', 'tensorflow.serving.PredictRequest');

type Values = readonly (number | boolean | string)[];
const integers = (values: Values) => values.map((value) => BigInt(value));
const numbers = (values: Values) => values.map(Number);

/** By tensorflow.DataType: our name, the field of the values, and how they lie in memory (typed arrays cut what does not fit). */
const layouts: Readonly<Record<number, readonly [string, string, (values: Values) => ArrayBufferView<ArrayBuffer>]>> = {
  1: ['FP32', 'float_val', (values) => Float32Array.from(numbers(values))],
  2: ['FP64', 'double_val', (values) => Float64Array.from(numbers(values))],
  3: ['I32', 'int_val', (values) => Int32Array.from(numbers(values))],
  4: ['U8', 'int_val', (values) => Uint8Array.from(numbers(values))],
  5: ['I16', 'int_val', (values) => Int16Array.from(numbers(values))],
  6: ['I8', 'int_val', (values) => Int8Array.from(numbers(values))],
  9: ['I64', 'int64_val', (values) => BigInt64Array.from(integers(values))],
  10: ['BOOL', 'bool_val', (values) => Uint8Array.from(numbers(values))],
  14: ['BF16', 'half_val', (values) => Uint16Array.from(numbers(values))],
  17: ['U16', 'int_val', (values) => Uint16Array.from(numbers(values))],
  19: ['FP16', 'half_val', (values) => Uint16Array.from(numbers(values))],
  22: ['U32', 'uint32_val', (values) => Uint32Array.from(numbers(values))],
  23: ['U64', 'uint64_val', (values) => BigUint64Array.from(integers(values))],
};

interface Told {
  readonly precision: string;
  readonly shape: readonly number[];
  readonly strings?: readonly string[];
  readonly bytes?: string;
  /** Undefined for bytes that came as they are. */
  readonly count?: number | undefined;
}

function told({ precision, shape, payload }: InputTensor): Told {
  if (payload.kind === 'strings') {
    return { precision, shape, strings: toList(payload.strings).map((string) => Buffer.from(string).toString('hex')) };
  }
  const bytes = Buffer.from(payload.bytes).toString('hex');
  const count = payload.kind === 'values' && payload.count > 0 ? payload.count : undefined;
  return { precision, shape, bytes, count };
}

interface TensorFields extends Record<string, unknown> {
  readonly dtype?: number;
  readonly tensor_shape?: { readonly dim?: readonly { readonly size?: string }[] };
  readonly tensor_content?: Uint8Array;
  readonly string_val?: readonly Uint8Array[];
}

function expectedTensor(fields: TensorFields): Told {
  const { dtype = 0, tensor_content: content } = fields;
  const shape = (fields.tensor_shape?.dim ?? []).map(({ size = '0' }) => Number(size));
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  if (dtype === 7) return { precision: 'STRING', shape, strings: (fields.string_val ?? []).map(hex) };
  const layout = layouts[dtype];
  const bytes = hex(content ?? Buffer.alloc(0));
  if (!layout) return { precision: `INVALID (DataType ${dtype})`, shape, bytes, count: undefined };
  const [precision, field, lay] = layout;
  const values = (fields[field] ?? []) as Values;
  if (content?.byteLength || values.length === 0) return { precision, shape, bytes, count: undefined };
  return { precision, shape, bytes: hex(Buffer.from(lay(values).buffer)), count: values.length };
}

interface RequestFields {
  readonly model_spec?: {
    name?: string;
    version?: { value?: string };
    version_label?: string;
    signature_name?: string;
  };
  readonly inputs?: Readonly<Record<string, TensorFields>>;
  readonly output_filter?: readonly string[];
}

function expectedRequest({ model_spec: spec = {}, inputs = {}, output_filter = [] }: RequestFields): object {
  const version = Number(spec.version?.value ?? 0);
  const servable = {
    name: spec.name ?? '',
    ...(version !== 0 && { version }),
    ...(spec.version_label && { label: spec.version_label }),
  };
  return {
    servable,
    inputs: Object.fromEntries(Object.entries(inputs).map(([name, tensor]) => [name, expectedTensor(tensor)])),
    outputFilter: output_filter,
    ...(spec.signature_name && { signatureName: spec.signature_name }),
  };
}

function tellRequest(request: InferRequest): object {
  return {
    ...request,
    inputs: Object.fromEntries([...request.inputs].map(([name, tensor]) => [name, told(tensor)])),
  };
}

/** For protobufjs, whose map entries are null if they hold no value: an empty piece of a value adds nothing to it. */
function withValues(fields: readonly RawField[]): RawField[] {
  return fields.map((field) =>
    field.kind === 'element'
      ? { ...field, fields: [...field.fields, { kind: 'piece', number: 2, fields: [] }] }
      : field,
  );
}

test('reads what protobufjs reads, however the message is written', () => {
  fc.assert(
    fc.property(predictRequest, (fields) => {
      const expected = expectedRequest(reference.decode(written(merged(withValues(fields)))));
      assert.deepEqual(tellRequest(decodePredictRequest(written(fields))), expected);
    }),
    { numRuns: 1500 },
  );
});

test('a tensor of every type is read as protobufjs writes it', () => {
  for (const [dtype, [precision, field, lay]] of Object.entries(layouts)) {
    const content = Buffer.from(lay([0, 1, 1]).buffer);
    const tensor_shape = { dim: [{ size: 3 }] };
    const bytes = reference.encode({
      inputs: {
        content: { dtype: Number(dtype), tensor_shape, tensor_content: content },
        values: { dtype: Number(dtype), tensor_shape, [field]: [0, 1, 1] },
      },
    });
    const { inputs } = decodePredictRequest(bytes);
    const hex = content.toString('hex');
    assert.deepEqual(told(inputs.get('content')!), { precision, shape: [3], bytes: hex, count: undefined });
    assert.deepEqual(told(inputs.get('values')!), { precision, shape: [3], bytes: hex, count: 3 });
  }
});

const piece = (number: number, ...fields: RawField[]): RawField => ({ kind: 'piece', number, fields });
const only = (...tensor: RawField[]): InputTensor =>
  decodePredictRequest(written([piece(2, stringField(1, 'x'), piece(2, ...tensor))])).inputs.get('x')!;

test('bytes and strings are views over the message', () => {
  const message = written([
    piece(2, stringField(1, 'x'), piece(2, varintField(1, 1n), bytesField(4, Buffer.from('abcd')))),
    piece(2, stringField(1, 'y'), piece(2, varintField(1, 7n), stringField(8, 'efgh'))),
    piece(2, stringField(1, 'z'), piece(2, varintField(1, 1n), bytesField(5, Buffer.from('ijkl')))),
  ]);
  for (const { payload } of decodePredictRequest(message).inputs.values()) {
    const bytes = payload.kind === 'strings' ? stringAt(payload.strings, 0) : payload.bytes;
    assert.equal(bytes.buffer, message.buffer);
  }
});

test('a piece of the version adds to what is known of it, a label in between ends it', () => {
  const version = piece(1, piece(2, varintField(1, 3n)));
  const empty = piece(1, piece(2));
  const label = piece(1, stringField(4, 'stable'));
  const read = (...fields: RawField[]) => decodePredictRequest(written(fields)).servable;
  assert.deepEqual(read(version, empty), { name: '', version: 3 });
  assert.deepEqual(read(empty, version), { name: '', version: 3 });
  assert.deepEqual(read(version, label, empty), { name: '' });
  assert.deepEqual(read(version, label), { name: '', label: 'stable' });
  assert.deepEqual(read(label, version), { name: '', version: 3 });
});

test('an entry without a value is a tensor of no type, one without a key has the empty name', () => {
  const { inputs } = decodePredictRequest(
    written([piece(2, stringField(1, 'x')), piece(2, piece(2, varintField(1, 1n)))]),
  );
  assert.deepEqual([...inputs.keys()], ['x', '']);
  assert.equal(inputs.get('x')?.precision, 'INVALID (DataType 0)');
  assert.equal(inputs.get('')?.precision, 'FP32');
});

test('a known field of a wire type that it cannot have is passed over', () => {
  const message = written([varintField(1, 5n), varintField(2, 5n), fixedField(3, Buffer.from('abcd'))]);
  assert.deepEqual(decodePredictRequest(message), { servable: { name: '' }, inputs: new Map(), outputFilter: [] });
  const tensor = only(stringField(1, 'x'), varintField(2, 1n), varintField(4, 1n), varintField(5, 1n));
  assert.deepEqual(told(tensor), { precision: 'INVALID (DataType 0)', shape: [], bytes: '', count: undefined });
});

test('a negative data type is told as it is', () => {
  assert.equal(only(varintField(1, -1n)).precision, 'INVALID (DataType -1)');
});

test('packed values that are no whole number of elements are refused', () => {
  const refused = { name: 'ServingError', code: 'invalid-argument', message: /^Malformed protobuf message/ };
  assert.throws(() => only(varintField(1, 1n), bytesField(5, Buffer.from('abcde'))), refused);
  assert.throws(() => only(varintField(1, 2n), bytesField(6, Buffer.from('abcd'))), refused);
  assert.throws(() => only(varintField(1, 9n), bytesField(10, Buffer.of(0x01, 0x80))), refused);
});

test('very many pieces of a shape and of a tensor are put together', { timeout: 10_000 }, () => {
  const empty = new Array<RawField>(200_000).fill(piece(2));
  const sizes = new Array<RawField>(254).fill(piece(2));
  const dims: RawField = { kind: 'piece', number: 2, fields: sizes };
  const shapeInPieces: RawField = { kind: 'piece', number: 2, fields: [dims, ...empty] };
  const tensorInPieces: RawField[] = [piece(2, dims), ...empty];
  for (const entry of [[shapeInPieces], tensorInPieces]) {
    const message = written([{ kind: 'element', number: 2, fields: entry }]);
    assert.equal(decodePredictRequest(message).inputs.get('')?.shape.length, 254);
  }
  const oneMore: RawField = { kind: 'piece', number: 2, fields: [...sizes, piece(2)] };
  assert.throws(() => only(oneMore), /^ServingError: Invalid number of shape dimensions - Expected: at most 254/);
});

test('what is not a view over the message is counted before it is taken', () => {
  const taken = (...tensor: RawField[]) => {
    const sizes: number[] = [];
    const message = written([piece(2, stringField(1, 'x'), piece(2, ...tensor))]);
    decodeWith(message, (bytes) => sizes.push(bytes));
    return sizes;
  };
  assert.deepEqual(taken(varintField(1, 1n), bytesField(4, Buffer.alloc(8))), []);
  assert.deepEqual(taken(varintField(1, 1n), bytesField(5, Buffer.alloc(8))), []);
  assert.deepEqual(taken(varintField(1, 1n), bytesField(5, Buffer.alloc(8)), bytesField(5, Buffer.alloc(4))), [12]);
  assert.deepEqual(taken(varintField(1, 9n), bytesField(10, Buffer.from([1, 0x80, 1, 3]))), [24]);
  assert.deepEqual(taken(varintField(1, 7n), stringField(8, 'a'), stringField(8, 'b')), [16]);
});
