import { defaultMetrics, graphMetrics, optionalMetrics } from '../model/metric-name.ts';
import { colorFormats } from '../model/preprocessing.ts';
import { closed, type JsonSchema } from './json-schema.ts';
import { mostInferRequests } from './model-config.ts';
import { librarySchema, pipelineSchema } from './pipeline-schema.ts';
import { precisionNames } from './preprocessing.ts';
import { mostSequences, onlyStateful, usualSequences } from './stateful.ts';

/** Patterns of JSON Schema know no case. */
function anyCase(names: readonly string[]): string {
  const letters = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `[${letter}${letter.toLowerCase()}]`);
  return `(${names.map(letters).join('|')})`;
}

function conversion(names: readonly string[]): string {
  return `^\\s*${anyCase(names)}\\s*:\\s*${anyCase(names)}\\s*$`;
}

const shapeText = {
  type: 'string',
  pattern: '^(auto|\\s*\\(\\s*(-1|\\d+(\\s*:\\s*\\d+)?)(\\s*,\\s*(-1|\\d+(\\s*:\\s*\\d+)?))*\\s*\\)\\s*)$',
};
const layoutText = { type: 'string', pattern: '^[NCDHWncdhw?.\\s]+(:[NCDHWncdhw?.\\s]+)?$' };
/** The command line has no other way to write an object, and here it may be written so too. */
const jsonText = { type: 'string', pattern: '^\\s*\\{' };

/** One number, or one for each channel, as such or as text. */
function perChannel(number: JsonSchema): readonly JsonSchema[] {
  return [
    number,
    { type: 'array', items: number, minItems: 1 },
    { type: 'string', pattern: '^\\s*(\\[[^\\]]+\\]|[-+.\\deE]+)\\s*$' },
  ];
}

/** A URL of no object store that is served from, or of no bucket in one. */
const otherPlaces = '^(?!(s3|gs|az)://[0-9A-Za-z$])[A-Za-z][A-Za-z0-9+.-]*://';

/** What a model may be told, in the order in which it is explained. */
export const modelSchema: JsonSchema = {
  ...closed(
    {
      name: { description: 'The name that clients ask for.', type: 'string', minLength: 1 },
      base_path: {
        description:
          'The folder that holds a folder for each version, whose name is a number. A relative one starts at the folder of the config file; `..` is refused. Or one in an object store: s3://, gs://, az://.',
        type: 'string',
        minLength: 1,
        not: { anyOf: [{ pattern: '(^|/)\\.\\.(/|$)' }, { pattern: otherPlaces }] },
        examples: ['/models/faces', 'faces', 's3://bucket/models/faces'],
      },
      model_version_policy: {
        description: 'Which versions are served: the latest so many, certain ones, or all.',
        oneOf: [
          closed({ latest: closed({ num_versions: { type: 'integer', minimum: 1 } }, ['num_versions']) }, ['latest']),
          closed(
            {
              specific: closed({ versions: { type: 'array', items: { type: 'integer', minimum: 1 }, minItems: 1 } }, [
                'versions',
              ]),
            },
            ['specific'],
          ),
          closed({ all: closed({}) }, ['all']),
        ],
        default: { latest: { num_versions: 1 } },
        examples: [{ specific: { versions: [1, 3] } }, { all: {} }],
      },
      version_labels: {
        description:
          'Versions by labels that requests may name instead. They are served whatever the policy picks; a policy of certain versions has to name them.',
        type: 'object',
        propertyNames: { minLength: 1 },
        additionalProperties: { type: 'integer', minimum: 1 },
        default: {},
        examples: [{ stable: 1, canary: 2 }],
      },
      required: {
        description: 'Whether the server as a whole is ready only with this model.',
        type: 'boolean',
        default: true,
      },
      target_device: {
        description: 'The OpenVINO device that runs it.',
        type: 'string',
        minLength: 1,
        default: 'CPU',
        examples: ['GPU', 'GPU.1', 'NPU', 'AUTO:GPU,CPU'],
      },
      plugin_config: {
        description:
          'OpenVINO properties. PERFORMANCE_HINT is LATENCY unless that or NUM_STREAMS is given; ENABLE_MMAP is NO.',
        type: 'object',
        additionalProperties: { type: ['string', 'number', 'boolean'] },
        default: {},
        examples: [{ NUM_STREAMS: 2 }],
      },
      nireq: {
        description: 'How many infer requests each version has; 0 takes the optimum of the device.',
        type: 'integer',
        minimum: 0,
        maximum: mostInferRequests,
        default: 0,
      },
      batch_size: {
        description:
          'The batch dimension of each input instead of the model\'s: a size, `-1` for any, `"1:8"` for a range; `"auto"` is as `-1`, 0 leaves it. Ignored if there is a shape.',
        anyOf: [
          { type: 'integer', minimum: -1 },
          { type: 'string', pattern: '^(auto|-1|\\d+(:\\d+)?)$' },
        ],
        examples: [4, -1, '1:8'],
      },
      shape: {
        description:
          'The shape of the only input, or of inputs by their names, as clients see them: sizes, `-1` for any, ranges; `"auto"` is any size in each dimension.',
        anyOf: [shapeText, jsonText, { type: 'object', additionalProperties: shapeText }],
        examples: ['(1,3,200:500,-1)', { image: '(1,3,224,224)' }],
      },
      layout: {
        description:
          'What the dimensions are, of the only input, or of inputs and outputs by their names: `NHWC`; or as clients see them and as the model has them, which the server transposes: `NHWC:NCHW`.',
        anyOf: [layoutText, jsonText, { type: 'object', additionalProperties: layoutText }],
        examples: ['NHWC:NCHW', { image: 'NHWC:NCHW' }],
      },
      precision: {
        description: 'The element type that clients send to the only input, and that which the model takes.',
        type: 'string',
        pattern: conversion(precisionNames),
        examples: ['uint8:fp32'],
      },
      color_format: {
        description:
          'The colours that clients send, and those that the model takes. The layout has to say where the channels are.',
        type: 'string',
        pattern: conversion(colorFormats),
        examples: ['BGR:RGB'],
      },
      mean: {
        description: "Subtracted from the only input: one number, or one for each of the model's channels.",
        anyOf: perChannel({ type: 'number' }),
        examples: ['[123.675,116.28,103.53]', 127.5],
      },
      scale: {
        description: 'What the only input is divided by after that: one number, or one for each channel; not 0.',
        anyOf: perChannel({ type: 'number', not: { const: 0 } }),
        examples: ['[58.395,57.12,57.375]', 255],
      },
      allow_cache: {
        description: 'Without effect: compiled models are kept in --cache_dir, where there is one.',
        type: 'boolean',
        default: false,
      },
      stateful: {
        description: 'Whether requests belong to sequences. Not with a batch size or shape of `"auto"`.',
        type: 'boolean',
        default: false,
      },
      idle_sequence_cleanup: {
        description: 'Of a stateful model: whether sequences end that have been idle for long.',
        type: 'boolean',
        default: true,
      },
      low_latency_transformation: {
        description: 'Of a stateful model: asks for LowLatency2, which only a model that needs none of it can have.',
        type: 'boolean',
        default: false,
      },
      max_sequence_number: {
        description: 'Of a stateful model: how many sequences there may be at a time.',
        type: 'integer',
        minimum: 0,
        maximum: mostSequences,
        default: usualSequences,
      },
    },
    ['name', 'base_path'],
  ),
  if: { properties: { stateful: { const: true } }, required: ['stateful'] },
  else: { properties: Object.fromEntries(onlyStateful.map((field) => [field, false])) },
};

function unsupported(what: string): JsonSchema {
  return { description: `${what}. Not supported: nothing but an empty list is taken.`, type: 'array', maxItems: 0 };
}

/** A config.json as a whole. */
export const configSchema: JsonSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'config.json of modelserver',
  ...closed(
    {
      $schema: { description: 'Where editors find this schema.', type: 'string' },
      model_config_list: {
        description: 'The models to serve; of several with the same name, the first.',
        type: 'array',
        items: closed({ config: modelSchema }, ['config']),
      },
      monitoring: {
        description: 'Read at the start only.',
        ...closed(
          {
            metrics: {
              description: 'Metrics for Prometheus, at /metrics on --rest_port.',
              ...closed(
                {
                  enable: { description: 'Whether there are any.', type: 'boolean' },
                  metrics_list: {
                    description:
                      'Which of those of OpenVINO Model Server; its default ones, if the list is empty. Those of graphs are passed over.',
                    type: 'array',
                    items: { enum: [...defaultMetrics, ...optionalMetrics, ...graphMetrics] },
                    default: [],
                  },
                },
                ['enable'],
              ),
            },
          },
          ['metrics'],
        ),
      },
      pipeline_config_list: {
        description: 'Models and custom nodes behind one name: see [pipelines](pipelines.md).',
        type: 'array',
        items: pipelineSchema,
      },
      custom_node_library_config_list: {
        description: 'Libraries of custom nodes.',
        type: 'array',
        items: librarySchema,
      },
      custom_loader_config_list: unsupported('Custom loaders'),
      mediapipe_config_list: unsupported('MediaPipe graphs'),
    },
    ['model_config_list'],
  ),
};
