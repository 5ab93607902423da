import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flags } from './flags.ts';
import { help } from './help.ts';
import { parseArguments } from './parse-arguments.ts';

const parse = (...argv: string[]) => parseArguments(argv, flags);

test('a value stands behind its flag or behind an equals sign', () => {
  const { values, problems } = parse('--port', '9000', '--model_name=m', '--plugin_config', '{"A": "--b=c"}');
  assert.deepEqual(problems, []);
  assert.deepEqual(
    [...values],
    [
      ['port', '9000'],
      ['model_name', 'm'],
      ['plugin_config', '{"A": "--b=c"}'],
    ],
  );
});

test('a boolean flag may stand alone', () => {
  assert.deepEqual(
    [...parse('--stateful', '--port=1').values],
    [
      ['stateful', 'true'],
      ['port', '1'],
    ],
  );
  assert.deepEqual([...parse('--stateful', 'false').values], [['stateful', 'false']]);
  assert.deepEqual([...parse('-h').values], [['help', 'true']]);
});

test('every problem is reported, each by the name of its flag', () => {
  const { problems } = parse('--prot', '1', 'stray', '--port', '--nireq=1', '--nireq=2', '--nothing_like_it');
  assert.deepEqual(problems, [
    'unknown flag --prot (did you mean --port?)',
    'unexpected argument "stray": flags begin with --',
    '--port needs a value',
    '--nireq is given twice',
    'unknown flag --nothing_like_it',
  ]);
});

test('the help names every flag and keeps to its width', () => {
  const text = help();
  for (const name of flags.keys()) assert.ok(text.includes(`--${name}`), name);
  for (const line of text.split('\n')) assert.ok(line.length <= 100, line);
});
