import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { accumulatorModel, addModel, identityModel } from '../support/ir-model.ts';
import { twoInputs } from '../support/protocol-models.ts';
import { pythonWith } from '../support/python.ts';
import { restFlags } from '../support/rest.ts';
import { startServer, temporaryFolder } from '../support/server.ts';

const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'unsupported_method',
  'allow_header_conformance',
];

/** What is read of schemathesis's report. */
interface Report {
  readonly exit_code: number;
  readonly test_cases: { readonly generated: number };
  readonly failures: readonly unknown[];
  readonly errors: readonly unknown[];
  /** Operations by what they lack. */
  readonly warnings: { readonly missing_test_data: readonly string[] };
  readonly valid_rates: Readonly<Record<string, { readonly fuzzing: { readonly accepted: number } }>>;
}

/** Of each operation, beside the cases that schemathesis has for the bounds of each schema. */
const casesOfEach = 48;

test('schemathesis finds no fault of the server and no answer that its description lacks, in 2,000 cases', async (t) => {
  const environment = pythonWith('test/clients/requirements-schemathesis.txt');
  if ('missing' in environment) return t.skip(environment.missing);
  const folder = temporaryFolder(t);
  const models = {
    m: addModel('FP32', [-1, 3]),
    two: twoInputs(),
    texts: identityModel('STRING'),
    flags: identityModel('BOOL'),
    sum: accumulatorModel('FP32', [1, 3]),
  };
  for (const [name, model] of Object.entries(models)) model.write(join(folder, name, '1'));
  const list = Object.keys(models).map((name) => ({
    config: { name, base_path: name, version_labels: { stable: 1 } },
  }));
  const config = join(folder, 'config.json');
  writeFileSync(config, JSON.stringify({ model_config_list: list }));
  const { port, flags } = await restFlags();
  const server = await startServer(t, ['--config_path', config, '--metrics_enable', ...flags]);

  const report = join(folder, 'report.json');
  const asked = promisify(execFile)(
    environment.python,
    [
      ...['-m', 'schemathesis.cli', 'run', `http://127.0.0.1:${port}/openapi.json`],
      ...['--generation-deterministic', '--max-examples', String(casesOfEach)],
      ...['--phases', 'examples,coverage,fuzzing', '--checks', checks.join(), '--request-timeout', '10'],
      // Who unloads models leaves nothing for others to ask; and parameters that are not known are answered 501, as described.
      ...['--exclude-path-regex', '^/v2/repository/models/'],
      ...['--continue-on-failure', '--no-color', '--report', 'json', '--report-json-path', report],
    ],
    {
      cwd: folder,
      env: { ...process.env, SCHEMATHESIS_HOOKS: join(import.meta.dirname, 'schemathesis_hooks.py') },
      maxBuffer: 2 ** 26,
    },
  );
  // It fails where it has found something; what that is stands in the report, or else in what it printed.
  const { stdout, stderr } = await asked.catch((error: Error & { stdout: string; stderr: string }) => error);
  assert.ok(existsSync(report), stdout + stderr);
  const { exit_code, test_cases, failures, errors, warnings, valid_rates }: Report = JSON.parse(
    readFileSync(report, 'utf8'),
  );
  assert.deepEqual({ exit_code, failures, errors }, { exit_code: 0, failures: [], errors: [] }, stdout);
  assert.ok(test_cases.generated >= 2000, `only ${test_cases.generated} cases`);
  assert.deepEqual(warnings.missing_test_data, [], 'what is asked for is there often enough');
  for (const path of ['/v1/models/{model}:predict', '/v2/models/{model}/infer']) {
    const { accepted } = valid_rates[`POST ${path}`]!.fuzzing;
    assert.ok(accepted >= 5, `only ${accepted} requests fitted ${path}`);
  }
  assert.deepEqual(
    server.log.filter(({ level }) => level === 'error'),
    [],
  );
  const good = { method: 'POST', body: '{"inputs": [[1, 2, 3]]}' };
  const answer = await fetch(`http://127.0.0.1:${port}/v1/models/m:predict`, good);
  assert.deepEqual(await answer.json(), { outputs: [[2, 3, 4]] });
});
