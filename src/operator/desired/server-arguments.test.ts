import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelServer } from '../../../test/support/model-server.ts';
import { serverArguments } from './server-arguments.ts';

const usual = serverArguments(modelServer().spec);

const claim = { persistentVolumeClaim: { claimName: 'c' } };

/** What comes instead of the usual arguments; what goes is told by its flag. */
const cases: [what: string, spec: object, comes: string[], goes?: string[]][] = [
  ['the gRPC port', { server: { grpcPort: 9001 } }, ['--port=9001'], ['--port']],
  ['the HTTP port', { server: { httpPort: 8001 } }, ['--rest_port=8001'], ['--rest_port']],
  ['no metrics', { observability: { metrics: { enabled: false } } }, [], ['--metrics_enable']],
  ['the log level', { server: { logLevel: 'TRACE' } }, ['--log_level=TRACE'], ['--log_level']],
  ['the drain', { server: { drainTimeout: '1m1s' } }, ['--drain_timeout_seconds=61'], ['--drain_timeout_seconds']],
  ['the queue', { server: { queueSize: 0 } }, ['--queue_size=0'], ['--queue_size']],
  ['a quota in bytes', { server: { memoryQuota: '1048576' } }, ['--grpc_memory_quota=1048576']],
  ['a quota', { server: { memoryQuota: '512Mi' } }, ['--grpc_memory_quota=536870912']],
  ['a quota of powers of 10', { server: { memoryQuota: '2G' } }, ['--grpc_memory_quota=2000000000']],
  [
    'the age of connections',
    { server: { maxConnectionAge: '1h' } },
    ['--grpc_channel_arguments=grpc.max_connection_age_ms=3600000'],
    ['--grpc_channel_arguments'],
  ],
  [
    'a watch by events',
    { repository: { ...claim, watch: { mode: 'Events' } } },
    ['--watch_mode=events'],
    ['--watch_mode'],
  ],
  [
    'a watch at intervals',
    { repository: { ...claim, watch: { pollInterval: '1m30s' } } },
    ['--file_system_poll_wait_seconds=90'],
    ['--file_system_poll_wait_seconds'],
  ],
  [
    'how long files must stay the same',
    { repository: { ...claim, watch: { settle: '1s500ms' } } },
    ['--settle_milliseconds=1500'],
    ['--settle_milliseconds'],
  ],
  ['a marker', { repository: { ...claim, watch: { completionMarker: 'DONE' } } }, ['--completion_marker=DONE']],
  [
    'no repository',
    { repository: undefined, models: [{ name: 'a', ...claim }] },
    [],
    ['--watch_mode', '--file_system_poll_wait_seconds', '--settle_milliseconds'],
  ],
  ['a port for probes', { server: { healthPort: 9005 } }, ['--health_port=9005']],
  [
    'certificates',
    { server: { tls: { secretName: 's' } } },
    [
      '--health_port=9001',
      '--grpc_certificate_path=/etc/modelserver-tls/tls.crt',
      '--grpc_key_path=/etc/modelserver-tls/tls.key',
      '--rest_certificate_path=/etc/modelserver-tls/tls.crt',
      '--rest_key_path=/etc/modelserver-tls/tls.key',
    ],
  ],
  [
    'certificates of clients',
    { server: { healthPort: 9005, tls: { secretName: 's', clientCASecretName: 'c' } } },
    [
      '--health_port=9005',
      '--grpc_certificate_path=/etc/modelserver-tls/tls.crt',
      '--grpc_key_path=/etc/modelserver-tls/tls.key',
      '--grpc_ca_path=/etc/modelserver-client-ca/ca.crt',
      '--rest_certificate_path=/etc/modelserver-tls/tls.crt',
      '--rest_key_path=/etc/modelserver-tls/tls.key',
      '--rest_ca_path=/etc/modelserver-client-ca/ca.crt',
    ],
  ],
  ['more', { server: { extraArgs: ['--cache_dir=/tmp'] } }, ['--cache_dir=/tmp']],
];

for (const [what, spec, comes, goes = []] of cases) {
  test(`arguments: ${what}`, () => {
    const found = serverArguments(modelServer(spec).spec);
    assert.deepEqual(
      found.filter((argument) => !usual.includes(argument)),
      comes,
    );
    assert.deepEqual(
      usual.filter((argument) => !found.includes(argument)).map((argument) => argument.split('=')[0]),
      goes,
    );
  });
}

for (const memoryQuota of ['', '1.5Gi', '-1', '1Ti', '1 Gi']) {
  test(`no quota: "${memoryQuota}"`, () =>
    assert.throws(() => serverArguments(modelServer({ server: { memoryQuota } }).spec), /no quantity of bytes/));
}
