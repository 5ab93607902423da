import assert from 'node:assert/strict';
import { test } from 'node:test';
import { protoType } from '../../../../test/support/proto-type.ts';
import { ServingError } from '../../model/error.ts';
import { decodeInferJson } from './decode-infer-json.ts';
import { decodeModelInferRequest } from './decode-model-infer-request.ts';

const message = protoType('grpc_predict_v2.proto', 'inference.ModelInferRequest');
const take = () => {};

const grpc = (parameters: object) =>
  decodeModelInferRequest(message.encode({ model_name: 'm', parameters }), take).sequence;
const json = (parameters: string) => {
  const inputs = '[{"name": "b", "datatype": "FP32", "shape": [0], "data": []}]';
  const body = Buffer.from(`{"parameters": ${parameters}, "inputs": ${inputs}}`);
  return decodeInferJson(body, undefined, { name: 'm' }, take).sequence;
};

const none = { id: 0n, isFirst: false, isLast: false };

test('parameters tell a sequence, over gRPC', () => {
  const start = { bool_param: true };
  assert.equal(grpc({}), undefined);
  assert.equal(grpc({ priority: { int64_param: '1' } }), undefined);
  assert.deepEqual(grpc({ sequence_id: { int64_param: '5' } }), { ...none, id: 5n });
  assert.deepEqual(grpc({ sequence_id: { uint64_param: '18446744073709551615' }, sequence_start: start }), {
    id: 2n ** 64n - 1n,
    isFirst: true,
    isLast: false,
  });
  assert.deepEqual(grpc({ sequence_start: start, sequence_end: start }), { id: 0n, isFirst: true, isLast: true });
  assert.deepEqual(grpc({ sequence_id: { string_param: '' }, sequence_end: { bool_param: false } }), none);
});

test('parameters tell a sequence, over REST', () => {
  assert.equal(json('{}'), undefined);
  assert.equal(json('{"binary_data_output": false, "other": {"sequence_id": 1}}'), undefined);
  assert.deepEqual(json('{"sequence_id": 18446744073709551615, "sequence_start": true}'), {
    id: 2n ** 64n - 1n,
    isFirst: true,
    isLast: false,
  });
  assert.deepEqual(json('{"sequence_end": true, "sequence_id": ""}'), { ...none, isLast: true });
});

const wrong: [what: () => unknown, expected: string][] = [
  [
    () => grpc({ sequence_id: { int64_param: '-1' } }),
    'an integer from 0 to 2^64 - 1; Actual: -1; parameter name: sequence_id',
  ],
  [
    () => grpc({ sequence_id: {} }),
    'an integer from 0 to 2^64 - 1; Actual: another value; parameter name: sequence_id',
  ],
  [
    () => json('{"sequence_id": 1.5}'),
    'an integer from 0 to 2^64 - 1; Actual: another value; parameter name: sequence_id',
  ],
  [() => json('{"sequence_id": "mine"}'), 'an integer from 0 to 2^64 - 1; Actual: a text; parameter name: sequence_id'],
  [
    () => json('{"sequence_id": [1]}'),
    'an integer from 0 to 2^64 - 1; Actual: another value; parameter name: sequence_id',
  ],
  [() => json('{"sequence_start": 1}'), 'true or false; Actual: 1; parameter name: sequence_start'],
];

test('parameters that tell no sequence are refused', () => {
  for (const [read, expected] of wrong) {
    assert.throws(read, new ServingError('invalid-argument', `Invalid request parameter - Expected: ${expected}`));
  }
});
