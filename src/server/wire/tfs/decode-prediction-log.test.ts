import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesField, stringField, varintField, written } from '../../../../test/support/raw-message.ts';
import { classifyLog, predictLog } from '../../../../test/support/recorded-requests.ts';
import { ServingError } from '../../model/error.ts';
import { decodePredictionLog } from './decode-prediction-log.ts';

const decode = (message: Uint8Array) => decodePredictionLog(message, () => {});

test('a log of Predict has its request', () => {
  const request = decode(
    predictLog({
      model_spec: { name: 'm', version: { value: 3 } },
      inputs: { b: { dtype: 1, tensor_shape: { dim: [{ size: 1 }] }, float_val: [2] } },
      output_filter: ['a'],
    }),
  );
  assert.deepEqual(request?.servable, { name: 'm', version: 3 });
  assert.deepEqual([...request.inputs.keys()], ['b']);
  assert.deepEqual(request.outputFilter, ['a']);
});

test('fields around it are passed over', () => {
  const log = predictLog({ model_spec: { name: 'm' } });
  const metadata = written([bytesField(1, written([stringField(1, 'x')])), varintField(100, 1n)]);
  assert.equal(decode(Buffer.concat([metadata, log, metadata]))?.servable.name, 'm');
});

test('logs of other methods, and such as say nothing, have none', () => {
  assert.equal(decode(classifyLog()), undefined);
  assert.equal(decode(Buffer.alloc(0)), undefined);
  assert.equal(decode(written([bytesField(6, Buffer.alloc(0))])), undefined);
});

test('what is no message is refused', () => {
  const isRefused = (error: unknown) => error instanceof ServingError && error.code === 'invalid-argument';
  assert.throws(() => decode(Buffer.from('no message')), isRefused);
  assert.throws(() => decode(predictLog({ model_spec: { name: 'm' } }).subarray(0, -1)), isRefused);
});
