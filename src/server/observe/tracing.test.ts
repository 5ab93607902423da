import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ReceivedSpan, startOtlpReceiver } from '../../../test/support/otlp-receiver.ts';
import { type Run, runTraced } from '../../../test/support/run-traced.ts';
import type { Program } from '../../../test/support/traced-program.ts';

type Call = Program['calls'][number];

const traceId = '0af7651916cd43dd8448eb211c80319c';
const callerId = 'b7ad6b7169203331';
const traceparent = `00-${traceId}-${callerId}-01`;

/** The calls' own spans, in order, as a collector gets them. */
async function trace(
  calls: readonly Call[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ spans: ReceivedSpan[]; all: readonly ReceivedSpan[]; run: Run }> {
  const receiver = await startOtlpReceiver();
  try {
    const run = await runTraced({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.httpEndpoint, ...environment }, { calls });
    return { spans: receiver.spans.filter(({ kind }) => kind === 'SERVER'), all: receiver.spans, run };
  } finally {
    await receiver.close();
  }
}

test('goes on in the trace of the caller', async () => {
  const { spans, all } = await trace([{ headers: { traceparent, tracestate: 'vendor=1,other=2' } }]);
  assert.equal(spans.length, 1);
  assert.equal(spans[0]!.parentSpanId, callerId);
  assert.equal(spans[0]!.traceState, 'vendor=1,other=2');
  assert.deepEqual(
    all.map((span) => span.traceId),
    [traceId, traceId],
  );
});

test('begins a trace where the caller names none, or one that is malformed', async () => {
  const { spans } = await trace([{}, { headers: { traceparent: '00-nonsense' } }, { headers: { traceparent: '' } }]);
  assert.deepEqual(
    spans.map(({ parentSpanId }) => parentSpanId),
    [undefined, undefined, undefined],
  );
  assert.equal(new Set(spans.map((span) => span.traceId)).size, 3);
});

test('reads the headers of the propagator that is configured', async () => {
  const headers = { traceparent, b3: `${'c'.repeat(32)}-${'d'.repeat(16)}-1` };
  const { spans } = await trace([{ headers }], { OTEL_PROPAGATORS: 'b3' });
  assert.deepEqual([spans[0]!.traceId, spans[0]!.parentSpanId], ['c'.repeat(32), 'd'.repeat(16)]);
});

test('describes a call by the conventions for gRPC', async () => {
  const { spans } = await trace([
    { headers: { ':authority': 'models.example:8500' } },
    { headers: { ':authority': '[::1]:8500' } },
    { headers: { ':authority': 'localhost' } },
  ]);
  const call = { 'rpc.system.name': 'grpc', 'rpc.method': 'test.Service/Call', 'rpc.status_code': 'OK' };
  assert.deepEqual(
    spans.map(({ name, kind, attributes, status, events }) => ({ name, kind, attributes, status, events })),
    [
      { 'server.address': 'models.example', 'server.port': 8500 },
      { 'server.address': '::1', 'server.port': 8500 },
      { 'server.address': 'localhost' },
    ].map((server) => ({
      name: 'test.Service/Call',
      kind: 'SERVER',
      attributes: { ...call, ...server },
      status: { code: 'UNSET', message: '' },
      events: [],
    })),
  );
});

test("a caller's own mistake is told, and is no failure", async () => {
  const mistakes: [status: number, name: string][] = [
    [1, 'CANCELLED'],
    [3, 'INVALID_ARGUMENT'],
    [5, 'NOT_FOUND'],
    [8, 'RESOURCE_EXHAUSTED'],
    [9, 'FAILED_PRECONDITION'],
    [10, 'ABORTED'],
  ];
  const { spans } = await trace(mistakes.map(([status]) => ({ status, error: 'You are wrong' })));
  assert.deepEqual(
    spans.map(({ attributes, status }) => [attributes['rpc.status_code'], attributes['error.type'], status.code]),
    mistakes.map(([, name]) => [name, undefined, 'UNSET']),
  );
  assert.deepEqual(spans[1]!.events, [
    {
      name: 'exception',
      attributes: { 'exception.type': 'INVALID_ARGUMENT', 'exception.message': 'You are wrong' },
    },
  ]);
});

test("a failure of the server is one, by its status's name, with what caused it", async () => {
  const failures: [status: number, name: string][] = [
    [2, 'UNKNOWN'],
    [4, 'DEADLINE_EXCEEDED'],
    [12, 'UNIMPLEMENTED'],
    [13, 'INTERNAL'],
    [14, 'UNAVAILABLE'],
    [15, 'DATA_LOSS'],
  ];
  const { spans } = await trace(
    failures.map(([status]) => ({ status, error: 'Internal error', cause: 'the weights are gone' })),
  );
  assert.deepEqual(
    spans.map(({ attributes, status }) => [attributes['rpc.status_code'], attributes['error.type'], status]),
    failures.map(([, name]) => [name, name, { code: 'ERROR', message: 'Internal error' }]),
  );
  const [event] = spans[3]!.events;
  assert.equal(event!.attributes['exception.message'], 'the weights are gone');
  assert.match(String(event!.attributes['exception.stacktrace']), /traced-program\.ts/);
});

test('lines of the log carry the ids of the span that they were written in', async () => {
  const { spans, run } = await trace([{ headers: { traceparent } }, {}]);
  const ids = run.log.map(({ msg, trace_id, span_id }) => [msg, trace_id, span_id]);
  assert.deepEqual(ids, [
    ['inside', traceId, spans[0]!.spanId],
    ['inside', spans[1]!.traceId, spans[1]!.spanId],
    ['outside', undefined, undefined],
  ]);
});
