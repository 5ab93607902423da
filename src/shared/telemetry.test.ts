import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { startOtlpReceiver } from '../../test/support/otlp-receiver.ts';
import { type Run, runTraced } from '../../test/support/run-traced.ts';
import { isTracingOn } from './telemetry.ts';

test('is on only where the environment names somewhere to send traces to', () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };
  const cases: [environment: Record<string, string>, on: boolean][] = [
    [{}, false],
    [{ OTEL_SERVICE_NAME: 'a', OTEL_TRACES_SAMPLER: 'always_on' }, false],
    [endpoint, true],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }, false],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces' }, true],
    [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://collector:4318/v1/metrics' }, false],
    [{ OTEL_TRACES_EXPORTER: 'otlp' }, true],
    [{ OTEL_TRACES_EXPORTER: 'console' }, true],
    [{ OTEL_TRACES_EXPORTER: '' }, false],
    [{ ...endpoint, OTEL_TRACES_EXPORTER: 'none' }, false],
    [{ ...endpoint, OTEL_TRACES_EXPORTER: 'otlp, none' }, false],
    [{ ...endpoint, OTEL_SDK_DISABLED: 'True' }, false],
    [{ ...endpoint, OTEL_SDK_DISABLED: 'false' }, true],
  ];
  for (const [environment, on] of cases) assert.equal(isTracingOn(environment), on, JSON.stringify(environment));
});

test('loads nothing of OpenTelemetry while it is off', async () => {
  const run = await runTraced({}, { calls: [{}] });
  assert.equal(run.on, false);
  assert.ok(run.modules.some((url) => url.includes('/node_modules/pino/')));
  assert.deepEqual(
    run.modules.filter((url) => url.includes('/node_modules/@opentelemetry/')),
    [],
  );
});

for (const protocol of ['grpc', 'http/protobuf', 'http/json'] as const) {
  test(`exports over ${protocol}`, async (t) => {
    const receiver = await startOtlpReceiver();
    t.after(() => receiver.close());
    const run = await runTraced(
      {
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_EXPORTER_OTLP_ENDPOINT: protocol === 'grpc' ? receiver.grpcEndpoint : receiver.httpEndpoint,
      },
      { calls: [{ status: 13, error: 'broken' }] },
    );
    assert.ok(run.modules.some((url) => url.includes('/node_modules/@opentelemetry/sdk-node/')));
    const [child, parent] = receiver.spans;
    assert.deepEqual(receiver.protocols, [protocol]);
    assert.deepEqual(
      receiver.spans.map(({ name, kind }) => [name, kind]),
      [
        ['decode', 'INTERNAL'],
        ['test.Service/Call', 'SERVER'],
      ],
    );
    assert.equal(child!.parentSpanId, parent!.spanId);
    assert.equal(child!.traceId, parent!.traceId);
    assert.match(parent!.traceId, /^[0-9a-f]{32}$/);
    assert.match(parent!.spanId, /^[0-9a-f]{16}$/);
    assert.deepEqual(child!.attributes, { 'test.bytes': 42, 'test.ratio': 0.5, 'test.yes': true });
    assert.deepEqual(parent!.status, { code: 'ERROR', message: 'broken' });
    assert.equal(parent!.events[0]!.name, 'exception');
    assert.ok(parent!.start < child!.start && child!.start < child!.end && child!.end < parent!.end);
    assert.deepEqual(parent!.scope, { name: 'program', version: '1.2.3' });
    assert.deepEqual(warnings(run.log), []);
  });
}

test('names the service, unless the environment does', async (t) => {
  const receiver = await startOtlpReceiver();
  t.after(() => receiver.close());
  const environment = {
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.httpEndpoint}/v1/traces`,
    OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
  };
  await runTraced(environment, { calls: [{}] });
  await runTraced(
    { ...environment, OTEL_SERVICE_NAME: 'mine', OTEL_RESOURCE_ATTRIBUTES: 'service.version=9,k8s.pod.name=pod-1' },
    { calls: [{}] },
  );
  const names = ['service.name', 'service.version', 'k8s.pod.name', 'telemetry.sdk.name'];
  assert.deepEqual(
    [receiver.spans[0]!, receiver.spans[2]!].map(({ resource }) => names.map((name) => resource[name])),
    [
      ['program', '1.2.3', undefined, 'opentelemetry'],
      ['mine', '9', 'pod-1', 'opentelemetry'],
    ],
  );
});

test('a collector that is down costs a line in the log, and nothing else', async () => {
  const endpoint = `http://127.0.0.1:${await portOfNobody()}`;
  const [grpc, http] = await Promise.all(
    ['grpc', 'http/protobuf'].map((protocol) =>
      runTraced(
        { OTEL_EXPORTER_OTLP_PROTOCOL: protocol, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint },
        { calls: [{}, {}, {}] },
      ),
    ),
  );
  assert.deepEqual([grpc!.sampled, http!.sampled], Array(2).fill([true, true, true]));
  assert.equal(warnings(grpc!.log).length, 1);
  assert.match(warnings(grpc!.log)[0]!, /an export failed: .*ECONNREFUSED/);
  // Over HTTP the SDK goes on trying, for longer than there is time at the end.
  assert.deepEqual(warnings(http!.log), ['OpenTelemetry: the last traces could not be sent in time']);
});

test('a collector that never answers does not keep the process from ending', async (t) => {
  const silent = createServer(() => {});
  await once(silent.listen(0, '127.0.0.1'), 'listening');
  t.after(() => silent.close());
  const run = await runTraced(
    {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
      OTEL_EXPORTER_OTLP_TIMEOUT: '3600000',
      OTEL_BSP_EXPORT_TIMEOUT: '3600000',
    },
    { calls: [{}] },
  );
  assert.deepEqual(warnings(run.log), ['OpenTelemetry: the last traces could not be sent in time']);
});

test('an environment that does not work out leaves tracing off, and says why', async () => {
  const run = await runTraced(
    { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a b' },
    { calls: [{}] },
  );
  assert.equal(run.on, false);
  assert.match(warnings(run.log)[0]!, /Tracing is off.*: Invalid URL/);
});

test('tells of every setting that it does not understand', async (t) => {
  const receiver = await startOtlpReceiver();
  t.after(() => receiver.close());
  const run = await runTraced(
    {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.httpEndpoint,
      OTEL_TRACES_SAMPLER: 'now_and_then',
      OTEL_PROPAGATORS: 'tracecontext,pigeon',
    },
    { calls: [{}] },
  );
  const said = warnings(run.log).join('\n');
  assert.match(said, /now_and_then/);
  assert.match(said, /pigeon/);
  assert.equal(receiver.spans.length, 2);
});

test('a trace that may come to nothing is sent once it has come to something, and then whole', async (t) => {
  const receiver = await startOtlpReceiver();
  t.after(() => receiver.close());
  await runTraced(
    { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.httpEndpoint },
    {
      calls: [],
      tentative: [
        { name: 'a', isKept: true },
        { name: 'b', isKept: false },
        { name: 'c', isKept: true },
      ],
    },
  );
  assert.deepEqual(
    receiver.spans.map(({ name }) => name),
    ['early in a', 'a', 'late in a', 'early in c', 'c', 'late in c'],
  );
  const [early, root] = receiver.spans;
  assert.equal(early!.parentSpanId, root!.spanId);
  assert.ok(root!.start < early!.start && early!.end < root!.end, 'times are those at which things happened');
});

test('samples as the environment says, and as the caller has decided', async (t) => {
  const receiver = await startOtlpReceiver();
  t.after(() => receiver.close());
  const traceparent = (flags: string) => ({ traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-${flags}` });
  const program = { calls: [{}, { headers: traceparent('00') }, { headers: traceparent('01') }] };
  const cases: [sampler: Record<string, string>, sampled: boolean[]][] = [
    [{}, [true, false, true]],
    [{ OTEL_TRACES_SAMPLER: 'always_off' }, [false, false, false]],
    [{ OTEL_TRACES_SAMPLER: 'always_on' }, [true, true, true]],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_always_off' }, [false, false, true]],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' }, [false, false, true]],
  ];
  for (const [sampler, sampled] of cases) {
    const before = receiver.spans.length;
    const run = await runTraced({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.httpEndpoint, ...sampler }, program);
    assert.deepEqual(run.sampled, sampled, JSON.stringify(sampler));
    assert.equal(receiver.spans.length - before, 2 * sampled.filter(Boolean).length);
  }
});

/** Messages of the lines that are more than information, each with its error's. */
function warnings(log: Run['log']): string[] {
  return log
    .filter(({ level }) => level !== 'info')
    .map(({ msg, err }) => (err ? `${msg}: ${(err as Error).message}` : String(msg)));
}

async function portOfNobody(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
