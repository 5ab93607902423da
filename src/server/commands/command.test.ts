import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { flags } from '../cli/flags.ts';
import { parseArguments } from '../cli/parse-arguments.ts';
import { Problems } from '../config/problems.ts';
import { readCommand } from './command.ts';

function read(line: string, repository?: string) {
  const { values, problems: wrong } = parseArguments(line.split(' '), flags);
  const problems = new Problems();
  problems.all.push(...wrong);
  const command = readCommand(values, repository, problems);
  return problems.all.length > 0 ? problems.all : command;
}

suite('commands', () => {
  const add = (configPath: string, basePath: string) => ({ kind: 'add-to-config', configPath, name: 'm', basePath });
  const remove = (configPath: string) => ({ kind: 'remove-from-config', configPath, name: 'm' });
  const good: [line: string, repository: string | undefined, command: object | undefined][] = [
    ['--port 9000 --model_name m', '/r', undefined],
    ['--list_models=false', '/r', undefined],
    ['--list_models --model_repository_path /models', '/r', { kind: 'list-models', repository: '/models' }],
    ['--list_models', '/r', { kind: 'list-models', repository: '/r' }],
    ['--add_to_config /c --model_name m --model_path /m', undefined, add('/c', '/m')],
    ['--add_to_config --config_path /c --model_name m --model_path /m', undefined, add('/c', '/m')],
    ['--add_to_config=true --config_path /c --model_name m --model_path /m', undefined, add('/c', '/m')],
    ['--model_name m --add_to_config /c --model_repository_path models', undefined, add('/c', 'models/m')],
    ['--model_name m --add_to_config', '/r', add('/r/config.json', '/r/m')],
    ['--remove_from_config /c --model_name m', undefined, remove('/c')],
    ['--model_name m --config_path /c --remove_from_config', '/r', remove('/c')],
    ['--model_name m --remove_from_config', '/r', remove('/r/config.json')],
  ];
  for (const [line, repository, command] of good) {
    test(`${line}${repository ? `, with ${repository}` : ''}`, () => assert.deepEqual(read(line, repository), command));
  }

  const bad: [line: string, ...problems: string[]][] = [
    [
      '--list_models',
      '--model_repository_path: must be given with --list_models, unless OVMS_MODEL_REPOSITORY_PATH is set',
    ],
    [
      '--add_to_config',
      '--config_path: must be given with --add_to_config',
      '--model_name: must be given with --add_to_config',
      '--model_path: must be given with --add_to_config, or --model_repository_path',
    ],
    [
      '--remove_from_config /c --model_path /m',
      '--model_name: must be given with --remove_from_config',
      '--model_path: cannot be used with --remove_from_config',
    ],
    ['--list_models --add_to_config --model_repository_path /r', '--list_models: cannot be used with --add_to_config'],
  ];
  for (const [line, ...problems] of bad) {
    test(`${line} is refused`, () => assert.deepEqual(read(line), problems));
  }
});
