import { isStatic, type Signature, type TensorInfo } from '../../model/signature.ts';
import type { Precision } from '../../model/tensor.ts';
import type { VersionStatus } from '../../model/version-status.ts';
import { defaultSignature } from './get-model-metadata.ts';

/** `tensorflow.DataType` by its names. */
const dataTypeName: Readonly<Record<Precision, string>> = {
  FP32: 'DT_FLOAT',
  FP64: 'DT_DOUBLE',
  I32: 'DT_INT32',
  U8: 'DT_UINT8',
  I16: 'DT_INT16',
  I8: 'DT_INT8',
  STRING: 'DT_STRING',
  I64: 'DT_INT64',
  BOOL: 'DT_BOOL',
  BF16: 'DT_BFLOAT16',
  U16: 'DT_UINT16',
  FP16: 'DT_HALF',
  U32: 'DT_UINT32',
  U64: 'DT_UINT64',
};

/** A `tensorflow.serving.GetModelStatusResponse` as JSON: what protobuf prints of it, and servers have always printed. */
export function encodeModelStatusJson(statuses: readonly VersionStatus[]): string {
  return print(modelStatusJson(statuses));
}

/** Of every model, by its name. */
export function encodeAllStatusesJson(statuses: ReadonlyMap<string, readonly VersionStatus[]>): string {
  return print(Object.fromEntries([...statuses].map(([name, versions]) => [name, modelStatusJson(versions)])));
}

function modelStatusJson(statuses: readonly VersionStatus[]) {
  return {
    model_version_status: statuses.map(({ version, state, errorCode, errorMessage }) => ({
      version: String(version),
      state,
      status: { error_code: errorCode, error_message: errorMessage },
    })),
  };
}

/** A `tensorflow.serving.GetModelMetadataResponse` as JSON. */
export function encodeModelMetadataJson(
  servable: { readonly name: string; readonly version: number },
  { inputs, outputs }: Signature,
): string {
  return print({
    modelSpec: { name: servable.name, signatureName: '', version: String(servable.version) },
    metadata: {
      signature_def: {
        '@type': 'type.googleapis.com/tensorflow.serving.SignatureDefMap',
        signatureDef: {
          [defaultSignature]: {
            inputs: tensorInfos(inputs),
            outputs: tensorInfos(outputs),
            methodName: '',
            defaults: {},
          },
        },
      },
    },
  });
}

function tensorInfos(infos: readonly TensorInfo[]) {
  return Object.fromEntries(
    infos.map(({ name, precision, shape }) => {
      const dim = (shape ?? []).map((size) => ({ size: String(isStatic(size) ? size.min : -1), name: '' }));
      return [name, { dtype: dataTypeName[precision], tensorShape: { dim, unknownRank: shape === undefined }, name }];
    }),
  );
}

function print(json: object): string {
  return `${JSON.stringify(json, null, 1)}\n`;
}
