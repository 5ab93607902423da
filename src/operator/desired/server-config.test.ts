import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelServer } from '../../../test/support/model-server.ts';
import { serverConfig } from './server-config.ts';

const usual = { name: 'm', base_path: '/models/m', model_version_policy: { latest: { num_versions: 1 } } };

const cases: [model: object, config: object][] = [
  [{}, {}],
  [{ path: 'a/b' }, { base_path: '/models/a/b' }],
  [{ versionPolicy: { latest: { numVersions: 3 } } }, { model_version_policy: { latest: { num_versions: 3 } } }],
  [{ versionPolicy: { all: {} } }, { model_version_policy: { all: {} } }],
  [{ versionPolicy: { specific: { versions: [2] } } }, { model_version_policy: { specific: { versions: [2] } } }],
  [{ versionLabels: { stable: 1 } }, { version_labels: { stable: 1 } }],
  [{ versionLabels: {} }, {}],
  [{ required: true }, {}],
  [{ required: false }, { required: false }],
  [{ targetDevice: 'GPU' }, { target_device: 'GPU' }],
  [{ batchSize: 4 }, { batch_size: 4 }],
  [{ batchSize: '-1' }, { batch_size: '-1' }],
  [{ shape: '(1,3)' }, { shape: '(1,3)' }],
  [{ shapes: { a: '(1,3)', b: '(-1)' } }, { shape: { a: '(1,3)', b: '(-1)' } }],
  [{ layout: 'NHWC:NCHW' }, { layout: 'NHWC:NCHW' }],
  [{ layouts: { a: 'NHWC' } }, { layout: { a: 'NHWC' } }],
  [{ stateful: {} }, { stateful: true }],
  [
    { stateful: { maxSequences: 5, idleCleanup: false, lowLatencyTransformation: true } },
    { stateful: true, max_sequence_number: 5, idle_sequence_cleanup: false, low_latency_transformation: true },
  ],
  [{ nireq: 4 }, { nireq: 4 }],
  [{ pluginConfig: { NUM_STREAMS: 2 } }, { plugin_config: { NUM_STREAMS: 2 } }],
  [{ pluginConfig: {} }, {}],
];

for (const [model, config] of cases) {
  test(`config.json of ${JSON.stringify(model)}`, () => {
    const text = serverConfig(modelServer({ models: [{ name: 'm', ...model }] }).spec);
    assert.ok(text.endsWith('}\n'));
    assert.deepEqual(JSON.parse(text), { model_config_list: [{ config: { ...usual, ...config } }] });
  });
}
