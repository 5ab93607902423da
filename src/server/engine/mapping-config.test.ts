import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ServingError } from '../model/error.ts';
import { parseMappingConfig, renamed, renamedKeys } from './mapping-config.ts';

const ports = { inputs: [{ name: 'b' }, { name: 'c' }], outputs: [{ name: 'a' }] };

suite('mapping_config.json', () => {
  const good: [text: string, inputs: string[], outputs: string[]][] = [
    ['{}', ['b', 'c'], ['a']],
    ['{"inputs": {}, "outputs": {}}', ['b', 'c'], ['a']],
    ['{"inputs": {"b": "image"}}', ['image', 'c'], ['a']],
    ['{"outputs": {"a": "digit"}}', ['b', 'c'], ['digit']],
    ['{"inputs": {"b": "c", "c": "b"}, "outputs": {"a": "b"}}', ['c', 'b'], ['b']],
  ];
  for (const [text, inputs, outputs] of good) {
    test(`of ${text} clients see ${inputs} and ${outputs}`, () => {
      const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name);
      const seen = renamed(ports, parseMappingConfig(text));
      assert.deepEqual([names(seen.inputs), names(seen.outputs)], [inputs, outputs]);
    });
  }

  const bad: [text: string, cause: RegExp][] = [
    ['{', /^it is not valid JSON: /],
    ['[]', /^expected an object with "inputs" and "outputs"$/],
    ['{"input": {}}', /^there is no such key: input; there are inputs and outputs$/],
    ['{"inputs": []}', /^inputs: expected an object of names by the model's own names$/],
    ['{"outputs": {"a": 1}}', /^outputs\.a: expected a name, got 1$/],
    ['{"outputs": {"a": ""}}', /^outputs\.a: expected a name, got ""$/],
    ['{"inputs": {"x": "y"}}', /^inputs\.x: the model has no such input; inputs: b, c$/],
    ['{"inputs": {"b": "c"}}', /^inputs: two inputs would be called c$/],
  ];
  for (const [text, cause] of bad) {
    test(`${text} is refused`, () => {
      assert.throws(
        () => renamed(ports, parseMappingConfig(text)),
        (error) => {
          assert.ok(error instanceof ServingError && error.code === 'failed-precondition');
          const [what, why] = error.message.split(' - ', 2);
          assert.equal(what, 'The file mapping_config.json cannot be used');
          assert.match(why!, cause);
          return true;
        },
      );
    });
  }

  test('what a model says of its inputs and outputs goes by the new names', () => {
    const mapping = parseMappingConfig('{"inputs": {"b": "image"}, "outputs": {"a": "digit"}}');
    const layouts = new Map([
      ['b', 'NHWC'],
      ['c', 'N'],
      ['a', 'NC'],
    ]);
    assert.deepEqual(
      [...renamedKeys(layouts, mapping)],
      [
        ['image', 'NHWC'],
        ['c', 'N'],
        ['digit', 'NC'],
      ],
    );
  });
});
