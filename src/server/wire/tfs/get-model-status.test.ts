import assert from 'node:assert/strict';
import { test } from 'node:test';
import { protoType } from '../../../../test/support/proto-type.ts';
import { ServingError } from '../../model/error.ts';
import { decodeGetModelStatusRequest, encodeGetModelStatusResponse } from './get-model-status.ts';

const file = 'tensorflow_serving/apis/get_model_status.proto';
const request = protoType(file, 'tensorflow.serving.GetModelStatusRequest');
const response = protoType(file, 'tensorflow.serving.GetModelStatusResponse');

test('reads the model, and its version or label', () => {
  const read = (spec: object) => decodeGetModelStatusRequest(request.encode({ model_spec: spec }));
  assert.deepEqual(read({ name: 'digits' }), { name: 'digits' });
  assert.deepEqual(read({ name: 'digits', version: { value: 3 } }), { name: 'digits', version: 3 });
  assert.deepEqual(read({ name: 'digits', version: {} }), { name: 'digits' }, 'version 0 asks for none');
  assert.deepEqual(read({ name: 'digits', version_label: 'stable' }), { name: 'digits', label: 'stable' });
  assert.deepEqual(decodeGetModelStatusRequest(Buffer.alloc(0)), { name: '' });
});

test('of version and label, takes the one that comes last', () => {
  const version = request.encode({ model_spec: { name: 'digits', version: { value: 3 } } });
  const label = request.encode({ model_spec: { version_label: 'stable' } });
  assert.deepEqual(decodeGetModelStatusRequest(Buffer.concat([version, label])), { name: 'digits', label: 'stable' });
  assert.deepEqual(decodeGetModelStatusRequest(Buffer.concat([label, version])), { name: 'digits', version: 3 });
});

test('writes every version with its state and status', () => {
  const bytes = encodeGetModelStatusResponse([
    { version: 1, state: 'START', errorCode: 'OK', errorMessage: 'OK' },
    { version: 2, state: 'LOADING', errorCode: 'UNKNOWN', errorMessage: 'UNKNOWN' },
    { version: 3, state: 'AVAILABLE', errorCode: 'OK', errorMessage: 'OK' },
    { version: 4, state: 'UNLOADING', errorCode: 'OK', errorMessage: 'OK' },
    { version: 2 ** 53 - 1, state: 'END', errorCode: 'FAILED_PRECONDITION', errorMessage: 'größer' },
  ]);
  assert.deepEqual(response.decode(bytes), {
    model_version_status: [
      { version: '1', state: 10, status: { error_code: 0, error_message: 'OK' } },
      { version: '2', state: 20, status: { error_code: 2, error_message: 'UNKNOWN' } },
      { version: '3', state: 30, status: { error_code: 0, error_message: 'OK' } },
      { version: '4', state: 40, status: { error_code: 0, error_message: 'OK' } },
      { version: '9007199254740991', state: 50, status: { error_code: 9, error_message: 'größer' } },
    ],
  });
  assert.equal(encodeGetModelStatusResponse([]).byteLength, 0);
});

test('refuses bytes that are no request', () => {
  for (const bytes of [[0x0a], [0x0a, 2, 0x0a], [0x0a, 3, 0x0a, 1, 0xff], [0x00, 0x00], [0x0c]]) {
    assert.throws(
      () => decodeGetModelStatusRequest(Buffer.from(bytes)),
      (error) => error instanceof ServingError && error.code === 'invalid-argument',
      String(bytes),
    );
  }
});
