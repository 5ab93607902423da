import assert from 'node:assert/strict';
import { test } from 'node:test';
import { elements } from '../../examples/clients/typescript/client.ts';
import { addModel } from '../support/ir-model.ts';
import { KServeClient, packed } from '../support/kserve.ts';
import { bgr, picture, png } from '../support/picture.ts';
import { changeConfig, toConfig } from '../support/pipeline-config.ts';
import { modelNode, pipeline } from '../support/pipeline-definition.ts';
import { outcome, predict } from '../support/predict.ts';
import { writeModels } from '../support/protocol-models.ts';
import { restFlags } from '../support/rest.ts';
import { startServer, temporaryFolder } from '../support/server.ts';

const node = modelNode('n', 'm', { b: 'request.image' });
const outputs = { out: 'n.a' };

test('encoded images go into pipelines, one by one or as a list that is split', async (t) => {
  const folder = temporaryFolder(t);
  const config = writeModels(folder, {}, [{ name: 'm', base_path: 'm', layout: 'NHWC' }]);
  addModel('FP32', [1, 4, 6, 3], 0).write(`${folder}/m/1`);
  const definitions = [
    pipeline(['image'], [node], outputs, { name: 'one' }),
    pipeline(['image'], [node], outputs, { name: 'each', demultiply: 'dynamic' }),
    pipeline(['image'], [node], outputs, { name: 'two', demultiply: 2 }),
  ];
  changeConfig(config, (before) => ({ ...before, pipeline_config_list: definitions.map(toConfig) }));
  const { port, flags } = await restFlags();
  const server = await startServer(t, ['--config_path', config, '--settle_milliseconds', '100', ...flags]);
  const kserve = new KServeClient(t, server.port);

  const pictures = [1, 2, 3].map((shift) => picture(6, 4, 3, shift));
  const images = await Promise.all(pictures.map(png));
  const pixels = pictures.flatMap(bgr);
  const ask = (name: string, list: readonly Buffer[]) => {
    const image = { dtype: 'DT_STRING', tensor_shape: { dim: [{ size: list.length }] }, string_val: list };
    return outcome(
      predict(server.client, { model_spec: { name }, inputs: { image } }).then(({ outputs: { out } }) => [
        out!.tensor_shape.dim.map(({ size }) => Number(size)),
        elements(out!),
      ]),
    );
  };

  assert.deepEqual(await ask('one', images.slice(0, 1)), [[1, 4, 6, 3], pixels.slice(0, 72)]);
  assert.deepEqual(await ask('each', images), [[3, 1, 4, 6, 3], pixels]);
  assert.deepEqual(await ask('two', images.slice(0, 2)), [[2, 1, 4, 6, 3], pixels.slice(0, 144)]);
  assert.deepEqual(await ask('each', []), [[0, 1, 4, 6, 3], []]);
  assert.equal(await ask('two', images), '3 Invalid input batch size - Expected: 2; Actual: 3; input name: image');

  const viaKServe = await kserve.infer({
    model_name: 'each',
    inputs: [{ name: 'image', datatype: 'BYTES', shape: [3] }],
    raw_input_contents: [packed(...images)],
  });
  assert.deepEqual(viaKServe.outputs[0]!.shape, ['3', '1', '4', '6', '3']);
  assert.deepEqual([...new Float32Array(Uint8Array.from(viaKServe.raw_output_contents[0]!).buffer)], pixels);

  const response = await fetch(`http://127.0.0.1:${port}/v1/models/each:predict`, {
    method: 'POST',
    body: JSON.stringify({ inputs: { image: images.map((image) => ({ b64: image.toString('base64') })) } }),
  });
  const answer = (await response.json()) as { outputs: number[][] };
  assert.deepEqual((answer.outputs as unknown[]).flat(4), pixels);
});
