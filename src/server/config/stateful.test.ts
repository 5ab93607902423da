import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StatefulOptions } from '../model/wanted.ts';
import { modelTypeChanges } from './model-type.ts';
import { parseConfig } from './parse-config.ts';

/** A model's fields to its options and what is wrong with them. */
function read(fields: object) {
  const config = { model_config_list: [{ config: { name: 'm', base_path: '/m', ...fields } }] };
  const parsed = parseConfig(JSON.stringify(config), '/');
  return parsed.problems ?? parsed.models[0]!.options.stateful;
}

const usual: StatefulOptions = { mostSequences: 500, endsIdle: true, lowLatency: false };

const taken: [fields: object, options: StatefulOptions | undefined][] = [
  [{}, undefined],
  [{ stateful: false }, undefined],
  [{ stateful: true }, usual],
  [{ stateful: true, batch_size: -1, shape: '(1,-1)' }, usual],
  [
    { stateful: true, max_sequence_number: 0 },
    { ...usual, mostSequences: 0 },
  ],
  [
    {
      stateful: true,
      idle_sequence_cleanup: false,
      low_latency_transformation: true,
      max_sequence_number: 4_294_967_295,
    },
    { mostSequences: 4_294_967_295, endsIdle: false, lowLatency: true },
  ],
];

for (const [fields, options] of taken) {
  test(`taken: ${JSON.stringify(fields)}`, () => assert.deepEqual(read(fields), options));
}

const nonStateful = 'Stateful model config parameter used for non stateful model';
const auto = 'stateful: Dynamic shape and dynamic batch size are not supported for stateful models: "auto"';

const refused: [fields: object, ...problems: string[]][] = [
  [{ stateful: 'yes' }, 'stateful: expected true or false, got "yes"'],
  [{ idle_sequence_cleanup: true }, `idle_sequence_cleanup: ${nonStateful}`],
  [{ stateful: false, low_latency_transformation: false }, `low_latency_transformation: ${nonStateful}`],
  [{ max_sequence_number: 500 }, `max_sequence_number: ${nonStateful}`],
  [{ stateful: true, idle_sequence_cleanup: 1 }, 'idle_sequence_cleanup: expected true or false, got 1'],
  ...[-1, 1.5, 4_294_967_296, '5'].map((value): [object, string] => [
    { stateful: true, max_sequence_number: value },
    `max_sequence_number: expected an integer from 0 to 4294967295, got ${JSON.stringify(value)}`,
  ]),
  [{ stateful: true, batch_size: 'auto' }, auto],
  [{ stateful: true, shape: 'auto' }, auto],
  [{ stateful: true, shape: { a: '(1,2)', b: 'auto' } }, auto],
  [{ stateful: true, shape: '{"b": "auto"}' }, auto],
];

for (const [fields, ...problems] of refused) {
  test(`refused: ${JSON.stringify(fields)}`, () => {
    assert.deepEqual(
      read(fields),
      problems.map((problem) => `model_config_list[0].config.${problem}`),
    );
  });
}

test('a model that is known cannot become stateful, nor cease to be', () => {
  const models = (...stateful: [name: string, stateful: boolean][]) => {
    const list = stateful.map(([name, value]) => ({ config: { name, base_path: `/${name}`, stateful: value } }));
    const parsed = parseConfig(JSON.stringify({ model_config_list: list }), '/');
    return parsed.problems ? assert.fail(parsed.problems.join()) : parsed.models;
  };
  const before = models(['a', false], ['b', true], ['c', true]);
  assert.deepEqual(modelTypeChanges(before, before), []);
  assert.deepEqual(modelTypeChanges(before, models(['b', true], ['d', true])), []);
  assert.deepEqual(
    modelTypeChanges(before, models(['a', true], ['b', false], ['c', true])).map((problem) =>
      problem.replace(/;.*/, ''),
    ),
    [
      'model_config_list: Model type cannot be changed after it is loaded - stateful of a',
      'model_config_list: Model type cannot be changed after it is loaded - stateful of b',
    ],
  );
});
