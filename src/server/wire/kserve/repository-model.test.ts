import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hostileBytes } from '../../../../test/support/hostile-bytes.ts';
import { protoType } from '../../../../test/support/proto-type.ts';
import { ServingError } from '../../model/error.ts';
import {
  checkRepositoryModelJson,
  decodeRepositoryModelRequest,
  parseRepositoryPath,
  type RepositoryOrder,
} from './repository-model.ts';

const file = 'grpc_predict_v2.proto';
const types = {
  load: protoType(file, 'inference.RepositoryModelLoadRequest'),
  unload: protoType(file, 'inference.RepositoryModelUnloadRequest'),
};
const refused = (order: RepositoryOrder, parameter: string) =>
  new ServingError(
    'unimplemented',
    `The parameter ${parameter} of a request to ${order} a model is not supported - models are configured by the config file and by what is in their folders`,
  );

const table: [order: RepositoryOrder, parameters: Record<string, object>, refusal: ServingError | undefined][] = [
  ['load', {}, undefined],
  ['unload', {}, undefined],
  ['unload', { unload_dependents: { bool_param: true } }, undefined],
  ['load', { config: { string_param: '{}' } }, refused('load', 'config')],
  ['load', { 'file:1/model.onnx': { bytes_param: Buffer.from('x') } }, refused('load', 'file:1/model.onnx')],
  ['load', { unload_dependents: { bool_param: true } }, refused('load', 'unload_dependents')],
  ['unload', { config: { string_param: '{}' } }, refused('unload', 'config')],
];

for (const [order, parameters, refusal] of table) {
  test(`${order} with ${Object.keys(parameters).join() || 'no parameters'} is ${refusal ? 'refused' : 'taken'}`, () => {
    const message = types[order].encode({ repository_name: 'any', model_name: 'm', parameters });
    const json = Buffer.from(
      JSON.stringify({ parameters: Object.fromEntries(Object.keys(parameters).map((name) => [name, true])), a: 1 }),
    );
    if (refusal) {
      assert.throws(() => decodeRepositoryModelRequest(order, message), refusal);
      assert.throws(() => checkRepositoryModelJson(order, json), refusal);
    } else {
      assert.equal(decodeRepositoryModelRequest(order, message), 'm');
      checkRepositoryModelJson(order, json);
    }
  });
}

test('over REST a body need not be there, and must be JSON if it is', () => {
  checkRepositoryModelJson('load', Buffer.alloc(0));
  for (const body of ['[]', '{', '{"parameters": 1}', '{} {}']) {
    assert.throws(() => checkRepositoryModelJson('load', Buffer.from(body)), { code: 'invalid-argument' }, body);
  }
});

test('paths', () => {
  assert.deepEqual(parseRepositoryPath('/v2/repository/models/m/load'), { name: 'm', order: 'load' });
  assert.deepEqual(parseRepositoryPath('/v2/repository/models/a%2Fb/unload'), { name: 'a/b', order: 'unload' });
  for (const path of [
    '/v2/repository/models/m',
    '/v2/repository/models//load',
    '/v2/repository/models/m/reload',
    '/v2/repository/models/m/load/',
    '/v2/repository/models/%zz/load',
  ]) {
    assert.equal(parseRepositoryPath(path), undefined, path);
  }
});

test('bytes of any kind are a request or the caller’s fault', () => {
  const whole = fc.constantFrom(
    ...table.map(([order, parameters]) => Buffer.from(types[order].encode({ model_name: 'm', parameters }))),
  );
  fc.assert(
    fc.property(hostileBytes(whole), fc.constantFrom('load', 'unload'), (bytes, order) => {
      try {
        decodeRepositoryModelRequest(order, bytes);
      } catch (error) {
        assert.ok(error instanceof ServingError && error.code !== 'internal');
      }
    }),
    { numRuns: 1500 },
  );
});
