import type { ServiceError } from '@grpc/grpc-js';
import type { NumericPrecision, Precision } from '../../src/server/model/tensor.ts';
import { type InferAnswer, type KServeClient, packed, unpacked } from '../support/kserve.ts';
import { fromBytes, type PlainTensor, toBytes, toTexts } from './plain-tensor.ts';
import type { Ask, Outcome, PlainInfo, Way } from './protocol-case.ts';

/** KServe's names of element types. */
export const datatypes: Readonly<Record<Precision, string>> = {
  BOOL: 'BOOL',
  BF16: 'BF16',
  FP16: 'FP16',
  FP32: 'FP32',
  FP64: 'FP64',
  I8: 'INT8',
  I16: 'INT16',
  I32: 'INT32',
  I64: 'INT64',
  U8: 'UINT8',
  U16: 'UINT16',
  U32: 'UINT32',
  U64: 'UINT64',
  STRING: 'BYTES',
};

export function precisionOfDatatype(name: string): Precision {
  const found = Object.entries(datatypes).find(([, datatype]) => datatype === name);
  if (!found) throw new Error(`an unknown datatype: ${name}`);
  return found[0] as Precision;
}

const contentFields: Readonly<Partial<Record<Precision, string>>> = {
  BOOL: 'bool_contents',
  FP32: 'fp32_contents',
  FP64: 'fp64_contents',
  I8: 'int_contents',
  I16: 'int_contents',
  I32: 'int_contents',
  I64: 'int64_contents',
  U8: 'uint_contents',
  U16: 'uint_contents',
  U32: 'uint_contents',
  U64: 'uint64_contents',
  STRING: 'bytes_contents',
};

type Writer = (ask: Ask) => object;

/** ModelInfer, ModelMetadata and ModelReady by the project's .proto: elements raw or in contents, one inference or a stream of them. */
export function kserveGrpcWays(client: KServeClient): Way[] {
  return [
    {
      name: 'KServe gRPC, raw',
      protocol: 'KServe gRPC',
      asks: ['infer', 'metadata', 'ready'],
      cannot,
      ask: (ask) => answerTo(client, ask, raw),
    },
    {
      name: 'KServe gRPC, contents',
      protocol: 'KServe gRPC',
      asks: ['infer'],
      cannot: (ask) => cannot(ask) ?? noContents(ask),
      ask: (ask) => answerTo(client, ask, inContents),
    },
    {
      name: 'KServe gRPC, a stream',
      protocol: 'KServe gRPC',
      asks: ['infer'],
      cannot,
      async ask(ask) {
        const [answer, ...others] = await client.stream([raw(ask)]);
        if (!answer || others.length > 0) throw new Error('not one answer to one message');
        const { error_message: message, infer_response } = answer;
        // In a stream a refusal is a text, without a code.
        return message === '' ? outputsOf(infer_response!) : { message };
      },
    },
  ];
}

function cannot({ label, signature }: Ask): string | undefined {
  if (label !== undefined) return 'there are no labels';
  return signature === undefined ? undefined : 'there are no signatures';
}

function noContents({ inputs }: Ask): string | undefined {
  const raw = Object.values(inputs).find(({ precision }) => !contentFields[precision]);
  return raw && `${raw.precision} is raw, always`;
}

async function answerTo(client: KServeClient, ask: Ask, write: Writer): Promise<Outcome> {
  const spec = { name: ask.model, version: String(ask.version ?? '') };
  try {
    switch (ask.what) {
      case 'infer':
        return outputsOf(await client.infer(write(ask)));
      case 'ready':
        return await client.call<{ ready: boolean }>('ModelReady', spec);
      case 'metadata': {
        const { inputs, outputs } = await client.call<{ inputs: Info[]; outputs: Info[] }>('ModelMetadata', spec);
        return { metadata: { inputs: infos(inputs), outputs: infos(outputs) } };
      }
    }
  } catch (error) {
    const { code, details } = error as ServiceError;
    if (code === undefined) throw error;
    return { code, message: details };
  }
}

function request(ask: Ask, inputs: readonly object[]): object {
  return {
    model_name: ask.model,
    model_version: String(ask.version ?? ''),
    inputs,
    ...(ask.outputs && { outputs: ask.outputs.map((name) => ({ name })) }),
  };
}

const raw: Writer = (ask) => {
  const tensors = Object.entries(ask.inputs);
  const inputs = tensors.map(([name, { precision, shape }]) => ({ name, datatype: datatypes[precision], shape }));
  return { ...request(ask, inputs), raw_input_contents: tensors.map(([, tensor]) => rawBytes(tensor)) };
};

const inContents: Writer = (ask) => {
  const inputs = Object.entries(ask.inputs).map(([name, { precision, shape, values }]) => {
    const elements = precision === 'STRING' ? toTexts(values) : values.map(int64AsText);
    return { name, datatype: datatypes[precision], shape, contents: { [contentFields[precision]!]: elements } };
  });
  return request(ask, inputs);
};

function int64AsText(value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

/** Elements as they lie in raw contents, or behind JSON. */
export function rawBytes({ precision, values }: PlainTensor): Buffer {
  return precision === 'STRING' ? packed(...toTexts(values)) : toBytes(precision, values);
}

export function readRaw(precision: Precision, shape: readonly number[], bytes: Buffer): PlainTensor {
  const values = precision === 'STRING' ? unpacked(bytes) : fromBytes(precision as NumericPrecision, bytes);
  return { precision, shape, values };
}

function outputsOf({ model_version, outputs, raw_output_contents }: InferAnswer): Outcome {
  const read = outputs.map(({ name, datatype, shape }, i) => [
    name,
    readRaw(precisionOfDatatype(datatype), shape.map(Number), raw_output_contents[i]!),
  ]);
  return { version: Number(model_version), outputs: Object.fromEntries(read) };
}

interface Info {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly (string | number)[];
}

export function infos(list: readonly Info[]): Record<string, PlainInfo> {
  return Object.fromEntries(
    list.map(({ name, datatype, shape }) => [
      name,
      { precision: precisionOfDatatype(datatype), shape: shape.map(Number) },
    ]),
  );
}
