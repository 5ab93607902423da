import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { addModel, removeModel } from './edit-config.ts';

const m = { name: 'm', basePath: 'models/m' };
const others =
  '{\n  "model_config_list": [\n    { "config": { "name": "n", "base_path": "n", "nireq": 2 } }\n  ],\n  "monitoring": {}\n}';
const add = (text: string | undefined, model = m) => addModel(text, model, '/etc');

suite('a config file is edited', () => {
  test('a new one is written as OpenVINO Model Server writes it', () => {
    assert.equal(
      add(undefined),
      `{
    "model_config_list": [
        {
            "config": {
                "name": "m",
                "base_path": "models/m"
            }
        }
    ]
}
`,
    );
  });

  test('what else stands in it stays, and so does its indentation', () => {
    const added = add(others);
    assert.deepEqual(JSON.parse(added), {
      model_config_list: [
        { config: { name: 'n', base_path: 'n', nireq: 2 } },
        { config: { name: 'm', base_path: 'models/m' } },
      ],
      monitoring: {},
    });
    assert.match(added, /^\{\n {2}"model_config_list"/);
    assert.deepEqual(JSON.parse(removeModel(added, 'm')), JSON.parse(others));
  });

  test('of several models with the name the first goes, also if its entry has problems', () => {
    const entry = (config: object) => ({ config });
    const list = [1, entry({ name: 'm', nirek: 4 }), entry({ name: 'm' })];
    const text = removeModel(JSON.stringify({ model_config_list: list }), 'm');
    assert.deepEqual(JSON.parse(text), { model_config_list: [1, entry({ name: 'm' })] });
  });

  const refusals: [what: string, edit: () => string, problem: RegExp][] = [
    ['a name that is taken', () => add(others, { ...m, name: 'n' }), /^Given model name is already occupied - n$/],
    ['a name that is not there', () => removeModel(others, 'm'), /^Model with requested name is not found - m$/],
    ['a file that is not there', () => removeModel(undefined, 'm'), /^Config file not found or cannot open\.$/],
    ['no JSON', () => add('{'), /^config: The file is not valid json - /],
    ['no list', () => add('{"model_config_list": {}}'), /^model_config_list: expected a list$/],
    ['a list', () => removeModel('[]', 'm'), /^model_config_list: expected a list$/],
    ['a way up', () => add(undefined, { ...m, basePath: '../m' }), /^model\.config\.base_path: "\.\." is not allowed/],
  ];
  for (const [what, edit, message] of refusals) {
    test(`refused: ${what}`, () => assert.throws(edit, { message }));
  }
});
