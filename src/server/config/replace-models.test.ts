import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parseConfig } from './parse-config.ts';
import { replaceModels } from './replace-models.ts';

const entry = (config: object) => ({ config });
const parsed = parseConfig(
  JSON.stringify({
    model_config_list: [
      entry({ name: 'm', base_path: 'm', nireq: 4, required: false, version_labels: { old: 1 } }),
      entry({ name: 'n', base_path: '/n', layout: 'NHWC', model_version_policy: { all: {} } }),
    ],
  }),
  '/etc',
);
assert.ok(!parsed.problems);
const current = parsed.models;
const replace = (...configs: object[]) => replaceModels(configs.map(entry), current, '/etc');

suite('a set of models in the place of another', () => {
  test('what only the config file says of a model stays with its name and base path', () => {
    const policy = { specific: { versions: [2] } };
    const { models = [] } = replace(
      { name: 'm', base_path: '/etc/m', model_version_policy: policy, version_labels: { new: 2 } },
      { name: 'n', base_path: '/n' },
    );
    const [m, n] = current;
    assert.deepEqual(models, [
      { ...m, policy: { kind: 'specific', versions: [2] }, labels: new Map([['new', 2]]) },
      { ...n, policy: { kind: 'latest', count: 1 } },
    ]);
  });

  test('a model of another base path begins anew, and one that is left out goes', () => {
    const { models = [] } = replace({ name: 'm', base_path: 'other' });
    assert.deepEqual(
      models.map(({ name, basePath, required, options }) => [name, basePath, required, options.inferRequests]),
      [['m', '/etc/other', true, 0]],
    );
    assert.deepEqual(replace(), { models: [] });
  });

  test('what is wrong is told as of the config file', () => {
    assert.deepEqual(replace({ base_path: 'a/../b' }, { name: 'm', base_path: '/m' }, { name: 'm', base_path: '/o' }), {
      problems: [
        'model_config_list[0].config.name: expected a name, got nothing',
        'model_config_list[0].config.base_path: ".." is not allowed in a path: a/../b',
        'model_config_list: the model m is listed more than once',
      ],
    });
  });
});
