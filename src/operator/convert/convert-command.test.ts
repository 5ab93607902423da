import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { convertCommand } from './convert-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'convert-'));
after(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const resource = (name: string, more = '') => `apiVersion: intel.com/v1alpha1
kind: ModelServer
metadata: {name: ${name}}
spec:
  models_settings: {model_name: m, model_path: /models/m, plugin_config: ''}
  models_repository: {models_volume_claim: models}
  server_settings: {file_system_poll_wait_seconds: 1}
${more}`;
const plain = write('plain.yaml', resource('ovms-plain'));
const lossy = write('lossy.yaml', resource('ovms-lossy', '  service_parameters: {rest_port: some}\n'));
const told = write('told.yaml', resource('told'));
const broken = write('broken.yaml', 'a: "');

async function run(argv: readonly string[], stdin = '') {
  let stdout = '';
  let stderr = '';
  const code = await convertCommand(argv, {
    stdin: (async function* () {
      for (const byte of Buffer.from(stdin)) yield Buffer.of(byte);
    })(),
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
  });
  return { code, stdout, stderr };
}

test('ends with a code that says how it went', async () => {
  const cases: [argv: string[], code: number, documents: string[], stderr: RegExp][] = [
    [[plain], 0, ['ovms-plain'], /^$/],
    [['--strict', plain], 0, ['ovms-plain'], /^$/],
    [[lossy], 0, ['ovms-lossy'], /^To do: ovms-lossy: service_parameters\.rest_port: some\n {2}\S.*\n$/],
    [['--strict', lossy], 1, ['ovms-lossy'], /^To do: /],
    [[told, '--strict'], 0, ['told'], /^Note: told: metadata\.name: told\n {2}Clients .*\n$/],
    [[plain, lossy], 0, ['ovms-plain', 'ovms-lossy'], /^To do: ovms-lossy/],
    [[], 2, [], /^Which file is to be converted\?/],
    [['--fast', plain], 2, [], /^Unknown option '--fast'/],
    [[plain, broken], 2, [], /broken\.yaml cannot be converted: it is no YAML: line 1, MISSING_CHAR\n$/],
    [[join(folder, 'none.yaml')], 2, [], /none\.yaml cannot be converted: there is no such file\n$/],
    [[folder], 2, [], /cannot be converted: it is a folder\n$/],
    [['-'], 2, [], /^standard input cannot be converted: there is no ModelServer of intel\.com\/v1alpha1 in it\n$/],
  ];
  for (const [argv, code, documents, stderr] of cases) {
    const result = await run(argv);
    assert.equal(result.code, code, argv.join(' '));
    assert.match(result.stderr, stderr);
    const names = result.stdout === '' ? [] : parseAllDocuments(result.stdout).map((one) => one.toJS().metadata.name);
    assert.deepEqual(names, documents);
  }
});

test('reads standard input, and says how it is used', async () => {
  const { code, stdout } = await run(['-'], resource('ovms-größe'));
  assert.equal(code, 0);
  assert.match(stdout, /name: ovms-größe/);
  const help = await run(['--help']);
  assert.equal(help.code, 0);
  assert.match(help.stdout, /^Usage: modelserver-operator convert /);
});
