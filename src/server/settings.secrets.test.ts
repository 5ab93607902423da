import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Environment, readSettings } from './settings.ts';

const model = ['--model_name', 'm', '--model_path', '/m', '--port', '9000'];

function read(flags: readonly string[], environment: Environment = {}) {
  const read = readSettings([...model, ...flags], environment, '/work');
  return read.kind === 'serve' ? read.settings.secrets : read;
}

const pair = ['--grpc_certificate_path', 'tls.crt', '--grpc_key_path', '/tls.key'];
const grpc = { certificate: '/work/tls.crt', key: '/tls.key' };
const none = { grpc: undefined, rest: undefined, apiKeys: undefined };

const given: readonly [flags: readonly string[], environment: Environment, secrets: object][] = [
  [[], {}, none],
  [pair, {}, { ...none, grpc }],
  [[...pair, '--grpc_ca_path', 'ca.crt'], {}, { ...none, grpc: { ...grpc, authorities: '/work/ca.crt' } }],
  [pair.map((flag) => flag.replace('grpc', 'rest')), {}, { ...none, rest: grpc }],
  [['--api_key_file', 'keys'], { API_KEY: 'k' }, { ...none, apiKeys: { path: '/work/keys' } }],
  [[], { API_KEY: 'k' }, { ...none, apiKeys: { key: 'k', source: 'API_KEY' } }],
  [[], { API_KEY: '' }, none],
];

for (const [flags, environment, secrets] of given) {
  test(`secrets of ${flags.join(' ')} ${JSON.stringify(environment)}`, () => {
    assert.deepEqual(read(flags, environment), secrets);
  });
}

const wrong: readonly [flags: readonly string[], problem: RegExp][] = [
  [pair.slice(0, 2), /^--grpc_key_path: must be given as well, for TLS$/],
  [pair.slice(2), /^--grpc_certificate_path: must be given as well, for TLS$/],
  [['--rest_ca_path', 'ca.crt'], /^--rest_certificate_path: must be given as well, for TLS$/],
  [['--grpc_certificate_path='], /^--grpc_certificate_path: .*a file/],
  [['--api_key_file='], /^--api_key_file: .*a file/],
  [['--health_port', '9000'], /^--health_port: must be another port than port and rest_port$/],
  [['--rest_port', '8000', '--health_port', '8000'], /^--health_port: must be another port/],
];

for (const [flags, problem] of wrong) {
  test(`${flags.join(' ')} is refused`, () => {
    const refused = read(flags);
    assert.ok('kind' in refused && refused.kind === 'wrong', JSON.stringify(refused));
    assert.equal(refused.problems.length, 1);
    assert.match(refused.problems[0]!, problem);
  });
}
