import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { elements, floats, imageFiles, type PredictResponse } from '../../examples/clients/typescript/client.ts';
import { bgr, picture, png } from '../support/picture.ts';
import { startServer, type TestServer, temporaryFolder } from '../support/server.ts';

const size = {
  original_image_width: '6',
  original_image_height: '4',
  target_image_width: '3',
  target_image_height: '2',
};
const from = (node_name: string, data_item: string) => ({ node_name, data_item });
const same = (name: string) => ({ data_item: name, alias: name });

/** As configs of OpenVINO Model Server have them: its libraries by the paths that they have in its image. */
const config = {
  model_config_list: [],
  custom_node_library_config_list: ['add_one', 'image_transformation', 'model_zoo_intel_object_detection'].map(
    (name) => ({
      name,
      base_path: `/ovms/lib/custom_nodes/libcustom_node_${name}.so`,
    }),
  ),
  pipeline_config_list: [
    {
      name: 'add_three',
      inputs: ['numbers'],
      nodes: [
        {
          name: 'one',
          library_name: 'add_one',
          type: 'custom',
          params: {},
          inputs: [{ input_numbers: from('request', 'numbers') }],
          outputs: [same('output_numbers')],
        },
        {
          name: 'two',
          library_name: 'add_one',
          type: 'custom',
          params: { add_number: '2' },
          inputs: [{ input_numbers: from('one', 'output_numbers') }],
          outputs: [same('output_numbers')],
        },
      ],
      outputs: [{ numbers: from('two', 'output_numbers') }],
    },
    {
      name: 'planes',
      inputs: ['image'],
      nodes: [
        {
          name: 'transform',
          library_name: 'image_transformation',
          type: 'custom',
          params: {
            original_image_layout: 'NHWC',
            target_image_layout: 'NCHW',
            target_image_color_order: 'RGB',
            scale: '2',
            debug: 'true',
          },
          inputs: [{ image: from('request', 'image') }],
          outputs: [same('image')],
        },
      ],
      outputs: [{ image: from('transform', 'image') }],
    },
    {
      name: 'cut',
      inputs: ['image', 'detection'],
      nodes: [
        {
          name: 'boxes',
          library_name: 'model_zoo_intel_object_detection',
          type: 'custom',
          params: { ...size, original_image_layout: 'NHWC', target_image_layout: 'NHWC', confidence_threshold: '0.5' },
          demultiply_count: 0,
          inputs: [{ image: from('request', 'image') }, { detection: from('request', 'detection') }],
          outputs: ['images', 'coordinates', 'confidences', 'label_ids'].map(same),
        },
      ],
      outputs: ['images', 'confidences', 'label_ids'].map((name) => ({ [name]: from('boxes', name) })),
    },
    {
      name: 'wrong',
      inputs: ['numbers'],
      nodes: [
        {
          name: 'many',
          library_name: 'add_one',
          type: 'custom',
          params: { add_number: 'many' },
          inputs: [{ input_numbers: from('request', 'numbers') }],
          outputs: [same('output_numbers')],
        },
      ],
      outputs: [{ numbers: from('many', 'output_numbers') }],
    },
  ],
};

const cleanUps: (() => unknown)[] = [];
let server: TestServer;

before(async () => {
  const cleanup = { after: (cleanUp: () => unknown) => cleanUps.push(cleanUp) };
  const file = join(temporaryFolder(cleanup), 'config.json');
  writeFileSync(file, JSON.stringify(config));
  server = await startServer(cleanup, ['--config_path', file]);
});
after(async () => {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
});

async function predict(name: string, inputs: object) {
  const request = { model_spec: { name }, inputs };
  const { outputs } = await server.client.call<PredictResponse>('PredictionService', 'Predict', request);
  return Object.fromEntries(
    Object.entries(outputs).map(([output, tensor]) => [
      output,
      { shape: tensor.tensor_shape.dim.map((dim) => Number(dim.size)), values: elements(tensor) },
    ]),
  );
}

test('a chain of two nodes of one library, with parameters of their own', async () => {
  const numbers = floats(
    Float32Array.from({ length: 10 }, (_, i) => i),
    1,
    10,
  );
  assert.deepEqual(await predict('add_three', { numbers }), {
    numbers: { shape: [1, 10], values: [3, 4, 5, 6, 7, 8, 9, 10, 11, 12] },
  });
});

test('an encoded image, in planes of red, green and blue', async () => {
  const image = picture(5, 4);
  const { samples } = image;
  const planes = [0, 1, 2].flatMap((channel) => [...samples].filter((_, i) => i % 3 === channel));
  assert.deepEqual(await predict('planes', { image: imageFiles(await png(image)) }), {
    image: { shape: [1, 3, 4, 5], values: planes.map((sample) => sample / 2) },
  });
});

test('boxes are cut out, and none are an empty batch', async () => {
  const image = picture(6, 4);
  const blues = bgr(image).filter((_, i) => i % 3 === 0);
  const tensor = floats(Float32Array.from(bgr(image)), 1, 4, 6, 3);
  const rows = (...list: number[][]) => floats(Float32Array.from(list.flat()), 1, 1, list.length, 7);
  const unsure = [0, 2, 0.25, 0, 0, 1, 1];
  const found = await predict('cut', { image: tensor, detection: rows([0, 1, 0.75, 0.5, 0.5, 1, 1], unsure) });
  assert.deepEqual(found.confidences, { shape: [1, 1, 1], values: [0.75] });
  assert.deepEqual(found.label_ids, { shape: [1, 1, 1], values: [1] });
  assert.deepEqual(found.images!.shape, [1, 1, 2, 3, 3]);
  // A quarter of the picture is of the size that is asked for: its lower right.
  assert.deepEqual(
    found.images!.values.filter((_, i) => i % 3 === 0),
    [15, 16, 17, 21, 22, 23].map((pixel) => blues[pixel]),
  );
  const nothing = await predict('cut', { image: tensor, detection: rows(unsure) });
  assert.deepEqual(nothing.images, { shape: [0, 1, 2, 3, 3], values: [] });
});

test('a wrong parameter is told in the status of the pipeline, by its name', async () => {
  const status = await server.client.call<{ model_version_status: { status: { error_message: string } }[] }>(
    'ModelService',
    'GetModelStatus',
    { model_spec: { name: 'wrong' } },
  );
  assert.match(
    status.model_version_status[0]!.status.error_message,
    /Node: many; library: add_one; parameter add_number - Expected: an integer from 0; Actual: "many"/,
  );
});
