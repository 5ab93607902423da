import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { addModel } from '../support/ir-model.ts';
import { startOtlpReceiver } from '../support/otlp-receiver.ts';
import { single } from '../support/repository.ts';
import { restFlags } from '../support/rest.ts';
import { scrape } from '../support/scrape.ts';
import { startServer, temporaryFolder } from '../support/server.ts';

const traceId = 'a'.repeat(32);
const callerId = 'b7ad6b7169203331';

test('REST is counted and traced as gRPC is', async (t) => {
  const receiver = await startOtlpReceiver();
  t.after(() => receiver.close());
  const folder = temporaryFolder(t);
  addModel('FP32', [-1, 2]).write(join(folder, '1'));
  const rest = await restFlags();
  const server = await startServer(t, [...single(folder), ...rest.flags, '--metrics_enable'], {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.httpEndpoint,
    OTEL_BSP_SCHEDULE_DELAY: '50',
  });
  const ask = async (path: string, body?: string) => {
    const headers = { traceparent: `00-${traceId}-${callerId}-01` };
    const response = await fetch(`http://127.0.0.1:${rest.port}${path}`, {
      headers,
      ...(body === undefined ? {} : { method: 'POST', body }),
    });
    await response.arrayBuffer();
    return response.status;
  };
  const kserveInput = '{"inputs": [{"name": "b", "shape": [1, 2], "datatype": "FP32", "data": [1, 2]}]}';
  assert.equal(await ask('/v1/models/m:predict', '{"instances": [[1, 2], [3, 4]]}'), 200);
  assert.equal(await ask('/v1/models/m:predict', '{"instances": [[1]]}'), 400);
  assert.equal(await ask('/v1/models/other:predict', '{"instances": [[1]]}'), 404);
  assert.equal(await ask('/v1/models/m'), 200);
  assert.equal(await ask('/v1/models/m/metadata'), 200);
  assert.equal(await ask('/v2/models/m/infer', kserveInput), 200);
  assert.equal(await ask('/v2/models/m/infer', '{'), 400);
  assert.equal(await ask('/v2/models/m'), 200);
  assert.equal(await ask('/v2/models/m/ready'), 200);
  assert.equal(await ask('/v2/health/ready'), 200);

  const exposition = await scrape(rest.port);
  const count = (api: string, method: string, labels: Record<string, string> = { version: '1' }) =>
    ['ovms_requests_success', 'ovms_requests_fail']
      .map((name) => exposition.value(name, { api, interface: 'REST', method, name: 'm', ...labels }))
      .join(' ');
  assert.equal(count('TensorFlowServing', 'Predict'), '1 1');
  assert.equal(count('TensorFlowServing', 'GetModelMetadata'), '1 0');
  assert.equal(count('TensorFlowServing', 'GetModelStatus', {}), '1 0');
  // A message that cannot be read names no version yet.
  assert.equal(count('KServe', 'ModelInfer'), '1 0');
  assert.equal(count('KServe', 'ModelMetadata'), '1 0');
  assert.equal(count('KServe', 'ModelReady', {}), '1 0');
  const m1 = { name: 'm', version: '1' };
  assert.equal(exposition.value('ovms_request_time_us_count', { interface: 'REST', ...m1 }), 2);
  assert.equal(exposition.value('ovms_request_time_us_count', { interface: 'gRPC', ...m1 }), 0);
  assert.equal(exposition.value('ovms_current_requests', m1), 0);
  assert.equal(await server.stop(), 0);

  const calls = receiver.spans.filter(({ kind }) => kind === 'SERVER');
  assert.equal(calls.length, 9);
  const [first, second] = calls;
  assert.deepEqual([first!.name, first!.traceId, first!.parentSpanId], ['POST /v1/models/*', traceId, callerId]);
  assert.deepEqual(first!.attributes, {
    'http.request.method': 'POST',
    'http.route': '/v1/models/*',
    'url.path': '/v1/models/m:predict',
    'url.scheme': 'http',
    'server.address': '127.0.0.1',
    'server.port': rest.port,
    'http.response.status_code': 200,
    'modelserver.model.name': 'm',
    'modelserver.model.version': 1,
    'modelserver.batch.size': 2,
  });
  const stages = receiver.spans.filter(({ parentSpanId }) => parentSpanId === first!.spanId).map(({ name }) => name);
  assert.deepEqual(stages.sort(), ['decode', 'encode', 'inference', 'queue wait']);
  assert.equal(second!.attributes['http.response.status_code'], 400);
  assert.equal(second!.attributes['error.type'], undefined);
});
