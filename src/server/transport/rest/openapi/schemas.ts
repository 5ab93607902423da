import { datatype } from '../../../wire/kserve/datatype.ts';
import { reference, type Schema } from './operation.ts';

const text: Schema = { type: 'string' };
const wholeNumber: Schema = { type: 'string', pattern: '^-?[0-9]+$' };
const list = (items: Schema): Schema => ({ type: 'array', items });
const schema = (name: string) => reference('schemas', name);

/** An object whose members all must be there, but for those that `optional` names. */
function object(properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', properties, ...(required.length > 0 ? { required } : {}) };
}

/** The same, and no others. */
function closed(properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema {
  return { ...object(properties, optional), additionalProperties: false };
}

const notFinite =
  'Floats that are not finite are the tokens NaN, Infinity and -Infinity, which JSON proper does not have.';

const tfs: Readonly<Record<string, Schema>> = {
  Tensor: {
    description: `An element, or nested arrays of them, of the shape of the tensor: numbers, booleans for BOOL, strings for texts, {"b64": "…"} for other bytes. ${notFinite}`,
    oneOf: [{ type: 'number' }, { type: 'boolean' }, text, schema('Base64'), list(schema('Tensor'))],
  },
  Base64: closed({ b64: { type: 'string', contentEncoding: 'base64' } }),
  NamedTensors: {
    description: 'Tensors by the names of inputs or outputs.',
    type: 'object',
    additionalProperties: schema('Tensor'),
  },
  PredictRows: {
    description:
      'Row format. Each instance has an element of the batch of each input: a value for models of one input, or values by the names of the inputs.',
    ...object(
      {
        instances: { type: 'array', minItems: 1, items: { anyOf: [schema('Tensor'), schema('NamedTensors')] } },
        signature_name: schema('SignatureName'),
      },
      ['signature_name'],
    ),
  },
  PredictColumns: {
    description: 'Column format. Whole tensors: one for models of one input, or tensors by the names of the inputs.',
    ...object(
      { inputs: { anyOf: [schema('Tensor'), schema('NamedTensors')] }, signature_name: schema('SignatureName') },
      ['signature_name'],
    ),
  },
  SignatureName: {
    description: 'The one that models have is serving_default; empty stands for it.',
    type: 'string',
    enum: ['', 'serving_default'],
  },
  PredictRequest: { oneOf: [schema('PredictRows'), schema('PredictColumns')] },
  PredictResponse: {
    description: 'In the format of the request. A model of one output gives it without its name.',
    oneOf: [
      closed({ predictions: list({ anyOf: [schema('Tensor'), schema('NamedTensors')] }) }),
      closed({ outputs: { anyOf: [schema('Tensor'), schema('NamedTensors')] } }),
    ],
  },
  ModelStatus: closed({
    model_version_status: list(
      closed({
        version: wholeNumber,
        state: { type: 'string', enum: ['START', 'LOADING', 'AVAILABLE', 'UNLOADING', 'END'] },
        status: closed({
          error_code: { type: 'string', enum: ['OK', 'UNKNOWN', 'FAILED_PRECONDITION'] },
          error_message: { description: 'OK, or the cause of the failure.', type: 'string' },
        }),
      }),
    ),
  }),
  AllModelStatuses: {
    description: 'By the names of the models.',
    type: 'object',
    additionalProperties: schema('ModelStatus'),
  },
  ModelMetadata: closed({
    modelSpec: closed({ name: text, signatureName: text, version: wholeNumber }),
    metadata: closed({
      signature_def: closed({
        '@type': { type: 'string', const: 'type.googleapis.com/tensorflow.serving.SignatureDefMap' },
        signatureDef: {
          type: 'object',
          additionalProperties: closed({
            inputs: schema('TensorInfos'),
            outputs: schema('TensorInfos'),
            methodName: text,
            defaults: { type: 'object' },
          }),
        },
      }),
    }),
  }),
  TensorInfos: {
    type: 'object',
    additionalProperties: closed({
      name: text,
      dtype: { type: 'string', pattern: '^DT_[A-Z0-9]+$' },
      tensorShape: closed({
        unknownRank: { type: 'boolean' },
        dim: list(closed({ name: text, size: { ...wholeNumber, description: '-1 where any size goes.' } })),
      }),
    }),
  },
};

const shape = (least: number): Schema => list({ type: 'integer', minimum: least });
const datatypeName: Schema = { type: 'string', enum: Object.values(datatype) };
const parameters = (own: Readonly<Record<string, Schema>>): Schema => ({ type: 'object', properties: own });
const data: Schema = {
  description: `Elements in row-major order; in requests they may be nested as the shape is. Strings for BYTES, booleans or numbers for BOOL. ${notFinite}`,
};

const kserve: Readonly<Record<string, Schema>> = {
  ServerMetadata: closed({ name: text, version: text, extensions: list(text) }),
  KServeModelMetadata: closed({
    name: text,
    versions: { description: 'Those that are available.', ...list(wholeNumber) },
    platform: text,
    inputs: list(schema('TensorMetadata')),
    outputs: list(schema('TensorMetadata')),
  }),
  TensorMetadata: closed({
    name: text,
    datatype: datatypeName,
    shape: { description: '-1 where any size goes.', ...shape(-1) },
  }),
  InferRequest: object(
    {
      id: text,
      parameters: parameters({
        binary_data_output: {
          description: 'Whether outputs are given as bytes behind the JSON, less those that say otherwise.',
          type: 'boolean',
        },
        sequence_id: {
          description:
            'Of a stateful model: which sequence this is a step of. 0, where one begins, has the server choose.',
          type: 'integer',
          minimum: 0,
        },
        sequence_start: { description: 'Whether the sequence begins.', type: 'boolean' },
        sequence_end: { description: 'Whether this is its last step.', type: 'boolean' },
      }),
      inputs: { type: 'array', minItems: 1, items: schema('InferInput') },
      outputs: {
        description: 'Those that are wanted, in this order; all if there are none.',
        ...list(schema('RequestedOutput')),
      },
    },
    ['id', 'parameters', 'outputs'],
  ),
  InferInput: object(
    {
      name: text,
      datatype: datatypeName,
      shape: shape(0),
      data: { ...data, ...schema('Elements') },
      parameters: parameters({
        binary_data_size: {
          description: 'How many bytes behind the JSON are this input’s, in place of data.',
          type: 'integer',
          minimum: 0,
        },
      }),
    },
    ['data', 'parameters'],
  ),
  Elements: list({
    oneOf: [{ type: 'number' }, { type: 'boolean' }, text, schema('Elements')],
  }),
  RequestedOutput: object(
    {
      name: text,
      parameters: parameters({
        binary_data: { description: 'Whether it is given as bytes behind the JSON.', type: 'boolean' },
      }),
    },
    ['parameters'],
  ),
  InferResponse: closed(
    {
      model_name: text,
      model_version: wholeNumber,
      id: { description: 'That of the request.', type: 'string' },
      parameters: closed({
        sequence_id: {
          description: 'Of a stateful model: which sequence this was a step of.',
          type: 'integer',
          minimum: 0,
        },
      }),
      outputs: list(
        closed(
          {
            name: text,
            shape: shape(0),
            datatype: datatypeName,
            data: { ...data, ...list({ type: ['number', 'boolean', 'string'] }) },
            parameters: closed({
              binary_data_size: {
                description: 'How many bytes behind the JSON are this output’s, in place of data.',
                type: 'integer',
                minimum: 0,
              },
            }),
          },
          ['data', 'parameters'],
        ),
      ),
    },
    ['id', 'parameters'],
  ),
  RepositoryIndexRequest: object({ ready: { description: 'Whether only what is ready is listed.', type: 'boolean' } }, [
    'ready',
  ]),
  RepositoryIndex: list(
    closed({
      name: text,
      version: { description: 'Empty for a model without any.', type: 'string', pattern: '^[0-9]*$' },
      state: { type: 'string', enum: ['LOADING', 'READY', 'UNLOADING', 'UNAVAILABLE'] },
      reason: text,
    }),
  ),
};

/** `components.schemas` */
export const schemas: Readonly<Record<string, Schema>> = {
  Error: {
    description: 'What every answer is that tells of an error.',
    ...object({ error: { description: 'What is wrong, what was expected and what there was.', type: 'string' } }),
  },
  ...tfs,
  ...kserve,
};
