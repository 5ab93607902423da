import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { predictSum } from '../support/predict.ts';
import { writeVersion } from '../support/repository.ts';
import { eventually, startServer, temporaryFolder } from '../support/server.ts';

const executable = join(import.meta.dirname, '../../bin/modelserver');

function run(...flags: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(executable, flags, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

test('the models of a repository are listed', async (t) => {
  const folder = temporaryFolder(t);
  for (const name of ['b', 'a', 'group/c']) writeVersion(join(folder, name), 1);
  mkdirSync(join(folder, 'empty/1'), { recursive: true });
  mkdirSync(join(folder, 'named/first'), { recursive: true });
  writeFileSync(join(folder, 'config.json'), '{}');
  symlinkSync(folder, join(folder, 'named/round'));
  assert.deepEqual(await run('--list_models', '--model_repository_path', folder), {
    code: 0,
    stdout: `Listing models in repository...\nModel repository path: ${folder}\nAvailable servables to serve from path: ${folder} are: \na\nb\ngroup/c\n`,
    stderr: '',
  });
  const { code, stderr } = await run('--list_models', '--model_repository_path', join(folder, 'nowhere'));
  assert.equal(code, 1);
  assert.match(stderr, /^The repository cannot be read - ENOENT/);
});

test('a server reads what is added to its config file, and removed from it', async (t) => {
  const folder = temporaryFolder(t);
  for (const name of ['m', 'n']) writeVersion(join(folder, name), 1);
  const path = join(folder, 'config.json');
  assert.deepEqual(await run('--add_to_config', folder, '--model_name', 'm', '--model_path', 'm'), {
    code: 0,
    stdout: `Config updated: ${path}\n`,
    stderr: '',
  });
  const { client } = await startServer(t, ['--config_path', path, '--settle_milliseconds', '50']);
  const served = (name: string) => predictSum(client, name).catch(() => undefined);
  assert.ok(await served('m'));
  await run('--add_to_config', '--config_path', path, '--model_name', 'n', '--model_repository_path', folder);
  await eventually(
    () => served('n'),
    (answer) => answer !== undefined,
  );
  await run('--remove_from_config', path, '--model_name', 'm');
  await eventually(
    () => served('m'),
    (answer) => answer === undefined,
  );
  assert.deepEqual(JSON.parse(readFileSync(path, 'utf8')), {
    model_config_list: [{ config: { name: 'n', base_path: join(folder, 'n') } }],
  });
  const refused = await run('--remove_from_config', path, '--model_name', 'm');
  assert.deepEqual(refused, {
    code: 1,
    stdout: '',
    stderr: 'Error on config update : Model with requested name is not found - m\n',
  });
});

test('the file keeps its rights and its links, and nothing is left beside it', async (t) => {
  const folder = temporaryFolder(t);
  const [path, link] = [join(folder, 'real.json'), join(folder, 'link.json')];
  writeFileSync(path, '{"model_config_list": []}', { mode: 0o640 });
  symlinkSync(path, link);
  assert.equal((await run('--add_to_config', link, '--model_name', 'm', '--model_path', '/m')).code, 0);
  assert.equal(statSync(path).mode & 0o777, 0o640);
  assert.equal(JSON.parse(readFileSync(path, 'utf8')).model_config_list.length, 1);
  assert.deepEqual(readdirSync(folder).sort(), ['link.json', 'real.json']);
});
