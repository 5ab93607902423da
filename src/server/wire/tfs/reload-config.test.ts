import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hostileBytes, refusedOr } from '../../../../test/support/hostile-bytes.ts';
import { protoType } from '../../../../test/support/proto-type.ts';
import { ServingError } from '../../model/error.ts';
import { decodeReloadConfigRequest, encodeReloadConfigResponse } from './reload-config.ts';

const file = 'tensorflow_serving/apis/model_management.proto';
const request = protoType(file, 'tensorflow.serving.ReloadConfigRequest');
const response = protoType(file, 'tensorflow.serving.ReloadConfigResponse');

const table: [what: string, message: object, models: object[] | undefined][] = [
  ['nothing', {}, undefined],
  ['a config of no kind', { config: {} }, undefined],
  ['names of metrics', { metric_names: ['a'] }, undefined],
  ['no models', { config: { model_config_list: {} } }, []],
  [
    'models',
    {
      config: {
        model_config_list: {
          config: [
            { name: 'm', base_path: '/m', model_platform: 'tensorflow', logging_config: {} },
            { name: 'n', base_path: '/n', model_version_policy: { latest: {} } },
            { model_version_policy: { latest: { num_versions: 3 } } },
            { model_version_policy: { all: {} }, version_labels: { stable: 1, canary: 2 } },
            { model_version_policy: { specific: { versions: [1, 7] } } },
            { model_version_policy: {} },
          ],
        },
      },
    },
    [
      { name: 'm', base_path: '/m' },
      { name: 'n', base_path: '/n', model_version_policy: { latest: { num_versions: 1 } } },
      { model_version_policy: { latest: { num_versions: 3 } } },
      { model_version_policy: { all: {} }, version_labels: { stable: 1, canary: 2 } },
      { model_version_policy: { specific: { versions: [1, 7] } } },
      {},
    ].map((config) => ({ config })),
  ],
];

for (const [what, message, models] of table) {
  test(`a request that has ${what}`, () => {
    assert.deepEqual(decodeReloadConfigRequest(request.encode(message)), models);
  });
}

test('a config of another kind is refused', () => {
  const message = request.encode({ config: { custom_model_config: { type_url: 'any' } } });
  assert.throws(
    () => decodeReloadConfigRequest(message),
    new ServingError(
      'invalid-argument',
      'ModelServerConfig type not supported by HandleReloadConfigRequest - Expected: model_config_list; Actual: custom_model_config',
    ),
  );
});

test('the answer tells whether it was done', () => {
  const told = (error: ServingError | undefined) => response.decode(encodeReloadConfigResponse(error)).status;
  assert.deepEqual({ ...(told(undefined) as object) }, { error_code: 0, error_message: '' });
  const refusal = new ServingError('invalid-argument', 'no');
  assert.deepEqual({ ...(told(refusal) as object) }, { error_code: 3, error_message: 'no' });
});

test('bytes of any kind are a request or the caller’s fault', () => {
  const whole = fc.constantFrom(...table.map(([, message]) => Buffer.from(request.encode(message))));
  fc.assert(
    fc.property(hostileBytes(whole), (bytes) => {
      refusedOr(decodeReloadConfigRequest, bytes);
    }),
    { numRuns: 1500 },
  );
});
