import assert from 'node:assert/strict';
import { test } from 'node:test';
import { protoType } from '../../../../test/support/proto-type.ts';
import type { TensorInfo } from '../../model/signature.ts';
import { decodeGetModelMetadataRequest, encodeGetModelMetadataResponse } from './get-model-metadata.ts';

const file = 'tensorflow_serving/apis/get_model_metadata.proto';
const request = protoType(file, 'tensorflow.serving.GetModelMetadataRequest');
const response = protoType(file, 'tensorflow.serving.GetModelMetadataResponse');
const signatureDefMap = protoType(file, 'tensorflow.serving.SignatureDefMap');

const malformed = /^Malformed protobuf message/;

function refuses(bytes: Uint8Array, message: string | RegExp): void {
  assert.throws(() => decodeGetModelMetadataRequest(bytes), {
    name: 'ServingError',
    code: 'invalid-argument',
    message,
  });
}

test('reads the model, and its version or label', () => {
  const read = (spec: object) =>
    decodeGetModelMetadataRequest(request.encode({ model_spec: spec, metadata_field: ['signature_def'] }));
  assert.deepEqual(read({ name: 'digits' }), { name: 'digits' });
  assert.deepEqual(read({ name: 'digits', version: { value: 3 } }), { name: 'digits', version: 3 });
  assert.deepEqual(read({ name: 'digits', version_label: 'stable' }), { name: 'digits', label: 'stable' });
  assert.deepEqual(read({}), { name: '' }, 'an empty model_spec is one');
});

test('takes no request without a model, or for anything but the signatures', () => {
  refuses(request.encode({ metadata_field: ['signature_def'] }), 'model_spec missing in request');
  refuses(Buffer.alloc(0), 'model_spec missing in request');
  for (const metadata_field of [[], ['other'], ['signature_def', 'signature_def'], ['signature_def', 'other']]) {
    refuses(request.encode({ model_spec: { name: 'digits' }, metadata_field }), 'Invalid signature name');
  }
});

test('refuses bytes that are no request', () => {
  for (const bytes of [[0x0a], [0x12, 4, 0x61], [0x12, 1, 0xff], [0x0a, 3, 0x12, 2, 0x08], [0x0b, 0x14], [0x0e]]) {
    refuses(Buffer.from(bytes), malformed);
  }
});

test('packs the signature as an Any, with -1 for every dimension that is not fixed', () => {
  const info = (name: string, precision: TensorInfo['precision'], shape: TensorInfo['shape']): TensorInfo => ({
    name,
    precision,
    shape,
    layout: '...',
  });
  const bytes = encodeGetModelMetadataResponse(
    { name: 'digits', version: 7 },
    {
      inputs: [
        info('image', 'FP32', [
          { min: 1, max: 1 },
          { min: 0, max: Number.POSITIVE_INFINITY },
          { min: 1, max: 5 },
        ]),
        info('scalar', 'I64', []),
      ],
      outputs: [info('open', 'STRING', undefined)],
    },
  );
  const { model_spec, metadata } = response.decode(bytes) as {
    model_spec: object;
    metadata: Record<string, { type_url: string; value: Uint8Array }>;
  };
  assert.deepEqual(model_spec, { name: 'digits', version: { value: '7' } }, 'no signature_name');
  assert.deepEqual(Object.keys(metadata), ['signature_def']);
  const { type_url, value } = metadata.signature_def!;
  assert.equal(type_url, 'type.googleapis.com/tensorflow.serving.SignatureDefMap');
  assert.deepEqual(signatureDefMap.decode(value), {
    signature_def: {
      serving_default: {
        inputs: {
          image: { name: 'image', dtype: 1, tensor_shape: { dim: [{ size: '1' }, { size: '-1' }, { size: '-1' }] } },
          scalar: { name: 'scalar', dtype: 9, tensor_shape: {} },
        },
        outputs: { open: { name: 'open', dtype: 7, tensor_shape: { unknown_rank: true } } },
      },
    },
  });
});
