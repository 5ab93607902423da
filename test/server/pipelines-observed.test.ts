import assert from 'node:assert/strict';
import { test } from 'node:test';
import { floats } from '../../examples/clients/typescript/client.ts';
import { addModel } from '../support/ir-model.ts';
import { startOtlpReceiver } from '../support/otlp-receiver.ts';
import { changeConfig, toConfig } from '../support/pipeline-config.ts';
import { modelNode, pipeline } from '../support/pipeline-definition.ts';
import { outcome, predict, statuses } from '../support/predict.ts';
import { writeModels } from '../support/protocol-models.ts';
import { restFlags } from '../support/rest.ts';
import { scrape } from '../support/scrape.ts';
import { startServer, temporaryFolder } from '../support/server.ts';

test('a pipeline is seen as a whole and node by node, in traces and metrics', async (t) => {
  const receiver = await startOtlpReceiver();
  t.after(() => receiver.close());
  const config = writeModels(temporaryFolder(t), { add: addModel('FP32', [1, 2]), cube: addModel('FP32', [-1, 1, 2]) });
  const nodes = [
    modelNode('s', 'cube', { b: 'request.in' }, ['a'], { demultiply: 'dynamic' }),
    modelNode('n', 'add', { b: 's.a' }),
  ];
  const definition = pipeline(['in'], nodes, { out: 'n.a' });
  changeConfig(config, (before) => ({ ...before, pipeline_config_list: [toConfig(definition)] }));
  const { port, flags } = await restFlags();
  const server = await startServer(t, ['--config_path', config, '--metrics_enable', ...flags], {
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.grpcEndpoint,
    OTEL_BSP_SCHEDULE_DELAY: '50',
  });
  const ask = (count: number) => {
    const inputs = { in: floats(new Float32Array(2 * count), count, 1, 2) };
    return outcome(predict(server.client, { model_spec: { name: 'p' }, inputs }));
  };
  assert.ok(typeof (await ask(3)) === 'object');
  assert.match(String(await ask(10_001)), /^9 Too large dynamic demultiplication requested\. - Node: s; /);
  await statuses(server.client, 'p');

  const { traceId, spanId, attributes } = await receiver.waitFor(
    (span) => span.kind === 'SERVER' && span.attributes['modelserver.model.name'] === 'p',
  );
  assert.equal(attributes['modelserver.model.version'], 1);
  await receiver.waitFor((span) => span.traceId === traceId && span.name === 'encode');
  const spans = receiver.spans.filter((span) => span.traceId === traceId);
  const within = (parent: string) => spans.filter(({ parentSpanId }) => parentSpanId === parent);
  assert.deepEqual(
    within(spanId)
      .map(({ name }) => name)
      .toSorted(),
    ['decode', 'encode', 'node n', 'node n', 'node n', 'node s'],
  );
  const node = spans.find(({ name }) => name === 'node n')!;
  assert.deepEqual(node.attributes, { 'modelserver.pipeline.node': 'n', 'modelserver.model.name': 'add' });
  assert.deepEqual(
    within(node.spanId).map(({ name }) => name),
    ['queue wait', 'inference'],
  );

  const exposition = await scrape(port);
  const p = { name: 'p', version: '1' };
  const predictions = { api: 'TensorFlowServing', interface: 'gRPC', method: 'Predict', ...p };
  assert.equal(exposition.value('ovms_requests_success', predictions), 1);
  assert.equal(exposition.value('ovms_requests_fail', predictions), 1);
  assert.equal(exposition.value('ovms_request_time_us_count', { interface: 'gRPC', ...p }), 1);
  assert.equal(exposition.value('modelserver_pipeline_node_time_us_count', { name: 'p', node: 'n' }), 3);
  assert.equal(exposition.value('modelserver_pipeline_node_time_us_count', { name: 'p', node: 's' }), 2);
  const status = { api: 'TensorFlowServing', interface: 'gRPC', method: 'GetModelStatus', name: 'p' };
  assert.equal(exposition.value('ovms_requests_success', status), 1);
});
