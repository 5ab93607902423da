import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { elements, imageFiles, type TensorProto } from '../../examples/clients/typescript/client.ts';
import { drawPage, mostDigits, type Page } from '../../examples/digits/draw-page.ts';
import { startServer, type TestServer, temporaryFolder } from '../support/server.ts';

const config = join(import.meta.dirname, '../../examples/digits/config.json');
const requests = 200;
const concurrency = 16;

interface Read {
  readonly outputs: {
    readonly text: { readonly string_val: readonly Buffer[] };
    readonly coordinates: TensorProto;
  };
}

const cleanUps: (() => unknown)[] = [];
let server: TestServer;

before(async () => {
  server = await startServer({ after: (cleanUp) => cleanUps.push(cleanUp) }, ['--config_path', config]);
});
after(async () => {
  for (const cleanUp of cleanUps) await cleanUp();
});

async function read({ jpeg }: Page): Promise<{ text: string; boxes: number[][] }> {
  const request = { model_spec: { name: 'page' }, inputs: { page: imageFiles(jpeg) } };
  const { outputs } = await server.client.call<Read>('PredictionService', 'Predict', request);
  const places = elements(outputs.coordinates);
  const boxes = Array.from({ length: places.length / 4 }, (_, i) => places.slice(4 * i, 4 * i + 4));
  return { text: outputs.text.string_val.join(''), boxes };
}

test('pages of 0 to 40 digits are read, one request for each, many at a time', async () => {
  const pages = await Promise.all(
    Array.from({ length: requests }, (_, i) => drawPage(i % (mostDigits + 1), Math.floor(i / (mostDigits + 1)) + 1)),
  );
  assert.equal(pages[0]!.digits, '');
  assert.equal(pages[40]!.digits.length, 40);
  const left = pages.entries();
  const wrong: string[] = [];
  const readAll = async () => {
    for (const [i, page] of left) {
      const { text, boxes } = await read(page);
      if (text !== page.digits || boxes.length !== page.digits.length)
        wrong.push(`page ${i}: ${text} for ${page.digits}`);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, readAll));
  assert.deepEqual(wrong, []);
});

test('places are told in the order of reading', async () => {
  const { boxes } = await read(await drawPage(mostDigits, 1));
  const columns = 8;
  for (const [i, [x, y]] of boxes.entries()) {
    if (i % columns > 0) assert.ok(x! > boxes[i - 1]![0]!, `digit ${i} is left of the one before it`);
    else if (i > 0) assert.ok(y! > boxes[i - columns]![1]!, `line ${i / columns} is above the one before it`);
  }
});

test('a node that is ended is told by the library that it is of, and the others serve on', async (t) => {
  const folder = temporaryFolder(t);
  const looping = `export const open = () => ({
    inputs: { x: { precision: 'FP32', shape: [-1] } },
    outputs: { y: { precision: 'FP32', shape: [-1] } },
    execute({ x }) { if (x.data[0] === 1) for (;;); return { y: x }; },
  });`;
  writeFileSync(join(folder, 'looping.mjs'), looping);
  const nodes = [
    {
      name: 'loop',
      type: 'custom',
      library_name: 'looping',
      params: {},
      inputs: [{ x: { node_name: 'request', data_item: 'x' } }],
      outputs: [{ data_item: 'y', alias: 'y' }],
    },
  ];
  const file = join(folder, 'config.json');
  const text = JSON.stringify({
    model_config_list: [],
    custom_node_library_config_list: [{ name: 'looping', base_path: 'looping.mjs' }],
    pipeline_config_list: [
      { name: 'loops', inputs: ['x'], nodes, outputs: [{ y: { node_name: 'loop', data_item: 'y' } }] },
    ],
  });
  writeFileSync(file, text);
  const { client } = await startServer(t, ['--config_path', file, '--custom_node_timeout_ms', '1500']);
  const call = (value: number) => {
    const content = Buffer.from(Float32Array.of(value).buffer);
    const x = { dtype: 'DT_FLOAT', tensor_shape: { dim: [{ size: 1 }] }, tensor_content: content };
    return client.call<{ outputs: { y: TensorProto } }>('PredictionService', 'Predict', {
      model_spec: { name: 'loops' },
      inputs: { x },
    });
  };
  const outcomes = await Promise.allSettled([1, 2, 1, 3].map(call));
  for (const i of [0, 2]) {
    const outcome = outcomes[i]!;
    assert.ok(outcome.status === 'rejected');
    assert.equal(outcome.reason.code, 13);
    assert.match(
      outcome.reason.details,
      /^Custom node failed during execution - Node: loop; library: looping; it has not answered within 1500 ms/,
    );
  }
  for (const [i, value] of [
    [1, 2],
    [3, 3],
  ] as const) {
    const outcome = outcomes[i]!;
    assert.ok(outcome.status === 'fulfilled');
    assert.deepEqual(elements(outcome.value.outputs.y), [value]);
  }
});
