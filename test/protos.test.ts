import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import protobuf from 'protobufjs';

const folder = join(import.meta.dirname, '../protos');
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.proto'));

/** As a client's build does: the file by its import path, with nothing but this folder to find imports in. */
function load(file: string | string[]): protobuf.Root {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => (target in protobuf.common ? target : join(folder, target));
  root.loadSync(file, { keepCase: true }).resolveAll();
  return root;
}

/** By full name, what each method takes and gives. */
function methodsOf(file: string): Record<string, string> {
  const found: Record<string, string> = {};
  const visit = (space: protobuf.NamespaceBase) => {
    for (const nested of space.nestedArray) {
      if (nested instanceof protobuf.Service) {
        for (const method of nested.methodsArray) {
          const [taken, given] = [method.requestStream, method.responseStream].map((many) => (many ? 'stream ' : ''));
          const types = `${taken}${method.resolvedRequestType?.fullName} -> ${given}${method.resolvedResponseType?.fullName}`;
          found[`/${nested.fullName.slice(1)}/${method.name}`] = types;
        }
      } else if (nested instanceof protobuf.Namespace) visit(nested);
    }
  };
  visit(load(file));
  return found;
}

test('every .proto loads by itself, with all that it names', () => {
  assert.ok(files.length >= 20, `only ${files.length} files`);
  for (const file of files) assert.doesNotThrow(() => load(file), file);
});

test('the services have the methods that clients call', () => {
  const pair = (name: string) => `.tensorflow.serving.${name}Request -> .tensorflow.serving.${name}Response`;
  assert.deepEqual(methodsOf('tensorflow_serving/apis/prediction_service.proto'), {
    '/tensorflow.serving.PredictionService/Classify': pair('Classification'),
    '/tensorflow.serving.PredictionService/Regress': pair('Regression'),
    '/tensorflow.serving.PredictionService/Predict': pair('Predict'),
    '/tensorflow.serving.PredictionService/MultiInference': pair('MultiInference'),
    '/tensorflow.serving.PredictionService/GetModelMetadata': pair('GetModelMetadata'),
  });
  assert.deepEqual(methodsOf('tensorflow_serving/apis/model_service.proto'), {
    '/tensorflow.serving.ModelService/GetModelStatus': pair('GetModelStatus'),
    '/tensorflow.serving.ModelService/HandleReloadConfigRequest': pair('ReloadConfig'),
  });
  const kserve = (name: string) => `.inference.${name}Request -> .inference.${name}Response`;
  assert.deepEqual(methodsOf('grpc_predict_v2.proto'), {
    '/inference.GRPCInferenceService/ServerLive': kserve('ServerLive'),
    '/inference.GRPCInferenceService/ServerReady': kserve('ServerReady'),
    '/inference.GRPCInferenceService/ServerMetadata': kserve('ServerMetadata'),
    '/inference.GRPCInferenceService/ModelReady': kserve('ModelReady'),
    '/inference.GRPCInferenceService/ModelMetadata': kserve('ModelMetadata'),
    '/inference.GRPCInferenceService/ModelInfer': kserve('ModelInfer'),
    '/inference.GRPCInferenceService/ModelStreamInfer':
      'stream .inference.ModelInferRequest -> stream .inference.ModelStreamInferResponse',
    '/inference.GRPCInferenceService/RepositoryIndex': kserve('RepositoryIndex'),
    '/inference.GRPCInferenceService/RepositoryModelLoad': kserve('RepositoryModelLoad'),
    '/inference.GRPCInferenceService/RepositoryModelUnload': kserve('RepositoryModelUnload'),
  });
  const check = '.grpc.health.v1.HealthCheckRequest -> ';
  assert.deepEqual(methodsOf('grpc/health/v1/health.proto'), {
    '/grpc.health.v1.Health/Check': `${check}.grpc.health.v1.HealthCheckResponse`,
    '/grpc.health.v1.Health/Watch': `${check}stream .grpc.health.v1.HealthCheckResponse`,
  });
});

/** Of TensorFlow Serving's, TensorFlow's and KServe's messages, all fields: number, name, type. */
const contract = `
tensorflow.serving.ModelSpec
  1 name string
  2 version google.protobuf.Int64Value of version_choice
  3 signature_name string
  4 version_label string of version_choice
tensorflow.serving.PredictRequest
  1 model_spec tensorflow.serving.ModelSpec
  2 inputs map<string, tensorflow.TensorProto>
  3 output_filter repeated string
  5 predict_streamed_options tensorflow.serving.PredictStreamedOptions
  6 client_id optional bytes
  7 request_options optional tensorflow.serving.PredictRequest.RequestOptions
tensorflow.serving.PredictResponse
  1 outputs map<string, tensorflow.TensorProto>
  2 model_spec tensorflow.serving.ModelSpec
tensorflow.serving.GetModelMetadataRequest
  1 model_spec tensorflow.serving.ModelSpec
  2 metadata_field repeated string
tensorflow.serving.GetModelMetadataResponse
  1 model_spec tensorflow.serving.ModelSpec
  2 metadata map<string, google.protobuf.Any>
tensorflow.serving.SignatureDefMap
  1 signature_def map<string, tensorflow.SignatureDef>
tensorflow.serving.GetModelStatusRequest
  1 model_spec tensorflow.serving.ModelSpec
tensorflow.serving.ModelVersionStatus
  1 version int64
  2 state tensorflow.serving.ModelVersionStatus.State
  3 status tensorflow.serving.StatusProto
tensorflow.serving.GetModelStatusResponse
  1 model_version_status repeated tensorflow.serving.ModelVersionStatus in JSON model_version_status
tensorflow.serving.StatusProto
  1 error_code tensorflow.error.Code in JSON error_code
  2 error_message string in JSON error_message
tensorflow.serving.ReloadConfigRequest
  1 config tensorflow.serving.ModelServerConfig
  2 metric_names repeated string
tensorflow.serving.ReloadConfigResponse
  1 status tensorflow.serving.StatusProto
  2 metric repeated tensorflow.serving.Metric
tensorflow.serving.Metric
  1 name string
  2 int64_value_increase int64 of value_increase
tensorflow.serving.ModelServerConfig
  1 model_config_list tensorflow.serving.ModelConfigList of config
  2 custom_model_config google.protobuf.Any of config
tensorflow.serving.ModelConfigList
  1 config repeated tensorflow.serving.ModelConfig
tensorflow.serving.ModelConfig
  1 name string
  2 base_path string
  3 model_type tensorflow.serving.ModelType
  4 model_platform string
  6 logging_config tensorflow.serving.LoggingConfig
  7 model_version_policy tensorflow.serving.FileSystemStoragePathSourceConfig.ServableVersionPolicy
  8 version_labels map<string, int64>
tensorflow.serving.LoggingConfig
  1 log_collector_config tensorflow.serving.LogCollectorConfig
  2 sampling_config tensorflow.serving.SamplingConfig
tensorflow.serving.LogCollectorConfig
  1 type string
  2 filename_prefix string
tensorflow.serving.SamplingConfig
  1 sampling_rate double
tensorflow.serving.FileSystemStoragePathSourceConfig
  3 file_system_poll_wait_seconds int64
  4 fail_if_zero_versions_at_startup bool
  5 servables repeated tensorflow.serving.FileSystemStoragePathSourceConfig.ServableToMonitor
  6 servable_versions_always_present bool
tensorflow.serving.FileSystemStoragePathSourceConfig.ServableVersionPolicy
  100 latest tensorflow.serving.FileSystemStoragePathSourceConfig.ServableVersionPolicy.Latest of policy_choice
  101 all tensorflow.serving.FileSystemStoragePathSourceConfig.ServableVersionPolicy.All of policy_choice
  102 specific tensorflow.serving.FileSystemStoragePathSourceConfig.ServableVersionPolicy.Specific of policy_choice
tensorflow.serving.FileSystemStoragePathSourceConfig.ServableVersionPolicy.Latest
  1 num_versions uint32
tensorflow.serving.FileSystemStoragePathSourceConfig.ServableVersionPolicy.Specific
  1 versions repeated int64
tensorflow.TensorProto
  1 dtype tensorflow.DataType
  2 tensor_shape tensorflow.TensorShapeProto
  3 version_number int32
  4 tensor_content bytes
  5 float_val repeated float
  6 double_val repeated double
  7 int_val repeated int32
  8 string_val repeated bytes
  9 scomplex_val repeated float
  10 int64_val repeated int64
  11 bool_val repeated bool
  12 dcomplex_val repeated double
  13 half_val repeated int32
  14 resource_handle_val repeated tensorflow.ResourceHandleProto
  15 variant_val repeated tensorflow.VariantTensorDataProto
  16 uint32_val repeated uint32
  17 uint64_val repeated uint64
  18 float8_val bytes
tensorflow.VariantTensorDataProto
  1 type_name string
  2 metadata bytes
  3 tensors repeated tensorflow.TensorProto
tensorflow.TensorShapeProto
  2 dim repeated tensorflow.TensorShapeProto.Dim
  3 unknown_rank bool
tensorflow.TensorShapeProto.Dim
  1 size int64
  2 name string
tensorflow.ResourceHandleProto
  1 device string
  2 container string
  3 name string
  4 hash_code uint64
  5 maybe_type_name string
  6 dtypes_and_shapes repeated tensorflow.ResourceHandleProto.DtypeAndShape
tensorflow.ResourceHandleProto.DtypeAndShape
  1 dtype tensorflow.DataType
  2 shape tensorflow.TensorShapeProto
tensorflow.TensorInfo
  1 name string of encoding
  2 dtype tensorflow.DataType
  3 tensor_shape tensorflow.TensorShapeProto
  4 coo_sparse tensorflow.TensorInfo.CooSparse of encoding
tensorflow.TensorInfo.CooSparse
  1 values_tensor_name string
  2 indices_tensor_name string
  3 dense_shape_tensor_name string
tensorflow.SignatureDef
  1 inputs map<string, tensorflow.TensorInfo>
  2 outputs map<string, tensorflow.TensorInfo>
  3 method_name string
  4 defaults map<string, tensorflow.TensorProto>
inference.ServerLiveRequest
inference.ServerLiveResponse
  1 live bool
inference.ServerReadyRequest
inference.ServerReadyResponse
  1 ready bool
inference.ServerMetadataRequest
inference.ServerMetadataResponse
  1 name string
  2 version string
  3 extensions repeated string
inference.ModelReadyRequest
  1 name string
  2 version string
inference.ModelReadyResponse
  1 ready bool
inference.ModelMetadataRequest
  1 name string
  2 version string
inference.ModelMetadataResponse
  1 name string
  2 versions repeated string
  3 platform string
  4 inputs repeated inference.ModelMetadataResponse.TensorMetadata
  5 outputs repeated inference.ModelMetadataResponse.TensorMetadata
  6 properties map<string, string>
inference.ModelMetadataResponse.TensorMetadata
  1 name string
  2 datatype string
  3 shape repeated int64
inference.InferParameter
  1 bool_param bool of parameter_choice
  2 int64_param int64 of parameter_choice
  3 string_param string of parameter_choice
  4 double_param double of parameter_choice
  5 uint64_param uint64 of parameter_choice
inference.InferTensorContents
  1 bool_contents repeated bool
  2 int_contents repeated int32
  3 int64_contents repeated int64
  4 uint_contents repeated uint32
  5 uint64_contents repeated uint64
  6 fp32_contents repeated float
  7 fp64_contents repeated double
  8 bytes_contents repeated bytes
inference.ModelInferRequest
  1 model_name string
  2 model_version string
  3 id string
  4 parameters map<string, inference.InferParameter>
  5 inputs repeated inference.ModelInferRequest.InferInputTensor
  6 outputs repeated inference.ModelInferRequest.InferRequestedOutputTensor
  7 raw_input_contents repeated bytes
inference.ModelInferRequest.InferInputTensor
  1 name string
  2 datatype string
  3 shape repeated int64
  4 parameters map<string, inference.InferParameter>
  5 contents inference.InferTensorContents
inference.ModelInferRequest.InferRequestedOutputTensor
  1 name string
  2 parameters map<string, inference.InferParameter>
inference.ModelInferResponse
  1 model_name string
  2 model_version string
  3 id string
  4 parameters map<string, inference.InferParameter>
  5 outputs repeated inference.ModelInferResponse.InferOutputTensor
  6 raw_output_contents repeated bytes
inference.ModelInferResponse.InferOutputTensor
  1 name string
  2 datatype string
  3 shape repeated int64
  4 parameters map<string, inference.InferParameter>
  5 contents inference.InferTensorContents
inference.ModelStreamInferResponse
  1 error_message string
  2 infer_response inference.ModelInferResponse
inference.RepositoryIndexRequest
  1 repository_name string
  2 ready bool
inference.RepositoryIndexResponse
  1 models repeated inference.RepositoryIndexResponse.ModelIndex
inference.RepositoryIndexResponse.ModelIndex
  1 name string
  2 version string
  3 state string
  4 reason string
inference.ModelRepositoryParameter
  1 bool_param bool of parameter_choice
  2 int64_param int64 of parameter_choice
  3 string_param string of parameter_choice
  4 bytes_param bytes of parameter_choice
inference.RepositoryModelLoadRequest
  1 repository_name string
  2 model_name string
  3 parameters map<string, inference.ModelRepositoryParameter>
inference.RepositoryModelLoadResponse
inference.RepositoryModelUnloadRequest
  1 repository_name string
  2 model_name string
  3 parameters map<string, inference.ModelRepositoryParameter>
inference.RepositoryModelUnloadResponse
`;

/** A field as a line of the contract. */
function lineOf(field: protobuf.Field): string {
  const type = field.resolvedType?.fullName.slice(1) ?? field.type;
  const optional = field.getOption('proto3_optional') === true;
  return [
    `  ${field.id} ${field.name} `,
    field instanceof protobuf.MapField ? `map<${field.keyType}, ${type}>` : '',
    field.repeated ? 'repeated ' : '',
    optional ? 'optional ' : '',
    field instanceof protobuf.MapField ? '' : type,
    field.partOf && !optional ? ` of ${field.partOf.name}` : '',
    field.getOption('json_name') ? ` in JSON ${field.getOption('json_name')}` : '',
  ].join('');
}

test('the messages have the fields of the contract, and no others', () => {
  const root = load(files);
  const messages = contract.match(/^\S+$/gm)!;
  const found = messages.flatMap((name) => {
    const fields = [...root.lookupType(name).fieldsArray].sort((a, b) => a.id - b.id);
    return [name, ...fields.map(lineOf)];
  });
  assert.deepEqual(found, contract.trim().split('\n'));
});

test('the enums have the numbers of the contract', () => {
  const root = load(files);
  const numbered = (names: string, prefix = '') =>
    Object.fromEntries(names.split(' ').flatMap((name, i) => (name === '-' ? [] : [[prefix + name, i]])));
  const { DT_INVALID, ...types } = numbered(
    'INVALID FLOAT DOUBLE INT32 UINT8 INT16 INT8 STRING COMPLEX64 INT64 BOOL QINT8 QUINT8 QINT32 BFLOAT16 QINT16 QUINT16 ' +
      'UINT16 COMPLEX128 HALF RESOURCE VARIANT UINT32 UINT64 FLOAT8_E5M2 FLOAT8_E4M3FN - - - INT4 UINT4',
    'DT_',
  );
  const references = Object.fromEntries(Object.entries(types).map(([name, number]) => [`${name}_REF`, number + 100]));
  assert.deepEqual(root.lookupEnum('tensorflow.DataType').values, { DT_INVALID, ...types, ...references });
  assert.deepEqual(root.lookupEnum('tensorflow.error.Code').values, {
    ...numbered(
      'OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED ' +
        'RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS ' +
        'UNAUTHENTICATED',
    ),
    DO_NOT_USE_RESERVED_FOR_FUTURE_EXPANSION_USE_DEFAULT_IN_SWITCH_INSTEAD_: 20,
  });
  assert.deepEqual(root.lookupEnum('tensorflow.serving.ModelVersionStatus.State').values, {
    UNKNOWN: 0,
    START: 10,
    LOADING: 20,
    AVAILABLE: 30,
    UNLOADING: 40,
    END: 50,
  });
});
