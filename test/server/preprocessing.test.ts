import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { addModel, type Size } from '../support/ir-model.ts';
import { png } from '../support/picture.ts';
import { twoInputs } from '../support/protocol-models.ts';
import { single } from '../support/repository.ts';
import { restFlags } from '../support/rest.ts';
import { launchServer, startServer, temporaryFolder } from '../support/server.ts';

/** Two pixels: red and more or less of everything. */
const pixels = [
  [
    [255, 0, 0],
    [10, 20, 30],
  ],
];

interface Case {
  readonly shape: Size[];
  readonly config: object;
  readonly sent: unknown;
  readonly got: unknown;
  /** Of the input in the model's metadata. */
  readonly seen: string;
}

const nhwc = [1, 1, 2, 3];
const seenFloats = 'DT_FLOAT 1,1,2,3';

/** What the studio levels of luminance make of 126. */
const grey = Array(3).fill(128.04001);

/** Models that add nothing to what they are given. */
const cases: Readonly<Record<string, Case>> = {
  'one mean and one scale': {
    shape: [1, 2],
    config: { mean: '2', scale: 4 },
    sent: [[2, 4]],
    got: [[0, 0.5]],
    seen: 'DT_FLOAT 1,2',
  },
  'a mean and a scale for each channel': {
    shape: nhwc,
    config: { layout: 'NHWC', mean: '[5, 10, 15]', scale: [1, 2, 5] },
    sent: [pixels],
    got: [
      [
        [
          [250, -5, -3],
          [5, 5, 3],
        ],
      ],
    ],
    seen: seenFloats,
  },
  'a mean for each channel of pictures that are transposed': {
    shape: [1, 3, 1, 2],
    config: { layout: 'NHWC:NCHW', mean: [5, 10, 15] },
    sent: [pixels],
    got: [[[[250, 5]], [[-10, 10]], [[-15, 15]]]],
    seen: seenFloats,
  },
  'bytes for floats': {
    shape: [1, 2],
    config: { precision: 'uint8:fp32', mean: 0.5 },
    sent: [[0, 255]],
    got: [[-0.5, 254.5]],
    seen: 'DT_UINT8 1,2',
  },
  'blue first for red first, whose means are those of the model': {
    shape: nhwc,
    config: { layout: 'NHWC', color_format: 'BGR:RGB', mean: [1, 2, 3] },
    sent: [pixels],
    got: [
      [
        [
          [-1, -2, 252],
          [29, 18, 7],
        ],
      ],
    ],
    seen: seenFloats,
  },
  'all of it, as the demonstration of the other server has it': {
    shape: [-1, 3, -1, -1],
    config: {
      layout: 'NHWC:NCHW',
      shape: '(1,1,2,3)',
      color_format: 'BGR:RGB',
      precision: 'uint8:fp32',
      mean: '[1,2,3]',
      scale: '[2,2,2]',
    },
    sent: [pixels],
    got: [[[[-0.5, 14.5]], [[-1, 9]], [[126, 3.5]]]],
    seen: 'DT_UINT8 1,1,2,3',
  },
  'colours for grey': {
    shape: [1, 1, 2, 1],
    config: { layout: 'NHWC', color_format: 'RGB:GRAY' },
    sent: [
      [
        [
          [100, 100, 100],
          [0, 0, 0],
        ],
      ],
    ],
    got: [[[[100], [0]]]],
    seen: 'DT_FLOAT 1,1,2,3',
  },
  'a frame of a video for colours': {
    shape: [1, 2, 2, 3],
    config: { layout: 'NHWC', color_format: 'NV12:RGB' },
    sent: [
      [
        [[126], [126]],
        [[126], [126]],
        [[128], [128]],
      ],
    ],
    got: [
      [
        [grey, grey],
        [grey, grey],
      ],
    ],
    seen: 'DT_FLOAT 1,3,2,1',
  },
};

const cleanUps: (() => unknown)[] = [];
let url: string;

before(async () => {
  const file = { after: (cleanUp: () => unknown) => cleanUps.push(cleanUp) };
  const folder = temporaryFolder(file);
  const model_config_list = Object.values(cases).map(({ shape, config }, i) => {
    const name = `m${i}`;
    addModel('FP32', shape, 0).write(join(folder, name, '1'));
    return { config: { name, base_path: name, ...config } };
  });
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ model_config_list }));
  const rest = await restFlags();
  await startServer(file, ['--config_path', join(folder, 'config.json'), '--settle_milliseconds', '50', ...rest.flags]);
  url = `http://127.0.0.1:${rest.port}/v1/models`;
});
after(async () => {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
});

async function predict(name: string, inputs: unknown): Promise<unknown> {
  const response = await fetch(`${url}/${name}:predict`, { method: 'POST', body: JSON.stringify({ inputs }) });
  return ((await response.json()) as { outputs: unknown }).outputs;
}

interface Metadata {
  readonly metadata: {
    readonly signature_def: {
      readonly signatureDef: {
        readonly serving_default: {
          readonly inputs: Record<string, { dtype: string; tensorShape: { dim: { size: string }[] } }>;
        };
      };
    };
  };
}

for (const [i, [what, { sent, got, seen }]] of Object.entries(cases).entries()) {
  test(`a model is given ${what}`, async () => {
    assert.deepEqual(await predict(`m${i}`, sent), got);
    const { metadata } = (await (await fetch(`${url}/m${i}/metadata`)).json()) as Metadata;
    const { dtype, tensorShape } = metadata.signature_def.signatureDef.serving_default.inputs.b!;
    assert.equal(`${dtype} ${tensorShape.dim.map(({ size }) => size)}`, seen);
  });
}

test('an encoded picture goes the same way', async () => {
  const at = Object.keys(cases).indexOf('all of it, as the demonstration of the other server has it');
  // As it is in the file: red first; it is decoded to blue first.
  const image = await png({ width: 2, height: 1, channels: 3, samples: Buffer.from([0, 0, 255, 30, 20, 10]) });
  assert.deepEqual(await predict(`m${at}`, [{ b64: image.toString('base64') }]), cases[Object.keys(cases)[at]!]!.got);
});

const could = 'Model could not be given the requested preprocessing';
const refused: [flags: string[], shape: Size[], cause: string][] = [
  [
    ['--mean', '[1,2]'],
    [1, 2],
    `${could} - mean: which dimension holds the channels is not known, say so by a layout, such as NHWC; layout: N...`,
  ],
  [
    ['--scale', '[1,2]', '--layout', 'NC'],
    [1, 3],
    `${could} - scale: expected 3 values, one for each channel, got 2; shape: (1,3); layout: NC`,
  ],
  [['--color_format', 'BGR:RGB', '--layout', 'NC'], [1, 2], `${could} - `],
  [['--precision', 'uint8:int32', '--mean', '0.5'], [1, 2], `${could} - `],
];

for (const [flags, shape, cause] of refused) {
  test(`refused: ${flags.join(' ')} for a model of (${shape})`, async (t) => {
    const folder = temporaryFolder(t);
    addModel('FP32', shape).write(join(folder, '1'));
    const server = await launchServer(t, [...single(folder), ...flags]);
    assert.equal(await server.exited, 1);
    const [said = ''] = server.said;
    assert.ok(said.startsWith(`modelserver: Model m cannot be served: version 1: ${cause}`), said);
  });
}

test('refused for a model of two inputs', async (t) => {
  const folder = temporaryFolder(t);
  twoInputs().write(join(folder, '1'));
  const server = await launchServer(t, [...single(folder), '--mean', '1']);
  assert.equal(await server.exited, 1);
  assert.deepEqual(server.said, [
    `modelserver: Model m cannot be served: version 1: ${could} - it is for models with one input; inputs: b, c`,
  ]);
});
