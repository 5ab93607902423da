import type { ServiceError } from '@grpc/grpc-js';
import type { Client } from '../../examples/clients/typescript/client.ts';
import type { Precision } from '../../src/server/model/tensor.ts';
import { protoType } from '../support/proto-type.ts';
import { fromBytes, type PlainTensor, toBytes, toTexts, type Value } from './plain-tensor.ts';
import type { Ask, Outcome, PlainInfo, Way } from './protocol-case.ts';

/** TensorFlow's numbers and names of element types. */
const dataTypes: Readonly<Record<Precision, readonly [number: number, name: string]>> = {
  FP32: [1, 'DT_FLOAT'],
  FP64: [2, 'DT_DOUBLE'],
  I32: [3, 'DT_INT32'],
  U8: [4, 'DT_UINT8'],
  I16: [5, 'DT_INT16'],
  I8: [6, 'DT_INT8'],
  STRING: [7, 'DT_STRING'],
  I64: [9, 'DT_INT64'],
  BOOL: [10, 'DT_BOOL'],
  BF16: [14, 'DT_BFLOAT16'],
  U16: [17, 'DT_UINT16'],
  FP16: [19, 'DT_HALF'],
  U32: [22, 'DT_UINT32'],
  U64: [23, 'DT_UINT64'],
};

export function precisionOf(dtype: number | string): Precision {
  const found = Object.entries(dataTypes).find(([, names]) => names.includes(dtype as never));
  if (!found) throw new Error(`an unknown data type: ${dtype}`);
  return found[0] as Precision;
}

const valueFields = {
  FP32: 'float_val',
  FP64: 'double_val',
  I8: 'int_val',
  I16: 'int_val',
  I32: 'int_val',
  U8: 'int_val',
  U16: 'int_val',
  I64: 'int64_val',
  U32: 'uint32_val',
  U64: 'uint64_val',
  BOOL: 'bool_val',
  FP16: 'half_val',
  BF16: 'half_val',
} as const;

interface TensorProto {
  readonly dtype: string;
  readonly tensor_shape?: { readonly dim?: readonly { readonly size?: string }[] };
  readonly tensor_content?: Buffer;
  readonly string_val?: readonly Buffer[];
}

interface Response {
  readonly model_spec: { readonly version: { readonly value: string } };
  readonly outputs: Readonly<Record<string, TensorProto>>;
}

type Writer = (tensor: PlainTensor) => object;

/** Predict, GetModelMetadata and GetModelStatus by the project's .proto files: elements in tensor_content, or one by one. */
export function tfsGrpcWays(client: Client): Way[] {
  return [
    way('TFS gRPC, tensor_content', client, inContent, ['infer', 'metadata', 'ready']),
    way('TFS gRPC, values', client, inValues, ['infer']),
  ];
}

function way(name: Way['name'], client: Client, write: Writer, asks: Way['asks']): Way {
  return {
    name,
    protocol: 'TFS gRPC',
    asks,
    cannot: ({ version }) => (typeof version === 'string' ? 'versions are numbers' : undefined),
    async ask(ask) {
      try {
        if (ask.what === 'infer') return await predict(client, ask, write);
        return ask.what === 'metadata' ? await metadata(client, ask) : await ready(client, ask);
      } catch (error) {
        const { code, details } = error as ServiceError;
        if (code === undefined) throw error;
        return { code, message: details };
      }
    },
  };
}

function modelSpec({ model, version, label, signature }: Ask): object {
  return {
    name: model,
    ...(version !== undefined && { version: { value: version } }),
    ...(label !== undefined && { version_label: label }),
    ...(signature !== undefined && { signature_name: signature }),
  };
}

async function predict(client: Client, ask: Ask, write: Writer): Promise<Outcome> {
  const inputs = Object.entries(ask.inputs).map(([name, tensor]) => [
    name,
    {
      dtype: dataTypes[tensor.precision][1],
      tensor_shape: { dim: tensor.shape.map((size) => ({ size })) },
      ...(tensor.precision === 'STRING' ? { string_val: toTexts(tensor.values) } : write(tensor)),
    },
  ]);
  const { model_spec, outputs } = await client.call<Response>('PredictionService', 'Predict', {
    model_spec: modelSpec(ask),
    inputs: Object.fromEntries(inputs),
    ...(ask.outputs && { output_filter: ask.outputs }),
  });
  const read = Object.entries(outputs).map(([name, tensor]) => [name, readTensor(tensor)]);
  return { version: Number(model_spec.version.value), outputs: Object.fromEntries(read) };
}

function inContent({ precision, values }: PlainTensor): object {
  return { tensor_content: toBytes(precision as 'FP32', values) };
}

function inValues({ precision, values }: PlainTensor): object {
  const field = valueFields[precision as keyof typeof valueFields];
  if (field === 'half_val') {
    const bytes = toBytes(precision as 'FP16', values);
    return { half_val: [...new Uint16Array(new Uint8Array(bytes).buffer)] };
  }
  return { [field]: values.map((value) => (typeof value === 'bigint' ? String(value) : value)) };
}

function readTensor({ dtype, tensor_shape, tensor_content, string_val }: TensorProto): PlainTensor {
  const precision = precisionOf(dtype);
  const shape = (tensor_shape?.dim ?? []).map(({ size }) => Number(size ?? 0));
  const values: readonly Value[] =
    precision === 'STRING' ? (string_val ?? []) : fromBytes(precision, tensor_content ?? Buffer.alloc(0));
  return { precision, shape, values };
}

const signatures = protoType('tensorflow_serving/apis/get_model_metadata.proto', 'tensorflow.serving.SignatureDefMap');

interface Tensors {
  readonly [name: string]: { readonly dtype: number; readonly tensor_shape?: TensorProto['tensor_shape'] };
}

async function metadata(client: Client, ask: Ask): Promise<Outcome> {
  const { metadata } = await client.call<{ metadata: { signature_def: { value: Buffer } } }>(
    'PredictionService',
    'GetModelMetadata',
    { model_spec: modelSpec(ask), metadata_field: ['signature_def'] },
  );
  const { signature_def } = signatures.decode(metadata.signature_def.value) as {
    signature_def: { serving_default: { inputs: Tensors; outputs: Tensors } };
  };
  const { inputs, outputs } = signature_def.serving_default;
  return { metadata: { inputs: infos(inputs), outputs: infos(outputs) } };
}

function infos(tensors: Tensors): Record<string, PlainInfo> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { dtype, tensor_shape }]) => [
      name,
      {
        precision: precisionOf(dtype),
        shape: (tensor_shape?.dim ?? []).map(({ size }) => Number(size ?? 0)),
      },
    ]),
  );
}

async function ready(client: Client, ask: Ask): Promise<Outcome> {
  const { model_version_status } = await client.call<{ model_version_status: readonly { state: string }[] }>(
    'ModelService',
    'GetModelStatus',
    { model_spec: modelSpec(ask) },
  );
  return { ready: model_version_status.some(({ state }) => state === 'AVAILABLE') };
}
