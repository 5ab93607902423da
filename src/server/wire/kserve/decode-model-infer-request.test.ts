import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { modelInferRequest } from '../../../../test/support/arbitrary-model-infer-request.ts';
import { protoType } from '../../../../test/support/proto-type.ts';
import {
  bytesField,
  fixedField,
  merged,
  type RawField,
  stringField,
  varint,
  varintField,
  written,
} from '../../../../test/support/raw-message.ts';
import { toList } from '../../../../test/support/to-list.ts';
import { ServingError } from '../../model/error.ts';
import type { InputTensor } from '../../model/inference.ts';
import { stringAt } from '../../model/strings.ts';
import {
  decodeModelInferRequest as decodeWith,
  type ModelInferRequest,
  requestIdOf,
} from './decode-model-infer-request.ts';

const decodeModelInferRequest = (message: Uint8Array) => decodeWith(message, () => undefined);

const reference = protoType('grpc_predict_v2.proto', 'inference.ModelInferRequest');

type Values = readonly (number | boolean | string)[];
const integers = (values: Values) => values.map((value) => BigInt(value));
const numbers = (values: Values) => values.map(Number);

/** By datatype: our name, the field of the values, and how they lie in memory (typed arrays cut what does not fit). */
const layouts: Readonly<Record<string, readonly [string, string, (values: Values) => ArrayBufferView<ArrayBuffer>]>> = {
  BOOL: ['BOOL', 'bool_contents', (values) => Uint8Array.from(numbers(values))],
  INT8: ['I8', 'int_contents', (values) => Int8Array.from(numbers(values))],
  INT16: ['I16', 'int_contents', (values) => Int16Array.from(numbers(values))],
  INT32: ['I32', 'int_contents', (values) => Int32Array.from(numbers(values))],
  INT64: ['I64', 'int64_contents', (values) => BigInt64Array.from(integers(values))],
  UINT8: ['U8', 'uint_contents', (values) => Uint8Array.from(numbers(values))],
  UINT16: ['U16', 'uint_contents', (values) => Uint16Array.from(numbers(values))],
  UINT32: ['U32', 'uint_contents', (values) => Uint32Array.from(numbers(values))],
  UINT64: ['U64', 'uint64_contents', (values) => BigUint64Array.from(integers(values))],
  FP32: ['FP32', 'fp32_contents', (values) => Float32Array.from(numbers(values))],
  FP64: ['FP64', 'fp64_contents', (values) => Float64Array.from(numbers(values))],
  // There is no such field: they are raw or nothing.
  FP16: ['FP16', '', () => new Uint8Array()],
  BF16: ['BF16', '', () => new Uint8Array()],
};

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

function told({ precision, datatype, shape, payload }: InputTensor): object {
  const head = { precision, datatype, shape };
  if (payload.kind === 'strings') return { ...head, strings: toList(payload.strings).map(hex) };
  const bytes = hex(payload.bytes);
  return payload.kind === 'values'
    ? { ...head, values: bytes, count: payload.count }
    : { ...head, [payload.kind]: bytes };
}

interface InputFields {
  readonly name?: string;
  readonly datatype?: string;
  readonly shape?: readonly string[];
  readonly contents?: Readonly<Record<string, Values | readonly Uint8Array[]>>;
}

/** @param raw undefined where elements are in the contents; null where there is no raw one for this input */
function expectedTensor(
  { datatype = '', shape = [], contents }: InputFields,
  raw: Uint8Array | null | undefined,
): object {
  const layout = datatype === 'BYTES' ? undefined : layouts[datatype];
  const head = { precision: layout?.[0] ?? 'STRING', datatype, shape: shape.map(Number) };
  if (datatype !== 'BYTES' && !layout) return { ...head, precision: 'INVALID', bytes: '' };
  if (raw === null) return { ...head, bytes: '' };
  if (raw) return { ...head, [layout ? 'bytes' : 'packed']: hex(raw) };
  if (layout) {
    const values = (contents?.[layout[1]] ?? []) as Values;
    return { ...head, values: hex(Buffer.from(layout[2](values).buffer)), count: values.length };
  }
  const strings = (contents?.bytes_contents ?? []) as readonly Uint8Array[];
  return { ...head, ...(contents ? { strings: strings.map(hex) } : { values: '', count: 0 }) };
}

interface RequestFields {
  readonly model_name?: string;
  readonly model_version?: string;
  readonly id?: string;
  readonly inputs?: readonly InputFields[];
  readonly outputs?: readonly { readonly name?: string }[];
  readonly raw_input_contents?: readonly Uint8Array[];
}

/** What is expected of the decoder; a text, if that is a refusal. @param withContents the inputs that have contents, be they unknown */
function expectedRequest(fields: RequestFields, withContents: readonly boolean[]): object | string {
  const { model_name: name = '', model_version = '', id = '', inputs = [], raw_input_contents: raw = [] } = fields;
  if (!/^(|-?\d{1,19})$/.test(model_version)) return 'invalid model version format in request';
  const names = inputs.map((input) => input.name ?? '');
  const twice = names.find((each, i) => names.indexOf(each) !== i);
  if (twice !== undefined) return `Invalid number of inputs - Expected: each input once; Actual: ${twice} twice`;
  const version = Number(model_version);
  return {
    id,
    servable: version === 0 ? { name } : { name, version },
    dialect: 'KServe',
    outputFilter: (fields.outputs ?? []).map((output) => output.name ?? ''),
    inputs: inputs.map((input, i) => [names[i], expectedTensor(input, raw.length > 0 ? (raw[i] ?? null) : undefined)]),
    fault: raw.length > 0 ? expectedFault(names, withContents, raw.length) : undefined,
  };
}

function expectedFault(names: readonly string[], withContents: readonly boolean[], raw: number): string | undefined {
  const both = withContents.indexOf(true);
  if (both >= 0) {
    return `Passing buffers both in ModelInferRequest::InferInputTensor::contents and in ModelInferRequest::raw_input_contents is not allowed - Input with contents: ${names[both]}`;
  }
  if (raw === names.length) return undefined;
  return `Invalid number of raw_input_contents - Expected: ${names.length}, as many as inputs; Actual: ${raw}`;
}

function tellRequest({ inputs, fault, ...request }: ModelInferRequest): object {
  return { ...request, inputs: [...inputs].map(([name, tensor]) => [name, told(tensor)]), fault: fault?.message };
}

/** Which of the inputs have contents of a byte at least. */
function inputsWithContents(fields: readonly RawField[]): boolean[] {
  return fields
    .flatMap((field) => (field.kind === 'element' && field.number === 5 ? [field.fields] : []))
    .map((input) => input.some((field) => field.kind === 'piece' && written(field.fields).length > 0));
}

test('reads what protobufjs reads, however the message is written', () => {
  let refused = 0;
  fc.assert(
    fc.property(modelInferRequest, (fields) => {
      const expected = expectedRequest(reference.decode(written(merged(fields))), inputsWithContents(fields));
      let actual: object | string;
      try {
        actual = tellRequest(decodeModelInferRequest(written(fields)));
      } catch (error) {
        assert.ok(error instanceof ServingError);
        actual = error.message;
        refused++;
      }
      assert.deepEqual(actual, expected);
    }),
    { numRuns: 1500 },
  );
  assert.ok(refused < 1000, `${refused} were refused`);
});

test('a tensor of every type is read as protobufjs writes it', () => {
  for (const [datatype, [precision, field, lay]] of Object.entries(layouts)) {
    const bytes = Buffer.from(lay([0, 1, 1]).buffer);
    const input = { name: 'x', datatype, shape: [3] };
    const head = { precision, datatype, shape: [3] };
    const read = (fields: object) => told(decodeModelInferRequest(reference.encode(fields)).inputs.get('x')!);
    const raw = read({ inputs: [input], raw_input_contents: [bytes] });
    assert.deepEqual(raw, { ...head, bytes: hex(bytes) });
    const values = read({ inputs: [{ ...input, contents: field ? { [field]: [0, 1, 1] } : {} }] });
    assert.deepEqual(values, { ...head, values: hex(bytes), count: field ? 3 : 0 });
  }
});

const input = (...fields: RawField[]): RawField => ({ kind: 'element', number: 5, fields });
const contents = (...fields: RawField[]): RawField => ({ kind: 'piece', number: 5, fields });
const read = (...fields: RawField[]) => decodeModelInferRequest(written(fields));

test('bytes and strings are views over the message', () => {
  const named = (name: string, datatype: string, ...more: RawField[]) =>
    input(stringField(1, name), stringField(2, datatype), ...more);
  const raw = written([named('x', 'FP32'), named('y', 'BYTES'), stringField(7, 'abcd'), stringField(7, 'efgh')]);
  const own = written([
    named('x', 'FP32', contents(bytesField(6, Buffer.from('ijkl')))),
    named('y', 'BYTES', contents(stringField(8, 'mnop'))),
  ]);
  for (const message of [raw, own]) {
    for (const { payload } of decodeModelInferRequest(message).inputs.values()) {
      const bytes = payload.kind === 'strings' ? stringAt(payload.strings, 0) : payload.bytes;
      assert.equal(bytes.buffer, message.buffer);
    }
  }
});

test('raw contents may come before the inputs that they are of', () => {
  const { inputs } = read(stringField(7, 'abcd'), input(stringField(1, 'x'), stringField(2, 'FP32')));
  assert.deepEqual(told(inputs.get('x')!), {
    precision: 'FP32',
    datatype: 'FP32',
    shape: [],
    bytes: hex(Buffer.from('abcd')),
  });
});

test('a known field of a wire type that it cannot have is passed over', () => {
  const message = written([varintField(1, 5n), varintField(5, 5n), fixedField(7, Buffer.from('abcd'))]);
  assert.deepEqual(decodeModelInferRequest(message), {
    id: '',
    servable: { name: '' },
    inputs: new Map(),
    outputFilter: [],
    dialect: 'KServe',
  });
});

test('more dimensions, inputs, outputs and raw contents than anything has are refused', () => {
  const refusals: [RawField[], RegExp][] = [
    [[input(bytesField(3, Buffer.alloc(255)))], /Invalid number of shape dimensions - Expected: at most 254/],
    [[input(...Array<RawField>(255).fill(varintField(3, 1n)))], /Invalid number of shape dimensions/],
    [Array<RawField>(65_537).fill(bytesField(5, Buffer.alloc(0))), /Too many inputs/],
    [Array<RawField>(65_537).fill(bytesField(6, Buffer.alloc(0))), /Too many outputs/],
    [Array<RawField>(65_537).fill(bytesField(7, Buffer.alloc(0))), /Too many raw_input_contents/],
  ];
  for (const [fields, message] of refusals) assert.throws(() => read(...fields), { code: 'invalid-argument', message });
});

test('what is not a view over the message is counted before it is taken', () => {
  const taken = (datatype: string, ...fields: RawField[]) => {
    const sizes: number[] = [];
    decodeWith(written([input(stringField(2, datatype), contents(...fields))]), (bytes) => sizes.push(bytes));
    return sizes;
  };
  assert.deepEqual(taken('FP32', bytesField(6, Buffer.alloc(8))), []);
  assert.deepEqual(taken('FP32', bytesField(6, Buffer.alloc(8)), bytesField(6, Buffer.alloc(4))), [12]);
  assert.deepEqual(taken('INT64', bytesField(3, Buffer.from([1, 0x80, 1, 3]))), [24]);
  assert.deepEqual(taken('BYTES', stringField(8, 'a'), stringField(8, 'b')), [16]);
});

test('the id of a request that cannot be read is what can be', () => {
  const broken = Buffer.concat([written([stringField(3, 'one')]), varint(0x3an), varint(9n)]);
  assert.throws(() => decodeModelInferRequest(broken), { code: 'invalid-argument' });
  assert.equal(requestIdOf(broken), 'one');
  assert.equal(requestIdOf(written([stringField(1, 'm'), stringField(3, 'two'), stringField(7, 'abcd')])), 'two');
  assert.equal(requestIdOf(Buffer.alloc(0)), '');
});
