import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelServer } from '../../../test/support/model-server.ts';
import { serverEnvironment } from './server-environment.ts';

const endpoint = 'http://collector:4317';
const usual = [
  'POD_NAME',
  'OTEL_RESOURCE_ATTRIBUTES=k8s.namespace.name=ns,k8s.pod.name=$(POD_NAME),modelserver.name=x',
  `OTEL_EXPORTER_OTLP_ENDPOINT=${endpoint}`,
];
const grpc = 'OTEL_EXPORTER_OTLP_PROTOCOL=grpc';

const cases: [what: string, otel: object | undefined, env: object[] | undefined, expected: string[]][] = [
  ['nothing', undefined, undefined, []],
  ['the user', undefined, [{ name: 'A', value: '1' }], ['A=1']],
  ['traces', {}, undefined, [...usual, grpc]],
  ['traces by HTTP', { protocol: 'http/json' }, undefined, [...usual, 'OTEL_EXPORTER_OTLP_PROTOCOL=http/json']],
  ['a sampler', { sampler: 'always_off' }, undefined, [...usual, grpc, 'OTEL_TRACES_SAMPLER=always_off']],
  [
    'a ratio needs a sampler',
    { ratio: '0.5' },
    undefined,
    [...usual, grpc, 'OTEL_TRACES_SAMPLER=parentbased_traceidratio', 'OTEL_TRACES_SAMPLER_ARG=0.5'],
  ],
  [
    'a ratio of a sampler',
    { sampler: 'traceidratio', ratio: '0.5' },
    undefined,
    [...usual, grpc, 'OTEL_TRACES_SAMPLER=traceidratio', 'OTEL_TRACES_SAMPLER_ARG=0.5'],
  ],
  ['headers', { headersSecretRef: { name: 's', key: 'k' } }, undefined, [...usual, grpc, 'OTEL_EXPORTER_OTLP_HEADERS']],
  [
    'the user wins, and comes last',
    {},
    [{ name: 'OTEL_EXPORTER_OTLP_PROTOCOL', value: 'http/protobuf' }],
    [...usual, 'OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf'],
  ],
];

for (const [what, otel, env, expected] of cases) {
  test(`the environment: ${what}`, () => {
    const observability = otel ? { otel: { endpoint, ...otel } } : {};
    const found = serverEnvironment(modelServer({ observability, ...(env ? { env } : {}) }));
    assert.deepEqual(
      found.map(({ name, value }) => (value === undefined ? name : `${name}=${value}`)),
      expected,
    );
  });
}

test('the headers come from a Secret that only the pods read', () => {
  const otel = { endpoint, headersSecretRef: { name: 's', key: 'k' } };
  const headers = serverEnvironment(modelServer({ observability: { otel } })).at(-1);
  assert.deepEqual(headers?.valueFrom, { secretKeyRef: { name: 's', key: 'k' } });
});
