import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { name } from '../../../../test/support/arbitrary-message.ts';
import { outputs } from '../../../../test/support/arbitrary-outputs.ts';
import { protoType } from '../../../../test/support/proto-type.ts';
import { toList } from '../../../../test/support/to-list.ts';
import type { Tensor } from '../../model/tensor.ts';
import { encodePredictResponse } from './encode-predict-response.ts';

const reference = protoType('tensorflow_serving/apis/predict.proto', 'tensorflow.serving.PredictResponse');

const dataTypes: Readonly<Record<string, number>> = {
  FP32: 1,
  FP64: 2,
  I32: 3,
  U8: 4,
  I16: 5,
  I8: 6,
  STRING: 7,
  I64: 9,
  BOOL: 10,
  BF16: 14,
  U16: 17,
  FP16: 19,
  U32: 22,
  U64: 23,
};

function expectedTensor(value: Tensor): object {
  const dim = value.shape.map((size) => ({ size: String(size) }));
  const head = { dtype: dataTypes[value.precision], tensor_shape: dim.length > 0 ? { dim } : {} };
  if (value.precision !== 'STRING') return { ...head, tensor_content: Buffer.from(value.data) };
  const string_val = toList(value.strings).map((string) => Buffer.from(string));
  return string_val.length > 0 ? { ...head, string_val } : head;
}

test('protobufjs reads what is written', () => {
  const version = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.maxSafeInteger().map(Math.abs));
  fc.assert(
    fc.property(outputs, name, version, (tensors, model, number) => {
      const bytes = encodePredictResponse({
        name: model,
        version: number,
        signatureName: 'serving_default',
        outputs: tensors,
      });
      const told = reference.decode(bytes);
      assert.deepEqual(told.model_spec, {
        name: model,
        version: { value: String(number) },
        signature_name: 'serving_default',
      });
      assert.deepEqual(
        told.outputs ?? {},
        Object.fromEntries(tensors.map((output) => [output.name, expectedTensor(output.tensor)])),
      );
    }),
    { numRuns: 500 },
  );
});

test('an answer without outputs is one', () => {
  const bytes = encodePredictResponse({ name: 'm', version: 1, signatureName: 's', outputs: [] });
  assert.deepEqual(reference.decode(bytes), {
    model_spec: { name: 'm', version: { value: '1' }, signature_name: 's' },
  });
});

test('the sequence that answers is an output, whose value is in uint64_val', () => {
  for (const id of [1n, 127n, 128n, 2n ** 53n + 1n, 2n ** 64n - 1n]) {
    const response = { name: 'm', version: 1, signatureName: 'serving_default', outputs: [], sequenceId: id };
    assert.deepEqual(reference.decode(encodePredictResponse(response)).outputs, {
      sequence_id: { dtype: 23, tensor_shape: { dim: [{ size: '1' }] }, uint64_val: [String(id)] },
    });
  }
});
