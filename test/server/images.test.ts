import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { elements } from '../../examples/clients/typescript/client.ts';
import type { bytesPerElement } from '../../src/server/model/tensor.ts';
import { addModel, type Size } from '../support/ir-model.ts';
import { type InferAnswer, KServeClient, packed } from '../support/kserve.ts';
import { bgr, blank, jpeg, type Picture, picture, png } from '../support/picture.ts';
import { outcome, predict } from '../support/predict.ts';
import { single } from '../support/repository.ts';
import { startServer, type TestServer, temporaryFolder } from '../support/server.ts';

type Model = [precision: keyof typeof bytesPerElement, shape: Size[], layout?: string];

/** Models that give what they are sent. */
const models: Readonly<Record<string, Model>> = {
  fixed: ['FP32', [1, 4, 6, 3], 'NHWC'],
  plain: ['FP32', [1, 4, 6, 3]],
  planes: ['FP32', [1, 3, 4, 6], 'NHWC:NCHW'],
  channelsFirst: ['FP32', [1, 3, 4, 6], 'NCHW'],
  any: ['FP32', [-1, -1, -1, -1], 'NHWC'],
  ranges: ['FP32', ['1..8', '3..5', '4..8', 3], 'NHWC'],
  grey: ['FP32', [1, 4, 6, 1], 'NHWC'],
  alpha: ['FP32', [1, 4, 6, 4], 'NHWC'],
  two: ['FP32', [2, 4, 6, 3], 'NHWC'],
  flat: ['FP32', [1, 72], 'NC'],
  ...Object.fromEntries(
    (['FP64', 'I32', 'I16', 'I8', 'U16', 'U8', 'I64', 'U32'] as const).map((precision) => [
      precision,
      [precision, [1, 4, 6, 3], 'NHWC'] satisfies Model,
    ]),
  ),
};

const cleanUps: (() => unknown)[] = [];
let server: TestServer;

before(async () => {
  const file = { after: (cleanUp: () => unknown) => cleanUps.push(cleanUp) };
  const folder = temporaryFolder(file);
  const model_config_list = Object.entries(models).map(([name, [precision, shape, layout]]) => {
    addModel(precision, shape, 0).write(join(folder, name, '1'));
    return { config: { name, base_path: name, ...(layout && { layout }) } };
  });
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ model_config_list }));
  server = await startServer(file, ['--config_path', join(folder, 'config.json'), '--settle_milliseconds', '100']);
});
after(async () => {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
});

/** Shape and values of what a model makes of images; or the refusal. */
function ask(
  name: string,
  images: readonly Buffer[],
  shape: readonly number[] = [images.length],
  { client } = server,
): Promise<unknown> {
  const tensor_shape = { dim: shape.map((size) => ({ size })) };
  const inputs = { b: { dtype: 'DT_STRING', tensor_shape, string_val: images } };
  return outcome(
    predict(client, { model_spec: { name }, inputs }).then(({ outputs: { a } }) => [
      a!.tensor_shape.dim.map(({ size }) => Number(size)),
      elements(a!),
    ]),
  );
}

const image = picture(6, 4);
const pixels = bgr(image);
const planes = [0, 1, 2].flatMap((channel) => pixels.filter((_, i) => i % 3 === channel));

test('a picture becomes a tensor of blue, green and red', async () => {
  const bytes = await png(image);
  for (const name of ['fixed', 'plain', 'FP64', 'I32', 'I16', 'U16', 'U8']) {
    assert.deepEqual(await ask(name, [bytes]), [[1, 4, 6, 3], pixels], name);
  }
  assert.deepEqual(await ask('any', [bytes]), [[1, 4, 6, 3], pixels]);
  assert.deepEqual(await ask('planes', [bytes]), [[1, 3, 4, 6], planes]);
  assert.deepEqual(await ask('I8', [bytes]), [[1, 4, 6, 3], pixels.map((sample) => Math.min(127, sample))]);
});

test('grey pictures have one channel, and transparency is the fourth', async () => {
  for (const [name, channels] of [['grey', 1] as const, ['alpha', 4] as const]) {
    const other = picture(6, 4, channels);
    assert.deepEqual(await ask(name, [await png(other)]), [[1, 4, 6, channels], bgr(other)]);
    assert.deepEqual(await ask('any', [await png(other)]), [[1, 4, 6, channels], bgr(other)]);
  }
});

test('a batch is as many pictures', async () => {
  const others = [1, 2, 3].map((shift) => picture(6, 4, 3, shift));
  const all = await Promise.all([image, ...others].map(png));
  assert.deepEqual(await ask('any', all), [[4, 4, 6, 3], [image, ...others].flatMap(bgr)]);
  assert.deepEqual(await ask('two', all.slice(0, 2)), [[2, 4, 6, 3], [image, others[0]!].flatMap(bgr)]);
});

test('a JPEG is taken as well, and so are the digits', async () => {
  const [shape, values] = (await ask('fixed', [await jpeg(image)])) as [number[], number[]];
  assert.deepEqual(shape, [1, 4, 6, 3]);
  assert.ok(values.some((value, i) => value !== pixels[i]));
  const digit = readFileSync(join(import.meta.dirname, '../../examples/digits/images/7.png'));
  assert.deepEqual(((await ask('any', [digit])) as [number[]])[0], [1, 64, 64, 1]);
});

/** Twice as large: the average of what a pixel becomes is that pixel again, where nothing is cut off. */
function doubled({ width, height, channels, samples }: Picture): Picture {
  const larger = Buffer.alloc(samples.length * 4);
  for (let y = 0; y < 2 * height; y++) {
    for (let x = 0; x < 2 * width; x++) {
      const from = ((y >> 1) * width + (x >> 1)) * channels;
      samples.copy(larger, (y * 2 * width + x) * channels, from, from + channels);
    }
  }
  return { width: 2 * width, height: 2 * height, channels, samples: larger };
}

const resized: [what: string, model: string, sizes: [width: number, height: number][], shape: number[]][] = [
  ['to the size of the input', 'fixed', [[30, 2]], [1, 4, 6, 3]],
  ['not where a range has room', 'ranges', [[7, 5]], [1, 5, 7, 3]],
  ['to the ends of ranges', 'ranges', [[2, 9]], [1, 5, 4, 3]],
  [
    'to what the first became',
    'ranges',
    [
      [20, 4],
      [5, 5],
      [1, 1],
    ],
    [3, 4, 8, 3],
  ],
];

for (const [what, model, sizes, shape] of resized) {
  test(`pictures are resized ${what}`, async () => {
    const images = await Promise.all(sizes.map(([width, height]) => png(picture(width, height))));
    assert.deepEqual(((await ask(model, images)) as [number[]])[0], shape);
  });
}

test('a resized picture is what it was', async () => {
  assert.deepEqual(await ask('fixed', [await png(doubled(image))]), [[1, 4, 6, 3], pixels]);
});

const six = png(image);
const other = png(picture(5, 4));
const refusals: [what: string, model: string, images: Promise<Buffer>[], refusal: RegExp, shape?: number[]][] = [
  [
    'a shape that is no list',
    'fixed',
    [six],
    /^3 Invalid number of shape dimensions - Expected number of binary input shape dimensions: 1; Actual: 4; input name: b$/,
    [1, 1, 1, 1],
  ],
  [
    'a shape that counts others',
    'two',
    [six],
    /^3 Invalid input batch size - Expected: 2 images, by the shape; Actual: 1;/,
    [2],
  ],
  ['another batch', 'fixed', [six, six], /^3 Invalid input batch size - Expected: 1; Actual: 2; input name: b$/],
  [
    'a layout of channels first',
    'channelsFirst',
    [six],
    /^3 Received binary image input but resource not configured to accept NHWC layout - Layout: NCHW; input name: b$/,
  ],
  [
    'an empty picture',
    'fixed',
    [Promise.resolve(Buffer.alloc(0))],
    /^3 String val is empty - Image 1 of 1; input name: b$/,
  ],
  [
    'no picture',
    'fixed',
    [Promise.resolve(Buffer.from('no picture'))],
    /^3 Image parsing failed - Image 1 of 1: \w.*; input name: b$/,
  ],
  [
    'no picture among others',
    'any',
    [six, six, Promise.resolve(Buffer.from([0xff, 0xd8, 0xff, 0xd9]))],
    /^3 Image parsing failed - Image 3 of 3: \w.*; input name: b$/,
  ],
  [
    'a drawing',
    'any',
    [Promise.resolve(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="6" height="4"/>'))],
    /^3 Image parsing failed - /,
  ],
  [
    'other channels',
    'fixed',
    [png(picture(6, 4, 1))],
    /^3 Invalid number of channels in binary input - Expected: 3; Actual: 1; input name: b$/,
  ],
  [
    'other channels than the first has',
    'any',
    [six, png(picture(6, 4, 4))],
    /^3 Invalid number of channels in binary input - Expected: 3; Actual: 4; input name: b$/,
  ],
  [
    'another size where pictures are not resized',
    'plain',
    [other],
    /^3 Invalid input shape - Expected: \(1,4,6,3\); Actual: \(1,4,5,3\); input name: b$/,
  ],
  [
    'another size than the first has',
    'any',
    [six, other],
    /^3 Binary input images for this endpoint are required to have the same resolution - Expected: 6 x 4; Actual: 5 x 4; input name: b$/,
  ],
  [
    'an input of integers that no picture has',
    'I64',
    [six],
    /^3 Invalid input precision - Expected: I64; Actual: STRING; input name: b$/,
  ],
  [
    'an input that is no image',
    'flat',
    [six],
    /^3 Invalid input precision - Expected: FP32; Actual: STRING; input name: b$/,
  ],
];

for (const [what, model, images, refusal, shape] of refusals) {
  test(`refused: ${what}`, async () => {
    assert.match(String(await ask(model, await Promise.all(images), shape)), refusal);
  });
}

test("KServe's BYTES are pictures as well, packed or one by one", async (t) => {
  const client = new KServeClient(t, server.port);
  const input = { name: 'b', datatype: 'BYTES', shape: [1] };
  const infer = (request: object) =>
    outcome(client.call<InferAnswer>('ModelInfer', { model_name: 'fixed', ...request }).then(floatsOf));
  const bytes = await six;
  assert.deepEqual(await infer({ inputs: [input], raw_input_contents: [packed(bytes)] }), pixels);
  assert.deepEqual(await infer({ inputs: [{ ...input, contents: { bytes_contents: [bytes] } }] }), pixels);
  assert.equal(
    await infer({ inputs: [input], raw_input_contents: [packed('')] }),
    '3 Bytes contents is empty - Image 1 of 1; input name: b',
  );
  assert.equal(
    await infer({ inputs: [{ ...input, shape: [1, 1] }], raw_input_contents: [packed(bytes)] }),
    '3 Invalid number of shape dimensions - Expected number of input shape dimensions: 1; Actual: 2; input name: b',
  );
});

function floatsOf({ raw_output_contents: [bytes] }: InferAnswer): number[] {
  return [...new Float32Array(new Uint8Array(bytes!).buffer)];
}

test('pictures of many pixels in few bytes are refused, and others are taken meanwhile', async (t) => {
  const folder = temporaryFolder(t);
  addModel('U8', [-1, -1, -1, -1], 0).write(join(folder, '1'));
  const flags = [...single(folder), '--layout', 'NHWC', '--grpc_memory_quota', '20000000'];
  const small = await startServer(t, flags);
  const bombs = [blank(65_000, 65_000, Buffer.alloc(0)), blank(8000, 8000)];
  const answers = await Promise.all(
    Array.from({ length: 20 }, async (_, i) => ask('m', [i % 2 ? await six : bombs[(i / 2) % 2]!], [1], small)),
  );
  for (const [i, answer] of answers.entries()) {
    if (i % 2) assert.deepEqual(answer, [[1, 4, 6, 3], pixels]);
    else if (i % 4)
      assert.match(String(answer), /^8 Requests in work would exceed the memory quota of 20000000 bytes - /);
    else assert.match(String(answer), /^3 Image parsing failed - Image 1 of 1: it has 65000 x 65000 pixels, /);
  }
});
