import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { name } from '../../../../test/support/arbitrary-message.ts';
import { outputs } from '../../../../test/support/arbitrary-outputs.ts';
import { protoType } from '../../../../test/support/proto-type.ts';
import { toList } from '../../../../test/support/to-list.ts';
import type { Tensor } from '../../model/tensor.ts';
import {
  encodeModelInferResponse,
  encodeModelStreamInferError,
  encodeModelStreamInferResponse,
  type ModelInferResponse,
} from './encode-model-infer-response.ts';

const file = 'grpc_predict_v2.proto';
const unary = protoType(file, 'inference.ModelInferResponse');
const stream = protoType(file, 'inference.ModelStreamInferResponse');

const datatypes: Readonly<Record<string, string>> = {
  BOOL: 'BOOL',
  BF16: 'BF16',
  FP16: 'FP16',
  FP32: 'FP32',
  FP64: 'FP64',
  I8: 'INT8',
  I16: 'INT16',
  I32: 'INT32',
  I64: 'INT64',
  U8: 'UINT8',
  U16: 'UINT16',
  U32: 'UINT32',
  U64: 'UINT64',
  STRING: 'BYTES',
};

function rawOf(tensor: Tensor): Buffer {
  if (tensor.precision !== 'STRING') return Buffer.from(tensor.data);
  return Buffer.concat(
    toList(tensor.strings).flatMap((string) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(string.length);
      return [length, string];
    }),
  );
}

function expected({ name: model, version, id, outputs: tensors }: ModelInferResponse): object {
  return {
    model_name: model,
    model_version: String(version),
    ...(id && { id }),
    ...(tensors.length > 0 && {
      outputs: tensors.map((output) => ({
        name: output.name,
        datatype: datatypes[output.tensor.precision],
        ...(output.tensor.shape.length > 0 && { shape: output.tensor.shape.map(String) }),
      })),
      raw_output_contents: tensors.map(({ tensor }) => rawOf(tensor)),
    }),
  };
}

const responses: fc.Arbitrary<ModelInferResponse> = fc.record({
  name,
  version: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.maxSafeInteger().map(Math.abs)),
  id: fc.oneof(name, fc.string({ minLength: 120, maxLength: 140 })),
  outputs,
});

test('protobufjs reads what is written, alone and in a stream', () => {
  fc.assert(
    fc.property(responses, (response) => {
      assert.deepEqual(unary.decode(encodeModelInferResponse(response)), expected(response));
      const told = stream.decode(encodeModelStreamInferResponse(response));
      assert.deepEqual(told, { infer_response: expected(response) });
    }),
    { numRuns: 500 },
  );
});

test('an error in a stream comes with the id of its request, if that has one', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), name, (message, id) => {
      const told = stream.decode(encodeModelStreamInferError(message, id));
      assert.deepEqual(told, { error_message: message, ...(id && { infer_response: { id } }) });
    }),
  );
});

test('the sequence that answers is a parameter', () => {
  const cases: [id: bigint, parameter: object][] = [
    [1n, { int64_param: '1' }],
    [2n ** 63n - 1n, { int64_param: '9223372036854775807' }],
    [2n ** 63n, { uint64_param: '9223372036854775808' }],
  ];
  for (const [sequenceId, parameter] of cases) {
    const response = { name: 'm', version: 1, id: '', outputs: [], sequenceId };
    assert.deepEqual(unary.decode(encodeModelInferResponse(response)).parameters, { sequence_id: parameter });
    assert.deepEqual(stream.decode(encodeModelStreamInferResponse(response)), {
      infer_response: { model_name: 'm', model_version: '1', parameters: { sequence_id: parameter } },
    });
  }
});
