import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelServer } from '../../../test/support/model-server.ts';
import { parseConfig } from '../../server/config/parse-config.ts';
import { serverConfig } from '../desired/server-config.ts';
import type { ModelWish } from './judge-model.ts';
import { configuredModels, listedModels } from './models-of.ts';

const plain = { required: true, policy: { kind: 'latest', count: 1 }, labelled: [] } as const;

const models: [entry: object, wish: Partial<ModelWish>][] = [
  [{}, {}],
  [{ required: false }, { required: false }],
  [{ versionPolicy: { latest: { numVersions: 3 } } }, { policy: { kind: 'latest', count: 3 } }],
  [{ versionPolicy: { latest: {} } }, {}],
  [{ versionPolicy: { all: {} } }, { policy: { kind: 'all' } }],
  [{ versionPolicy: { specific: { versions: [3, 1] } } }, { policy: { kind: 'specific', versions: [3, 1] } }],
  [{ versionLabels: { stable: 1, canary: 2 } }, { labelled: [1, 2] }],
];

for (const [entry, wish] of models) {
  test(`a model of the resource, and of its config: ${JSON.stringify(entry)}`, () => {
    const { spec } = modelServer({ models: [{ name: 'm', ...entry }] });
    const expected = [{ name: 'm', ...plain, ...wish, folder: '/models/m' }];
    assert.deepEqual(listedModels(spec), expected);
    assert.deepEqual(configuredModels(serverConfig(spec)), expected);
  });
}

test('a resource without models lists none', () => {
  const { spec } = modelServer({ models: undefined, config: { configMapRef: { name: 'c' } } });
  assert.deepEqual(listedModels(spec), []);
});

const config = (...entries: unknown[]) => JSON.stringify({ model_config_list: entries });
const model = (more: object) => config({ config: { name: 'm', base_path: '/m', ...more } });

const accepted: [text: string, wishes: ModelWish[]][] = [
  [config(), []],
  [model({}), [{ name: 'm', ...plain, folder: '/m' }]],
  [model({ base_path: 'm' }), [{ name: 'm', ...plain }]],
  [model({ version_labels: {} }), [{ name: 'm', ...plain, folder: '/m' }]],
  [
    config({ config: { name: 'm', base_path: '/a' } }, { config: { name: 'm', base_path: '/b' } }),
    [{ name: 'm', ...plain, folder: '/a' }],
  ],
  [
    model({ model_version_policy: { latest: { num_versions: 2 } } }),
    [{ name: 'm', ...plain, policy: { kind: 'latest', count: 2 }, folder: '/m' }],
  ],
];

for (const [text, wishes] of accepted) {
  test(`a config: ${text}`, () => {
    assert.deepEqual(configuredModels(text), wishes);
    assert.equal(parseConfig(text, '/').problems, undefined);
  });
}

const refused: [text: string, message: RegExp][] = [
  ['', /^the config is no JSON: ./],
  ['[]', /^the config: expected an object$/],
  ['null', /^the config: expected an object$/],
  ['{}', /^the config has no list "model_config_list"$/],
  ['{"model_config_list": {}}', /no list/],
  [config(1), /^model_config_list\[0\]: expected an object$/],
  [config({ name: 'm' }), /^model_config_list\[0\]\.config: expected an object$/],
  [config({ config: {} }), /^model_config_list\[0\]\.config\.name: expected a name$/],
  [model({ name: '' }), /\.name: expected a name$/],
  [model({ name: 1 }), /\.name: expected a name$/],
  [model({ model_version_policy: null }), /model_version_policy: expected an object$/],
  [model({ model_version_policy: {} }), /model_version_policy/],
  [model({ model_version_policy: { all: {}, latest: { num_versions: 1 } } }), /model_version_policy: expected one of/],
  [model({ model_version_policy: { newest: {} } }), /expected one of latest/],
  [model({ model_version_policy: { latest: { num_versions: 0 } } }), /num_versions: expected integers ≥ 1$/],
  [model({ model_version_policy: { latest: {} } }), /num_versions: expected integers/],
  [model({ model_version_policy: { specific: { versions: ['1'] } } }), /specific\.versions: expected integers/],
  [model({ model_version_policy: { specific: { versions: [] } } }), /expected one of latest, specific with versions/],
  [model({ model_version_policy: { specific: { versions: 1 } } }), /expected one of/],
  [model({ version_labels: [1] }), /version_labels: expected an object$/],
  [model({ version_labels: { stable: '1' } }), /version_labels: expected integers/],
];

for (const [text, message] of refused) {
  test(`no config: ${text}`, () => {
    const found = configuredModels(text);
    if ('length' in found) assert.fail(`accepted as ${JSON.stringify(found)}`);
    assert.equal(found.reason, 'ConfigInvalid');
    assert.match(found.message, message);
    // What the operator refuses, its pods would refuse: nothing is kept from them that they could serve.
    assert.ok((parseConfig(text, '/').problems ?? []).length > 0, 'the server takes it');
  });
}
