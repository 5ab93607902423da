import { ServingError } from '../../model/error.ts';
import { grpcStatusCode } from '../grpc-status.ts';
import { checkNames } from '../protobuf/bounds.ts';
import { messageType } from '../protobuf/message-types.ts';
import { ProtoReader, wireType } from '../protobuf/reader.ts';

const response = messageType(
  'tensorflow_serving/apis/model_management.proto',
  'tensorflow.serving.ReloadConfigResponse',
);

const bytes = (number: number) => (number << 3) | wireType.bytes;

/**
 * A ReloadConfigRequest: the models that are to be served, as `model_config_list` of a config.json has them; what is wrong with them is
 * not looked at yet. Platforms and logging configs are passed over, and so are names of metrics.
 * @returns undefined if it names no config
 * @throws ServingError `invalid-argument`
 */
export function decodeReloadConfigRequest(message: Uint8Array): object[] | undefined {
  const reader = new ProtoReader(message);
  let models: object[] | undefined;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === bytes(1)) models = readServerConfig(reader.message(), models);
    else reader.skip(tag);
  }
  return models;
}

/** @param error why it could not be done; undefined if it has been */
export function encodeReloadConfigResponse(error: ServingError | undefined): Uint8Array {
  return response.encode({
    status: error
      ? { error_code: grpcStatusCode[error.code], error_message: error.message }
      : { error_code: 0, error_message: '' },
  });
}

function readServerConfig(reader: ProtoReader, before: object[] | undefined): object[] | undefined {
  let models = before;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === bytes(1)) {
      models ??= [];
      readList(reader.message(), models);
    } else if (tag === bytes(2)) {
      throw new ServingError(
        'invalid-argument',
        'ModelServerConfig type not supported by HandleReloadConfigRequest - Expected: model_config_list; Actual: custom_model_config',
      );
    } else reader.skip(tag);
  }
  return models;
}

function readList(reader: ProtoReader, models: object[]): void {
  while (!reader.done) {
    const tag = reader.tag();
    if (tag !== bytes(1)) {
      reader.skip(tag);
      continue;
    }
    models.push({ config: readModel(reader.message()) });
    checkNames(models.length, 'models in model_config_list');
  }
}

function readModel(reader: ProtoReader): object {
  const labels = new Map<string, number>();
  const model: { name?: string; base_path?: string; model_version_policy?: object; version_labels?: object } = {};
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === bytes(1)) model.name = reader.string();
    else if (tag === bytes(2)) model.base_path = reader.string();
    else if (tag === bytes(7)) {
      const policy = readPolicy(reader.message());
      if (policy) model.model_version_policy = policy;
    } else if (tag === bytes(8)) {
      const [label, version] = readLabel(reader.message());
      labels.set(label, version);
      checkNames(labels.size, 'labels in version_labels');
    } else reader.skip(tag);
  }
  if (labels.size > 0) model.version_labels = Object.fromEntries(labels);
  return model;
}

/** Undefined if it makes no choice. */
function readPolicy(reader: ProtoReader): object | undefined {
  let policy: object | undefined;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === bytes(100)) policy = { latest: { num_versions: readLatest(reader.message()) } };
    else if (tag === bytes(101)) {
      reader.message();
      policy = { all: {} };
    } else if (tag === bytes(102)) policy = { specific: { versions: readVersions(reader.message()) } };
    else reader.skip(tag);
  }
  return policy;
}

/** None stands for one, as in TensorFlow Serving. */
function readLatest(reader: ProtoReader): number {
  let count = 0;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === ((1 << 3) | wireType.varint)) count = reader.uint32();
    else reader.skip(tag);
  }
  return count || 1;
}

function readVersions(reader: ProtoReader): number[] {
  const versions: number[] = [];
  const add = (version: number) => {
    versions.push(version);
    checkNames(versions.length, 'versions in model_version_policy');
  };
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === ((1 << 3) | wireType.varint)) add(reader.int64());
    else if (tag === bytes(1)) {
      const packed = reader.message();
      while (!packed.done) add(packed.int64());
    } else reader.skip(tag);
  }
  return versions;
}

function readLabel(reader: ProtoReader): [label: string, version: number] {
  let label = '';
  let version = 0;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === bytes(1)) label = reader.string();
    else if (tag === ((2 << 3) | wireType.varint)) version = reader.int64();
    else reader.skip(tag);
  }
  return [label, version];
}
